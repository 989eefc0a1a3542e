"""`DataParallel`, for programs that use it: with one CPU there is nothing to divide."""

from __future__ import annotations

from typing import Any

from ..absent import absent
from .module import Module

__all__ = ["DataParallel"]

DistributedDataParallel = absent(
    "nn.parallel.DistributedDataParallel", "there is one process: train the module itself"
)


class DataParallel(Module):
    """The module itself, under the name `module`: on a CPU PyTorch's runs it as it is, too.

    Args:
        module: what is run; its parameters have names that start with "module.".
        device_ids, output_device, dim: where PyTorch would run the parts of a batch; without effect.

    >>> net = torch.nn.DataParallel(torch.nn.Linear(2, 1))
    >>> net(torch.ones(3, 2)).shape, list(net.state_dict())
    (torch.Size([3, 1]), ['module.weight', 'module.bias'])

    Source: PyTorch, `torch.nn.DataParallel`.
    """

    def __init__(
        self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[Any] = []
        self.output_device = output_device
        self.dim = dim

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module returns."""
        return self.module(*inputs, **kwargs)
