"""Greedy pretraining: one layer after the other learns to code what the ones before it give."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..nn import Linear, Module, Sequential, Sigmoid
from ..ops.creation import as_tensor
from ..optim import SGD, Adam
from ..tensor import Tensor
from ..train import fit, predict
from .autoencoder import Autoencoder
from .boltzmann import RBM

__all__ = ["Stack", "stack_autoencoders", "stack_rbms"]


@dataclass(frozen=True)
class Stack:
    """What greedy pretraining gives.

    Attributes:
        encoder: from the input to the deepest code, to put a head on and to fine-tune.
        decoder: from the deepest code back to the input; `Autoencoder(encoder, decoder)` tunes both.
        losses: the training loss of every epoch, for each layer.
    """

    encoder: Sequential
    decoder: Sequential
    losses: list[list[float]]


def stack_autoencoders(
    sizes: Sequence[int],
    data: Any,
    *,
    epochs: int = 10,
    lr: float = 1e-3,
    batch_size: int = 64,
    activation: Callable[[], Module] = Sigmoid,
    progress: bool = False,
    **options: Any,
) -> Stack:
    """Train autoencoders of one hidden layer, each on the codes of the one before.

    Args:
        sizes: of the input, then of every code.
        data: inputs (N, sizes[0]); in [0, 1] for the default sigmoid.
        epochs, lr, batch_size, progress: of every layer's training with Adam.
        activation: makes what stands behind every layer, both ways.
        options: as for `Autoencoder`: noise, masking, sparsity ...

    Raises:
        ValueError: fewer than two sizes, or data of another width.

    >>> from tinygrad_kr import unsupervised
    >>> stack = unsupervised.stack_autoencoders([16, 8, 4], torch.rand(32, 16), epochs=2, masking=0.3)
    >>> stack.encoder(torch.rand(5, 16)).shape, stack.decoder(torch.rand(5, 4)).shape
    (torch.Size([5, 4]), torch.Size([5, 16]))

    Source: Bengio et al. 2007, "Greedy layer-wise training of deep networks"; Vincent et al. 2010.
    """
    encoders: list[Module] = []
    decoders: list[Module] = []
    losses = []
    codes = _checked(sizes, data)
    for inputs, outputs in itertools.pairwise(sizes):
        encoder, decoder = (
            Sequential(Linear(*ends), activation()) for ends in ((inputs, outputs), (outputs, inputs))
        )
        coder = Autoencoder(encoder, decoder, **options)
        optimizer = Adam(coder.parameters(), lr=lr)
        history = fit(
            coder, coder.loss, optimizer, codes, epochs=epochs, batch_size=batch_size, progress=progress
        )
        losses.append(history["loss"])
        codes = predict(encoder, codes)
        encoders += encoder
        decoders = [*decoder, *decoders]
    return Stack(Sequential(*encoders), Sequential(*decoders), losses)


def stack_rbms(
    sizes: Sequence[int],
    data: Any,
    *,
    epochs: int = 10,
    lr: float = 0.1,
    momentum: float = 0.5,
    batch_size: int = 64,
    k: int = 1,
    particles: int = 0,
    progress: bool = False,
) -> Stack:
    """Train restricted Boltzmann machines, each on the hidden probabilities of the one before.

    The encoder computes those probabilities; the decoder has the transposed weights.

    Args:
        sizes: of the input, then of every hidden layer.
        data: inputs (N, sizes[0]) in [0, 1].
        epochs, lr, momentum, batch_size, progress: of every machine's training with SGD.
        k, particles: as for `RBM`.

    Raises:
        ValueError: fewer than two sizes, or data of another width.

    >>> from tinygrad_kr import unsupervised
    >>> stack = unsupervised.stack_rbms([16, 8, 4], torch.rand(32, 16), epochs=2)
    >>> model = nn.Sequential(stack.encoder, nn.Linear(4, 10))
    >>> model(torch.rand(5, 16)).shape
    torch.Size([5, 10])

    Source: Hinton and Salakhutdinov 2006, "Reducing the dimensionality of data with neural networks".
    """
    encoders: list[Module] = []
    decoders: list[Module] = []
    losses = []
    codes = _checked(sizes, data)
    for inputs, outputs in itertools.pairwise(sizes):
        rbm = RBM(inputs, outputs, k=k, particles=particles)
        optimizer = SGD(rbm.parameters(), lr=lr, momentum=momentum)
        history = fit(
            rbm, rbm.loss, optimizer, codes, epochs=epochs, batch_size=batch_size, progress=progress
        )
        losses.append(history["loss"])
        codes = predict(rbm, codes)
        encoders += [_layer(rbm.weight, rbm.hidden_bias), Sigmoid()]
        decoders = [_layer(rbm.weight.t(), rbm.visible_bias), Sigmoid(), *decoders]
    return Stack(Sequential(*encoders), Sequential(*decoders), losses)


def _layer(weight: Tensor, bias: Tensor) -> Linear:
    layer = Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer


def _checked(sizes: Sequence[int], data: Any) -> Tensor:
    if len(sizes) < 2:
        raise ValueError(f"sizes are those of the input and of every code, got {list(sizes)}")
    inputs = as_tensor(data)
    if inputs.dim() != 2 or inputs.shape[1] != sizes[0]:
        raise ValueError(f"expected data (N, {sizes[0]}), got {tuple(inputs.shape)}: flatten images first")
    return inputs
