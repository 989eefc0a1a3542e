"""Autoencoders: networks that give back their input through a code that cannot hold all of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from ..nn import Conv2d, ConvTranspose2d, Linear, Module, ReLU, Sequential, Sigmoid
from ..nn import functional as F
from ..tensor import Tensor

__all__ = ["Autoencoder", "convolutional_autoencoder", "dense_autoencoder", "sparsity_penalty"]


def sparsity_penalty(codes: Tensor, target: float = 0.05) -> Tensor:
    r"""How far the mean activity of code units is from a small one: Σⱼ KL(ρ ‖ ρ̂ⱼ).

    KL(ρ ‖ ρ̂) = ρ ln(ρ / ρ̂) + (1 - ρ) ln((1 - ρ) / (1 - ρ̂)), with ρ̂ⱼ the mean of unit j over the batch.

    Args:
        codes: activities in [0, 1], (N, units), such as a sigmoid gives.
        target: ρ, in (0, 1).

    Returns:
        A tensor without dimensions; 0 where every unit has the target for its mean.

    Raises:
        ValueError: ρ outside (0, 1), or codes outside [0, 1].

    >>> from tinygrad_kr import unsupervised
    >>> unsupervised.sparsity_penalty(torch.full((4, 3), 0.05)).item()
    0.0

    Source: Ng 2011, "Sparse autoencoder", CS294A lecture notes.
    """
    if not 0 < target < 1:
        raise ValueError(f"the target activity must be between 0 and 1, got {target}")
    values = codes.detach()
    if codes.numel() and not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(
            f"sparsity is defined for activities in [0, 1], got {values.min().item():.4g} to "
            f"{values.max().item():.4g}: end the encoder with a sigmoid"
        )
    mean = codes.mean(0).clamp(1e-6, 1 - 1e-6)
    return (target * (target / mean).log() + (1 - target) * ((1 - target) / (1 - mean)).log()).sum()


class Autoencoder(Module):
    r"""An encoder and a decoder that learn to give back the input: x̂ = d(e(x)).

    Training is `train.fit(coder, coder.loss, optimizer, x, epochs=20)`.

    Args:
        encoder: e, gives the code.
        decoder: d.
        noise: for a denoising autoencoder, the standard deviation of Gaussian noise on the input in training;
            what is to be given back is the clean input.
        masking: likewise the probability of setting an element of the input to 0.
        sparsity: for a sparse autoencoder, the target activity ρ of every code unit.
        strength: what the sparsity penalty is multiplied with.
        reconstruction: loss(x̂, x), the mean squared error by default; for images in [0, 1] and a decoder that
            ends with a sigmoid `F.binary_cross_entropy` does as well.

    Shapes: those of the input, back again.

    Raises:
        ValueError: a negative noise or strength, or probabilities outside their range.

    >>> from tinygrad_kr import unsupervised
    >>> coder = unsupervised.Autoencoder(nn.Linear(4, 2), nn.Linear(2, 4), noise=0.1)
    >>> coder(torch.ones(3, 4)).shape, coder.encode(torch.ones(3, 4)).shape
    (torch.Size([3, 4]), torch.Size([3, 2]))

    Source: Hinton and Salakhutdinov 2006; Vincent et al. 2008 (denoising); Ng 2011 (sparse).
    """

    def __init__(
        self,
        encoder: Module,
        decoder: Module,
        *,
        noise: float = 0.0,
        masking: float = 0.0,
        sparsity: float | None = None,
        strength: float = 0.1,
        reconstruction: Callable[[Tensor, Tensor], Tensor] = F.mse_loss,
    ) -> None:
        super().__init__()
        for name, value in (("noise", noise), ("strength", strength)):
            if not value >= 0:
                raise ValueError(f"{name} must be at least 0, got {value}")
        if not 0 <= masking < 1:
            raise ValueError(f"masking is a probability below 1, got {masking}")
        if sparsity is not None and not 0 < sparsity < 1:
            raise ValueError(f"sparsity is an activity between 0 and 1, got {sparsity}")
        self.encoder = encoder
        self.decoder = decoder
        self.noise = noise
        self.masking = masking
        self.sparsity = sparsity
        self.strength = strength
        self.reconstruction: Any = reconstruction
        self._code: Tensor | None = None

    def encode(self, input: Tensor) -> Tensor:
        """The code of an input."""
        return self.encoder(input)

    def decode(self, code: Tensor) -> Tensor:
        """What a code stands for."""
        return self.decoder(code)

    def corrupted(self, input: Tensor) -> Tensor:
        """The input with noise and masking."""
        if self.noise:
            input = input + self.noise * input.new_empty(input.shape).normal_()
        if self.masking:
            input = input * input.new_empty(input.shape).bernoulli_(1 - self.masking)
        return input

    def forward(self, input: Tensor) -> Tensor:
        """The input, given back; in training from a corrupted one if so asked."""
        code = self.encode(self.corrupted(input) if self.training else input)
        self._code = code if self.sparsity is not None and self.training else None
        return self.decode(code)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """The reconstruction loss, and in training the sparsity penalty on the code of the last forward."""
        loss = self.reconstruction(output, target)
        if self._code is not None and self.sparsity is not None:
            loss = loss + self.strength * sparsity_penalty(self._code.flatten(1), self.sparsity)
            self._code = None
        return loss

    def extra_repr(self) -> str:
        given = {"noise": self.noise, "masking": self.masking, "sparsity": self.sparsity}
        return ", ".join(f"{name}={value}" for name, value in given.items() if value)


def dense_autoencoder(
    sizes: Sequence[int],
    activation: Callable[[], Module] = ReLU,
    code: Callable[[], Module] | None = None,
    output: Callable[[], Module] | None = Sigmoid,
    **options: Any,
) -> Autoencoder:
    """An autoencoder of dense layers, mirrored.

    Args:
        sizes: of the input, the hidden layers and, last, the code.
        activation: makes what stands behind hidden layers.
        code: makes what stands behind the code layer, nothing by default; a sigmoid for a sparse one.
        output: makes what stands behind the last layer: a sigmoid for inputs in [0, 1], None for any.
        options: as for `Autoencoder`.

    Raises:
        ValueError: fewer than two sizes.

    >>> from tinygrad_kr import unsupervised
    >>> coder = unsupervised.dense_autoencoder([64, 32, 8])
    >>> [tuple(w.shape) for w in coder.parameters() if w.dim() == 2]
    [(32, 64), (8, 32), (32, 8), (64, 32)]
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes are those of the input, hidden layers and the code, got {list(sizes)}")
    encoder = _dense(sizes, activation, code)
    decoder = _dense(sizes[::-1], activation, output)
    return Autoencoder(encoder, decoder, **options)


def _dense(
    sizes: Sequence[int], activation: Callable[[], Module], last: Callable[[], Module] | None
) -> Sequential:
    layers: list[Module] = []
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [Linear(inputs, outputs), activation()]
    return Sequential(*layers[:-1], *([] if last is None else [last()]))


def convolutional_autoencoder(
    channels: Sequence[int], output: Callable[[], Module] | None = Sigmoid, **options: Any
) -> Autoencoder:
    """An autoencoder of 3x3 convolutions that halve the sides of an image, and of their transposes.

    Args:
        channels: of the image, then of every layer. Sides must be divisible by 2 to the number of layers.
        output: makes what stands behind the last layer, as for `dense_autoencoder`.
        options: as for `Autoencoder`.

    Shapes: (N, channels[0], H, W) -> the same; the code is (N, channels[-1], H / 2ᵏ, W / 2ᵏ) for k layers.

    Raises:
        ValueError: fewer than two numbers of channels.

    >>> from tinygrad_kr import unsupervised
    >>> coder = unsupervised.convolutional_autoencoder([1, 8, 4])
    >>> coder.encode(torch.zeros(2, 1, 8, 8)).shape, coder(torch.zeros(2, 1, 8, 8)).shape
    (torch.Size([2, 4, 2, 2]), torch.Size([2, 1, 8, 8]))

    Source: Masci et al. 2011, "Stacked convolutional auto-encoders for hierarchical feature extraction".
    """
    if len(channels) < 2:
        raise ValueError(f"channels are those of the image and of every layer, got {list(channels)}")
    encoder: list[Module] = []
    decoder: list[Module] = []
    for inputs, outputs in itertools.pairwise(channels):
        encoder += [Conv2d(inputs, outputs, 3, stride=2, padding=1), ReLU()]
        decoder = [ConvTranspose2d(outputs, inputs, 4, stride=2, padding=1), ReLU(), *decoder]
    end = [] if output is None else [output()]
    return Autoencoder(Sequential(*encoder[:-1]), Sequential(*decoder[:-1], *end), **options)
