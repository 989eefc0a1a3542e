"""Restricted Boltzmann machines, trained by contrastive divergence."""

from __future__ import annotations

import math
from typing import Any

from ..autograd.modes import no_grad
from ..nn import Module, Parameter
from ..nn import functional as F
from ..ops.creation import arange, empty, zeros
from ..tensor import Tensor

__all__ = ["RBM"]


class RBM(Module):
    r"""A restricted Boltzmann machine: visible and hidden units, connected both ways, without labels.

    Its energy is E(v, h) = -vᵀWᵀh - aᵀv - bᵀh, and p(v, h) ∝ exp(-E). Given one layer the units of the other
    are independent: p(hⱼ = 1 | v) = σ(Wv + b)ⱼ and p(vᵢ = 1 | h) = σ(Wᵀh + a)ᵢ. With `visible="gaussian"`
    visible units are real numbers of variance 1 around Wᵀh + a, and ½|v - a|² takes the place of -aᵀv.

    The gradient of the likelihood is that of the free energy F(v) = -ln Σₕ exp(-E(v, h)) at the data minus
    its mean under the model. Contrastive divergence replaces the model's mean by a few steps of Gibbs
    sampling that begin at the data, or, persistent, at where the last ones ended. `loss` is the difference of
    free energies, so training is `train.fit(rbm, rbm.loss, optimizer, x, epochs=10)`; its value may be
    negative and is no measure of quality, `reconstruction_error` is a rough one.

    Args:
        visible_units, hidden_units: how many.
        visible: "bernoulli", for values in [0, 1], or "gaussian", for standardised real numbers.
        k: Gibbs steps per training step.
        particles: 0 for CD; for persistent chains (PCD), how many of them.

    Attributes:
        weight: W, (hidden, visible). visible_bias: a. hidden_bias: b.
        chains: the states of the persistent chains, (particles, visible).

    Shapes: (N, visible) -> (N, hidden), the probabilities of the hidden units: features of the input.

    Raises:
        ValueError: a number that is not positive, an unknown kind, or values outside [0, 1] for "bernoulli".

    >>> from tinygrad_kr import unsupervised
    >>> rbm = unsupervised.RBM(6, 3)
    >>> v = torch.tensor([[1.0, 1, 1, 0, 0, 0]])
    >>> rbm(v).shape, rbm.free_energy(v).shape, rbm.gibbs(v).shape
    (torch.Size([1, 3]), torch.Size([1]), torch.Size([1, 6]))

    Source: Hinton 2002, "Training products of experts"; Tieleman 2008 (PCD); Hinton 2010, "A practical guide
    to training restricted Boltzmann machines".
    """

    def __init__(
        self,
        visible_units: int,
        hidden_units: int,
        visible: str = "bernoulli",
        k: int = 1,
        particles: int = 0,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        for name, size in (("visible_units", visible_units), ("hidden_units", hidden_units), ("k", k)):
            if size < 1:
                raise ValueError(f"{name} must be at least 1, got {size}")
        if visible not in ("bernoulli", "gaussian"):
            raise ValueError(f"visible must be 'bernoulli' or 'gaussian', got {visible!r}")
        if particles < 0:
            raise ValueError(f"particles must be at least 0, got {particles}")
        self.visible = visible
        self.k = k
        self.weight = Parameter(empty(hidden_units, visible_units, dtype=dtype))
        self.visible_bias = Parameter(empty(visible_units, dtype=dtype))
        self.hidden_bias = Parameter(empty(hidden_units, dtype=dtype))
        self.register_buffer("chains", zeros(particles, visible_units, dtype=dtype) if particles else None)
        self.chains: Tensor | None
        self.reset_parameters()

    @no_grad()
    def reset_parameters(self) -> None:
        """Small normal weights (Hinton's 0.01), zero biases, chains at random."""
        self.weight.normal_(0, 0.01)
        self.visible_bias.zero_()
        self.hidden_bias.zero_()
        if self.chains is not None:
            rest = self.visible_given(zeros(len(self.chains), len(self.hidden_bias), dtype=self.weight.dtype))
            self.chains.copy_(self._sampled(rest))

    def hidden_given(self, v: Tensor) -> Tensor:
        """p(h = 1 | v), (N, hidden)."""
        return F.linear(v, self.weight, self.hidden_bias).sigmoid()

    def visible_given(self, h: Tensor) -> Tensor:
        """The mean of v given h: its probabilities, or for Gaussian units its expectation, (N, visible)."""
        mean = F.linear(h, self.weight.t(), self.visible_bias)
        return mean.sigmoid() if self.visible == "bernoulli" else mean

    def forward(self, v: Tensor) -> Tensor:
        """The features: p(h = 1 | v)."""
        return self.hidden_given(v)

    def energy(self, v: Tensor, h: Tensor) -> Tensor:
        """E(v, h), (N,)."""
        joint = (F.linear(v, self.weight) * h).sum(-1)
        return self._visible_energy(v) - h @ self.hidden_bias - joint

    def free_energy(self, v: Tensor) -> Tensor:
        """F(v) = -ln Σₕ exp(-E(v, h)) = (energy of v alone) - Σⱼ softplus(Wv + b)ⱼ, (N,)."""
        return self._visible_energy(v) - F.softplus(F.linear(v, self.weight, self.hidden_bias)).sum(-1)

    def _visible_energy(self, v: Tensor) -> Tensor:
        if self.visible == "bernoulli":
            return -(v @ self.visible_bias)
        return (v - self.visible_bias).square().sum(-1) / 2

    def _sampled(self, mean: Tensor) -> Tensor:
        """Visible units around their mean."""
        return (
            mean.bernoulli() if self.visible == "bernoulli" else mean + mean.new_empty(mean.shape).normal_()
        )

    @no_grad()
    def gibbs(self, v: Tensor, steps: int | None = None) -> Tensor:
        """Where a chain is that began at v, after a number of steps v -> h -> v (`k` by default)."""
        for _ in range(self.k if steps is None else steps):
            v = self._sampled(self.visible_given(self.hidden_given(v).bernoulli()))
        return v

    def loss(self, features: Tensor, v: Tensor) -> Tensor:
        """mean F(data) - mean F(samples), whose gradient is that of contrastive divergence.

        Args:
            features: what `forward` gave; not used (the arguments are those that `train.fit` passes).
            v: a batch of data, (N, visible).
        """
        if self.visible == "bernoulli" and v.numel() and not (v.min() >= 0 and v.max() <= 1):
            raise ValueError(
                f"Bernoulli units take values in [0, 1], got {v.min().item():.4g} to {v.max().item():.4g}: "
                "rescale them, or use visible='gaussian' for standardised ones"
            )
        start = v if self.chains is None else self.chains
        samples = self.gibbs(start)
        if self.chains is not None and self.training:
            self.chains.copy_(samples)
        return self.free_energy(v).mean() - self.free_energy(samples).mean()

    @no_grad()
    def reconstruction_error(self, v: Tensor) -> float:
        """The mean squared difference between v and its mean-field reconstruction."""
        return F.mse_loss(self.visible_given(self.hidden_given(v)), v).item()

    @no_grad()
    def log_partition(self) -> float:
        """ln Z = ln Σ exp(-F(v)) over all hidden states: exact, for machines of at most 20 hidden units.

        Raises:
            ValueError: more hidden units than can be enumerated.
        """
        units = len(self.hidden_bias)
        if units > 20:
            raise ValueError(f"2**{units} hidden states are too many to add up: at most 20 units")
        numbers = arange(2**units).unsqueeze(1)
        states = ((numbers >> arange(units)) & 1).to(self.weight.dtype)  # (2**hidden, hidden)
        field = F.linear(states, self.weight.t(), self.visible_bias)
        if self.visible == "bernoulli":
            visible = F.softplus(field).sum(-1)
        else:  # ∫ exp(-½|v - a|² + (v - a)ᵀWᵀh + aᵀWᵀh) dv
            drive = field - self.visible_bias
            log_norm = len(self.visible_bias) / 2 * math.log(2 * math.pi)
            visible = drive.square().sum(-1) / 2 + drive @ self.visible_bias + log_norm
        return (visible + states @ self.hidden_bias).logsumexp(0).item()

    def extra_repr(self) -> str:
        hidden, visible = self.weight.shape
        kind = "" if self.visible == "bernoulli" else f", visible={self.visible!r}"
        chains = "" if self.chains is None else f", particles={len(self.chains)}"
        return f"{visible}, {hidden}{kind}, k={self.k}{chains}"
