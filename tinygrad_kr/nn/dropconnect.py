"""DropConnect: dropout of weights instead of units.

In training every weight is dropped with probability p, with a fresh mask in every forward call; in evaluation
the expected weights are used, or the output is sampled from the normal distribution that the dropped weights
give it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..ops.joining import cat
from ..ops.random import randn
from ..tensor import Tensor
from . import functional as F
from ._arguments import require_size
from .conv import _ConvNd
from .dropout import require_mode, require_probability
from .linear import Linear
from .module import Module
from .parameter import Parameter
from .recurrent import RNNBase

__all__ = ["DropConnect", "DropConnectLinear"]


class _DropConnect(Module):
    """The options that both layers share, and what they do with the activation."""

    def _set_options(
        self,
        p: float,
        mode: str,
        per_example: bool,
        inference: str,
        activation: Callable[[Tensor], Tensor] | None,
        samples: int,
    ) -> None:
        require_probability(p)
        require_mode(mode)
        if inference not in ("mean", "gaussian"):
            raise ValueError(f"inference must be 'mean' or 'gaussian', got {inference!r}")
        require_size("samples", samples)
        self.p = p
        self.mode = mode
        self.per_example = per_example
        self.inference = inference
        self.activation: Any = activation
        self.samples = samples

    def _sampling(self) -> bool:
        return not self.training and self.inference == "gaussian" and self.p > 0

    def _activated(self, out: Tensor) -> Tensor:
        """The activation, if there is one; sampled outputs (samples, *) are averaged behind it."""
        if self.activation is not None:
            out = self.activation(out)
            return out.mean(0) if self._sampling() else out
        return out

    def _draws(self) -> int | None:
        """How many outputs to sample: many if an activation follows, else one without a dimension for it."""
        return None if self.activation is None else self.samples

    def extra_repr(self) -> str:
        text = f"p={self.p}"
        for name, usual in (("mode", "inverted"), ("per_example", False), ("inference", "mean")):
            value = getattr(self, name)
            text += "" if value == usual else f", {name}={value!r}"
        return text


class DropConnectLinear(_DropConnect, Linear):
    r"""A dense layer whose weights are dropped: y = a(x (M ∘ W)ᵀ + b), M drawn anew in every forward call.

    Its parameters and state dict are those of `Linear`.

    Args:
        in_features, out_features, bias, device, dtype: as for `Linear`.
        p: the probability that a weight is *dropped*.
        drop_bias: whether elements of the bias are dropped likewise.
        mode: "inverted" divides the kept weights by 1 - p in training; "classic" (the paper's) multiplies all
            by 1 - p in evaluation instead.
        per_example: a mask for every example rather than one for the batch: less noisy gradients, more
            memory.
        inference: in evaluation, "mean" uses the expected weights; "gaussian" samples outputs from the normal
            distribution with the mean and the variance that the dropped weights give them.
        activation: a, a function or module; none by default. With "gaussian" it is averaged over the samples,
            as in the paper; without it one sample is returned.
        samples: how many.

    Shapes: (*, in_features) -> (*, out_features).

    Raises:
        ValueError: p is no probability, or an unknown option.

    >>> layer = torch.nn.DropConnectLinear(3, 2, p=0.5)
    >>> layer(torch.ones(4, 3)).shape
    torch.Size([4, 2])
    >>> x = torch.ones(4, 3)
    >>> torch.equal(layer.eval()(x), torch.nn.functional.linear(x, layer.weight, layer.bias))
    True

    Source: Wan et al. 2013, "Regularization of neural networks using DropConnect".
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        p: float = 0.5,
        *,
        drop_bias: bool = False,
        mode: str = "inverted",
        per_example: bool = False,
        inference: str = "mean",
        activation: Callable[[Tensor], Tensor] | None = None,
        samples: int = 100,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(in_features, out_features, bias, device, dtype)
        self._set_options(p, mode, per_example, inference, activation, samples)
        self.drop_bias = drop_bias

    def forward(self, input: Tensor) -> Tensor:
        """The output with dropped weights, or in evaluation with the expected ones (or sampled)."""
        out = F.dropconnect(
            input,
            self.weight,
            self.bias,
            self.p,
            self.training,
            per_example=self.per_example,
            drop_bias=self.drop_bias,
            mode=self.mode,
            inference=self.inference,
            samples=self._draws() if self._sampling() else None,
        )
        return self._activated(out)

    def extra_repr(self) -> str:
        text = f"{Linear.extra_repr(self)}, {super().extra_repr()}"
        return text + (", drop_bias=True" if self.drop_bias else "")


class DropConnect(_DropConnect):
    r"""Any layer or network with parameters dropped, each with a fresh mask in every forward call.

    Args:
        module: the layer.
        p: the probability that a weight is *dropped*.
        names: which parameters, by their full names in `module`; all with two or more dimensions by default,
            so weights but no biases.
        mode: "inverted" divides the kept weights by 1 - p in training; "classic" multiplies all by 1 - p in
            evaluation instead.
        per_example: a mask for every example rather than one for the batch. The layer then runs once per
            example.
        inference: in evaluation, "mean" uses the expected weights; "gaussian", for dense and convolutional
            layers, samples outputs from the normal distribution with the mean and the variance that the
            dropped weights give them.
        activation: a function or module behind the layer; none by default. With "gaussian" it is averaged
            over the samples, as in the paper; without it one sample is returned.
        samples: how many.

    Shapes: those of `module`, the first dimension being the batch where `per_example` (for recurrent layers
    the one that is theirs).

    Raises:
        ValueError: p is no probability, an unknown option, or nothing to drop.
        AttributeError: a name that is no parameter of `module`.
        TypeError: "gaussian" with a layer that is neither dense nor convolutional, or an activation behind a
            recurrent layer, which gives more than one tensor.

    >>> conv = torch.nn.DropConnect(torch.nn.Conv2d(1, 2, 3), p=0.3)
    >>> conv(torch.ones(1, 1, 5, 5)).shape
    torch.Size([1, 2, 3, 3])
    >>> list(conv.state_dict())
    ['module.weight', 'module.bias']

    Source: Wan et al. 2013, "Regularization of neural networks using DropConnect".
    """

    def __init__(
        self,
        module: Module,
        p: float = 0.5,
        names: Sequence[str] | None = None,
        *,
        mode: str = "inverted",
        per_example: bool = False,
        inference: str = "mean",
        activation: Callable[[Tensor], Tensor] | None = None,
        samples: int = 100,
    ) -> None:
        super().__init__()
        self._set_options(p, mode, per_example, inference, activation, samples)
        if names is None:
            names = [name for name, parameter in module.named_parameters() if parameter.dim() >= 2]
        elif isinstance(names, str):
            names = [names]
        for name in names:
            module.get_parameter(name)
        if not names:
            raise ValueError(f"{type(module).__name__} has no weights to drop: give their names")
        if inference == "gaussian" and not isinstance(module, (Linear, _ConvNd)):
            raise TypeError(
                "inference='gaussian' needs a layer that is linear in its weights (Linear, Conv, "
                f"ConvTranspose), got {type(module).__name__}; use inference='mean'"
            )
        if activation is not None and isinstance(module, RNNBase):
            raise TypeError("activation is for layers that give one tensor; apply it to the layer's output")
        self.module = module
        self.names = tuple(names)

    @contextlib.contextmanager
    def _with(self, change: Callable[[str, Parameter], Tensor], names: Sequence[str]) -> Iterator[None]:
        """Let the module see `change(name, parameter)` in place of parameters: attributes hide them."""
        hidden = []
        try:
            for name in names:
                path, _, attribute = name.rpartition(".")
                owner = self.module.get_submodule(path)
                hidden.append((owner, attribute))
                owner.__dict__[attribute] = change(name, owner.get_parameter(attribute))
            yield
        finally:
            for owner, attribute in hidden:
                owner.__dict__.pop(attribute, None)

    def _dropped(self, *args: Any, **kwargs: Any) -> Any:
        drop = lambda name, w: F.dropout(w, self.p, self.training, mode=self.mode)  # noqa: E731
        with self._with(drop, self.names):
            return self.module(*args, **kwargs)

    def _sampled(self, input: Tensor) -> Tensor:
        """Outputs from the normal distribution with the mean and variance that dropped weights give them."""
        mean = self._dropped(input)
        keep = 1 - self.p
        spread = self.p * keep if self.mode == "classic" else self.p / keep if keep else 0.0
        everything = [name for name, _ in self.module.named_parameters()]
        square = lambda name, w: w.square() if name in self.names else w * 0.0  # noqa: E731
        with self._with(square, everything):
            deviation = (self.module(input.square()) * spread).sqrt()
        draws = self._draws()
        shape = mean.shape if draws is None else (draws, *mean.shape)
        return mean + deviation * randn(shape, dtype=mean.dtype)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The output with dropped weights, or in evaluation with the expected ones (or sampled)."""
        if self._sampling():
            return self._activated(self._sampled(*args, **kwargs))
        if not (self.training and self.per_example and self.p and len(args[0])):
            return self._activated(self._dropped(*args, **kwargs))
        if isinstance(self.module, RNNBase):
            return self._activated(self._recurrent_per_example(*args, **kwargs))
        batch, *others = args
        rows = [self._dropped(batch[i : i + 1], *others, **kwargs) for i in range(len(batch))]
        return self._activated(cat(rows))

    def _recurrent_per_example(self, input: Tensor, hx: Any = None) -> Any:
        """Every sequence with a mask of its own; states are (layers, N, H), those of an LSTM a pair."""
        if not isinstance(input, Tensor) or input.dim() != 3:
            raise TypeError(
                "per_example masks of a recurrent layer need padded sequences of three dimensions, got "
                f"{'shape ' + str(tuple(input.shape)) if isinstance(input, Tensor) else type(input).__name__}"
            )
        axis = 0 if self.module.batch_first else 1
        pair = isinstance(hx, tuple)
        outs, states = [], []
        for i in range(input.shape[axis]):
            own = tuple(one[:, i : i + 1] for one in hx) if pair else None if hx is None else hx[:, i : i + 1]
            out, state = self._dropped(input.narrow(axis, i, 1), own)
            outs.append(out)
            states.append(state)
        if isinstance(states[0], tuple):
            return cat(outs, axis), tuple(cat(list(column), 1) for column in zip(*states))
        return cat(outs, axis), cat(states, 1)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, names={list(self.names)}"
