"""`DataParallel`, for programs that use it: with one CPU there is nothing to divide."""

from __future__ import annotations

from typing import Any, NoReturn

from .module import Module

__all__ = ["DataParallel"]


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


class DistributedDataParallel(Module):
    """Not part of tinygrad_kr, which runs in one process; a class, so that programs can ask `isinstance`.

    Raises:
        RuntimeError: when one is made.

    Source: PyTorch, `torch.nn.parallel.DistributedDataParallel`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(
            "torch.nn.parallel.DistributedDataParallel is not part of tinygrad_kr: use the module itself "
            "in one process (guard the call with torch.distributed.is_available())"
        )
