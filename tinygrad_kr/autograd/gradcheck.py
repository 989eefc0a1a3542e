"""`gradcheck` and `gradgradcheck`: analytical gradients against two-sided finite differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor, wrap
from . import differentiate

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


class GradcheckError(RuntimeError):
    """Raised where an analytical gradient differs from the numerical one."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    fast_mode: bool = False,
    **ignored: Any,
) -> bool:
    r"""Compare the Jacobian that backward computes with (f(x + ε) - f(x - ε)) / 2ε, element by element.

    Args:
        func: a function of tensors that returns a tensor or a tuple of them.
        inputs: its arguments; those that require gradients (use float64) are checked.
        eps: the step of the finite differences.
        atol, rtol: the tolerance |analytical - numerical| ≤ atol + rtol·|numerical|.
        raise_exception: raise GradcheckError on a mismatch (default), or return False.
        nondet_tol: how much two backward passes may differ.
        check_undefined_grad, check_grad_dtypes, fast_mode: accepted; the full check is always made.

    Raises:
        GradcheckError: the Jacobians differ, or backward is not deterministic.
        ValueError: no input requires gradients.

    >>> import tinygrad_kr as torch
    >>> x = torch.randn(3, dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(torch.sin, (x,))
    True

    Source: PyTorch, `torch.autograd.gradcheck`.
    """
    inputs = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    checked = [(i, one) for i, one in enumerate(inputs) if isinstance(one, Tensor) and one.requires_grad]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, "
            "but none of them have requires_grad=True."
        )
    for i, one in checked:
        if one._array.dtype not in (np.float64, np.complex128):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point: finite "
                f"differences "
                f"in {one.dtype} are too rough for the default tolerances",
                stacklevel=2,
            )
    try:
        _compare(func, inputs, checked, eps, atol, rtol, nondet_tol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _outputs(func: Callable[..., Any], inputs: Sequence[Any]) -> list[Tensor]:
    result = func(*inputs)
    flat = result if isinstance(result, (tuple, list)) else (result,)
    return [one for one in flat if isinstance(one, Tensor) and (one.is_floating_point() or one.is_complex())]


def _reals(array: np.ndarray) -> np.ndarray:
    """The real numbers that an array consists of, in one row, a view if it can be; both parts if complex."""
    flat = array.reshape(-1)
    return flat.view(flat.real.dtype) if flat.dtype.kind == "c" else flat


def _compare(
    func: Callable[..., Any],
    inputs: tuple[Any, ...],
    checked: list[tuple[int, Tensor]],
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
) -> None:
    outputs = _outputs(func, inputs)
    for i, one in checked:
        numerical = [_numerical(func, inputs, one, position, eps) for position in range(len(outputs))]
        for position, output in enumerate(outputs):
            analytical = _analytical(output, one)
            again = _analytical(output, one)
            if np.max(np.abs(analytical - again), initial=0.0) > nondet_tol:
                raise GradcheckError(
                    f"Backward is not reentrant: two passes over output {position} gave different gradients "
                    f"for input {i}"
                )
            if not np.allclose(analytical, numerical[position], rtol=rtol, atol=atol, equal_nan=True):
                raise GradcheckError(
                    f"Jacobian mismatch for output {position} with respect to input {i},\n"
                    f"numerical:{numerical[position]}\nanalytical:{analytical}\n"
                    "Check the derivative, or whether the input lies on a kink of the function."
                )


def _analytical(output: Tensor, leaf: Tensor) -> np.ndarray:
    """The Jacobian (real numbers of the leaf, of the output), a column for each real number of the output."""
    columns = np.zeros((_reals(leaf._array).size, _reals(output._array).size))
    if not output.requires_grad:
        return columns
    for k in range(columns.shape[1]):
        seed = np.zeros(output._array.shape, output._array.dtype)
        _reals(seed)[k] = 1
        (g,) = differentiate.grad([output], [leaf], [wrap(seed)], retain_graph=True, allow_unused=True)
        if g is not None:
            columns[:, k] = _reals(g._array)
    return columns


def _numerical(
    func: Callable[..., Any], inputs: tuple[Any, ...], leaf: Tensor, position: int, eps: float
) -> np.ndarray:
    """The same Jacobian by moving one real number of the leaf at a time."""
    array = leaf._array
    parts = np.expand_dims(array, -1).view(array.real.dtype) if array.dtype.kind == "c" else array
    rows = []
    for index in np.ndindex(parts.shape):
        kept = parts[index]
        ends = []
        for step in (eps, -eps):
            parts[index] = kept + step
            ends.append(np.array(_reals(_outputs(func, inputs)[position]._array), np.float64))
        parts[index] = kept
        rows.append((ends[0] - ends[1]) / (2 * eps))
    size = _reals(_outputs(func, inputs)[position]._array).size
    return np.array(rows).reshape(len(rows), size)


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    **ignored: Any,
) -> bool:
    r"""`gradcheck` of the gradient of a function: are its second derivatives right?

    Args:
        func, inputs, eps, atol, rtol, raise_exception, nondet_tol: as for `gradcheck`.
        grad_outputs: the gradients that enter at the outputs; random by default.

    >>> import tinygrad_kr as torch
    >>> x = torch.randn(3, dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradgradcheck(torch.sin, (x,))
    True

    Source: PyTorch, `torch.autograd.gradgradcheck`.
    """
    inputs = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    outputs = _outputs(func, inputs)
    if grad_outputs is None:
        rng = np.random.default_rng(0)
        grad_outputs = [wrap(np.zeros_like(one._array)).requires_grad_() for one in outputs]
        for one in grad_outputs:
            reals = _reals(one._array)
            reals[...] = rng.standard_normal(reals.size)
    grad_outputs = tuple(grad_outputs) if isinstance(grad_outputs, (tuple, list)) else (grad_outputs,)
    count = len(inputs)

    def gradient(*args: Any) -> tuple[Tensor, ...]:
        results = _outputs(func, args[:count])
        wanted = [one for one in args[:count] if isinstance(one, Tensor) and one.requires_grad]
        pairs = [(one, g) for one, g in zip(results, args[count:]) if one.requires_grad]
        grads = differentiate.grad(
            [one for one, _ in pairs], wanted, [g for _, g in pairs], create_graph=True, allow_unused=True
        )
        return tuple(g for g in grads if g is not None)

    return gradcheck(
        gradient,
        inputs + grad_outputs,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
    )
