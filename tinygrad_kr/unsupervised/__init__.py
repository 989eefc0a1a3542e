"""Learning from examples without labels: autoencoders, restricted Boltzmann machines, and stacks of them.

What they learn starts a network that is then trained with few labels: `stack_autoencoders` and `stack_rbms`
give an encoder, `nn.Sequential(encoder, nn.Linear(size, classes))` is fine-tuned as any other model.
"""

from __future__ import annotations

from .autoencoder import Autoencoder as Autoencoder
from .autoencoder import convolutional_autoencoder as convolutional_autoencoder
from .autoencoder import dense_autoencoder as dense_autoencoder
from .autoencoder import sparsity_penalty as sparsity_penalty
from .boltzmann import RBM as RBM
from .stacking import Stack as Stack
from .stacking import stack_autoencoders as stack_autoencoders
from .stacking import stack_rbms as stack_rbms

__all__ = [
    "Autoencoder",
    "RBM",
    "Stack",
    "convolutional_autoencoder",
    "dense_autoencoder",
    "sparsity_penalty",
    "stack_autoencoders",
    "stack_rbms",
]
