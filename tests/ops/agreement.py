"""Does one expression mean the same here and in PyTorch?

For what a declaration does not reach: errors, dtypes, special values, derivatives at ties and corners.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import tinygrad_kr

nan, inf = float("nan"), float("inf")


def outcome(call: Callable[[Any], Any], torch: Any) -> Any:
    """What `call(torch)` gives: its result, or the exception it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call(torch)
        except Exception as error:
            return error


def agree(call: Callable[[Any], Any], torch: Any, *, rtol: float = 1e-6, atol: float = 1e-7) -> None:
    """Assert that `call` gives the same values, shapes and dtypes, or the same kind of error, as PyTorch."""
    got, want = outcome(call, tinygrad_kr), outcome(call, torch)
    if isinstance(want, Exception):
        assert isinstance(got, type(want)), f"{got!r}; PyTorch raises {want!r}"
        return
    if isinstance(got, Exception):
        raise got
    _same(got, want, torch, rtol, atol)


def _same(got: Any, want: Any, torch: Any, rtol: float, atol: float) -> None:
    if isinstance(want, (tuple, list)):
        assert len(got) == len(want)
        for one, other in zip(got, want):
            _same(one, other, torch, rtol, atol)
    elif isinstance(want, torch.Tensor):
        assert str(got.dtype) == str(want.dtype), f"{got.dtype}; PyTorch gives {want.dtype}"
        assert tuple(got.shape) == tuple(want.shape), f"{tuple(got.shape)}; PyTorch gives {tuple(want.shape)}"
        np.testing.assert_allclose(got.detach().numpy(), want.detach().numpy(), rtol=rtol, atol=atol)
    else:
        assert got == want, f"{got!r}; PyTorch gives {want!r}"


def gradients_at(call: Callable[..., Any], *points: Sequence[float]) -> Callable[[Any], Any]:
    """For `agree`: the value of `call(torch, *tensors)` at float64 points, and the gradients of its sum."""

    def run(torch: Any) -> Any:
        inputs = [torch.tensor(point, dtype=torch.float64, requires_grad=True) for point in points]
        out = call(torch, *inputs)
        return out, torch.autograd.grad(out.sum(), inputs)

    return run
