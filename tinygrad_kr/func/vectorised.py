"""`vmap`: a function of one example, called for each of a batch; and `cond`, a choice between two."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import tinygrad_kr as torch
from tinygrad_kr import Tensor

from ..ops.generator import get_rng_state, set_rng_state
from ..utils._pytree import TreeSpec, broadcast_prefix, tree_flatten, tree_unflatten

__all__ = ["cond", "vmap"]


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function that maps `func` over a dimension of its arguments.

    It calls `func` once per example and stacks what comes back: the results and gradients are PyTorch's, the
    speed is that of a Python loop. Where the operations broadcast, writing the batch out is faster.

    Args:
        func: takes and returns tensors, or nested containers of them.
        in_dims: the dimension to map over, a number for all arguments or a nested container for each; None
            for what every call gets whole.
        out_dims: where the mapped dimension goes in the results, in the same way.
        randomness: "error": drawing random numbers raises; "same": every call draws the same; "different":
            calls draw one after the other (PyTorch draws for all at once, which from 16 normals on gives
            other numbers).
        chunk_size: accepted; every chunk is one example.

    Every call gets keyword arguments whole.

    Raises:
        ValueError: `in_dims` or `out_dims` that do not fit, sizes that differ, results that are no tensors.
        RuntimeError: random numbers under "error".

    >>> rows = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> torch.vmap(torch.dot)(rows, rows)
    tensor([ 5., 25.])
    >>> loss = lambda w, x: (w * x).sum() ** 2
    >>> torch.vmap(torch.func.grad(loss), in_dims=(None, 0))(torch.ones(2), rows)
    tensor([[ 6., 12.],
            [42., 56.]])

    Source: PyTorch, `torch.func.vmap`.
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(
            f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}"
        )
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        name = getattr(func, "__name__", repr(func))
        leaves, spec = tree_flatten(args)
        dims = _mapped_dims(name, in_dims, args, spec)
        size = _mapped_size(name, in_dims, leaves, dims)
        state = get_rng_state() if randomness != "different" else None
        columns: list[list[Any]] = []
        out_spec: TreeSpec | None = None
        for i in range(size):
            if randomness == "same" and state is not None:
                set_rng_state(state)
            example = [one if dim is None else one.select(dim, i) for one, dim in zip(leaves, dims)]
            results, out_spec = tree_flatten(func(*tree_unflatten(example, spec), **kwargs))
            columns.append(results)
        if randomness == "error" and state is not None and not torch.equal(state, get_rng_state()):
            raise RuntimeError(
                "vmap: called random operation while in randomness error mode. Please either use the 'same' "
                "or 'different' randomness flags on vmap or perform the randomness operation out of vmap"
            )
        if out_spec is None:
            raise ValueError(
                f"vmap({name}): the mapped dimension is empty: nothing to call the function with"
            )
        return _stacked(name, columns, out_spec, out_dims)

    return mapped


def _mapped_dims(name: str, in_dims: Any, args: tuple[Any, ...], spec: TreeSpec) -> list[Any]:
    """For each leaf of the arguments the dimension that is mapped, or None."""
    if not isinstance(in_dims, (int, tuple, list)):
        raise ValueError(
            f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): expected `in_dims` to be int or a (potentially "
            f"nested) tuple matching the structure of inputs, got: {type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to "
            "vmap over a function with no inputs. The latter is unsupported."
        )
    dims = broadcast_prefix(in_dims, spec)
    if dims is None:
        raise ValueError(
            f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): in_dims is not compatible with the structure "
            f"of `inputs`: there are {len(args)} arguments of the structure {spec}"
        )
    return dims


def _mapped_size(name: str, in_dims: Any, leaves: Sequence[Any], dims: Sequence[Any]) -> int:
    """The size of the mapped dimension."""
    where = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): Got in_dim="
    sizes = []
    for leaf, dim in zip(leaves, dims):
        if dim is None:
            continue
        if not isinstance(dim, int):
            raise ValueError(
                f"{where}{dim} for an input but in_dim must be either an integer dimension or None."
            )
        if not isinstance(leaf, Tensor):
            raise ValueError(
                f"{where}{dim} for an input but the input is of type {type(leaf)}. We cannot vmap over "
                "non-Tensor arguments, please use None as the respective in_dim"
            )
        if not -leaf.dim() <= dim < leaf.dim():
            raise ValueError(
                f"{where}{dim} for some input, but that input is a Tensor of dimensionality {leaf.dim()} so "
                f"expected in_dim to satisfy -{leaf.dim()} <= in_dim < {leaf.dim()}."
            )
        sizes.append(leaf.size(dim))
    if not sizes:
        raise ValueError(f"{where}None for every input: at least one must have a dimension to map over")
    if len(set(sizes)) > 1:
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} "
            "for the mapped dimension"
        )
    return sizes[0]


def _stacked(name: str, columns: list[list[Any]], spec: TreeSpec, out_dims: Any) -> Any:
    dims = broadcast_prefix(out_dims, spec)
    if dims is None and isinstance(out_dims, tuple) and spec.kind is None and len(out_dims) == 1:
        dims = [out_dims[0]]
    if dims is None:
        raise ValueError(
            f"vmap({name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the "
            f"structure of `outputs`, {spec}"
        )
    results = []
    for dim, values in zip(dims, zip(*columns)):
        if dim is None:  # what does not depend on the example
            results.append(values[0])
            continue
        for value in values:
            if not isinstance(value, Tensor):
                raise ValueError(
                    f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(value)}. Did you "
                    "mean to set out_dims= to None for output?"
                )
        results.append(torch.stack(values, dim))
    return tree_unflatten(results, spec)


def cond(
    pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], operands: Sequence[Any] = ()
) -> Any:
    """`true_fn(*operands)` if `pred`, a bool or a tensor of one element, is true, else `false_fn(*operands)`.

    >>> torch.cond(torch.tensor(True), torch.sin, torch.cos, (torch.tensor(0.0),))
    tensor(0.)

    Source: PyTorch, `torch.cond`.
    """
    if isinstance(pred, Tensor) and pred.numel() != 1:
        raise RuntimeError(f"Expected pred to be bool or single-element tensor, but got {pred}.")
    return (true_fn if bool(pred) else false_fn)(*operands)
