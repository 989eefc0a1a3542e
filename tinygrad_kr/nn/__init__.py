"""Layers, losses and containers: PyTorch's `torch.nn`."""

from .module import Module
from .parameter import Buffer, Parameter
