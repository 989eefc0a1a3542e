"""Activations of straight pieces, and those that shrink towards 0; element by element.

Shapes: (*) -> the same.
"""

from __future__ import annotations

import warnings

from ..tensor import Tensor
from . import functional as F
from .activation import then_inplace
from .module import Module

__all__ = [
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "ReLU6",
    "Softshrink",
    "Tanhshrink",
    "Threshold",
]


class Hardtanh(Module):
    r"""x cut to [min_val, max_val].

    Args:
        min_val, max_val: the bounds.
        inplace: whether to overwrite the input.
        min_value, max_value: older names of the bounds.

    >>> torch.nn.Hardtanh()(torch.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])

    Source: PyTorch, `torch.nn.Hardtanh`.
    """

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        for name, value in (("min", min_value), ("max", max_value)):
            if value is not None:
                warnings.warn(
                    f"keyword argument `{name}_value` is deprecated and renamed to `{name}_val`",
                    FutureWarning,
                    stacklevel=2,
                )
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if self.max_val <= self.min_val:
            raise AssertionError(f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})")

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return then_inplace(f"min_val={self.min_val}, max_val={self.max_val}", self.inplace)


class ReLU6(Hardtanh):
    r"""ReLU that saturates at 6: min(max(0, x), 6).

    Args:
        inplace: whether to overwrite the input.

    >>> torch.nn.ReLU6()(torch.tensor([-1.0, 3.0, 7.0]))
    tensor([0., 3., 6.])

    Source: PyTorch, `torch.nn.ReLU6`.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def forward(self, input: Tensor) -> Tensor:
        return F.relu6(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Hardsigmoid(Module):
    r"""Sigmoid made of lines: x / 6 + 1/2, cut to [0, 1].

    Args:
        inplace: whether to overwrite the input.

    >>> torch.nn.Hardsigmoid()(torch.tensor([-1.0, 4.0]))
    tensor([0.3333, 1.0000])

    Source: PyTorch, `torch.nn.Hardsigmoid`.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)


class Hardswish(Module):
    r"""Swish made of parabola and lines: x · hardsigmoid(x).

    Args:
        inplace: whether to overwrite the input.

    >>> torch.nn.Hardswish()(torch.tensor([-1.0, 4.0]))
    tensor([-0.3333,  4.0000])

    Source: Howard et al. 2019; PyTorch, `torch.nn.Hardswish`.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


class Hardshrink(Module):
    r"""x where |x| > lambd, 0 elsewhere.

    Args:
        lambd: half the width of what becomes 0.

    >>> torch.nn.Hardshrink()(torch.tensor([-1.0, 0.3]))
    tensor([-1.,  0.])

    Source: PyTorch, `torch.nn.Hardshrink`.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Module):
    r"""x moved towards 0 by lambd, and 0 where |x| ≤ lambd.

    Args:
        lambd: half the width of what becomes 0.

    >>> torch.nn.Softshrink()(torch.tensor([-1.0, 0.3]))
    tensor([-0.5000,  0.0000])

    Source: PyTorch, `torch.nn.Softshrink`.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Tanhshrink(Module):
    r"""x - tanh(x).

    >>> torch.nn.Tanhshrink()(torch.tensor([-1.0, 2.0]))
    tensor([-0.2384,  1.0360])

    Source: PyTorch, `torch.nn.Tanhshrink`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class Threshold(Module):
    r"""x where x > threshold, value elsewhere.

    Args:
        threshold: what x is compared with.
        value: what stands where x is not greater.
        inplace: whether to overwrite the input.

    >>> torch.nn.Threshold(0.1, 20.0)(torch.tensor([0.0, 1.0]))
    tensor([20.,  1.])

    Source: PyTorch, `torch.nn.Threshold`.
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return then_inplace(f"threshold={self.threshold}, value={self.value}", self.inplace)
