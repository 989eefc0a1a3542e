"""Derivatives of functions of tensors, as functions: in reverse mode, and forwards by two backward passes.

The arguments are made tensors of their own before the function sees them: new leaves, or, if they need
gradients already (an outer transform's, say), new nodes behind their own. Derivatives are differentiable
again where something outside could ask for it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import tinygrad_kr as torch
from tinygrad_kr import Tensor

from ..autograd import differentiate
from ..utils._pytree import TreeSpec, tree_flatten, tree_leaves, tree_map, tree_unflatten

__all__ = [
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "vjp",
]


# -- tracking ----------------------------------------------------------------------------------------------


def _own(value: Any) -> Any:
    """A tensor as one of its own that needs gradients, behind its node if it has one."""
    if not isinstance(value, Tensor):
        return value
    if not value.is_floating_point():
        raise RuntimeError(f"only Tensors of floating point dtype can require gradients, got {value.dtype}")
    return value.view_as(value) if value.requires_grad else value.detach().requires_grad_()


def _depends_on_others(outputs: Sequence[Tensor], own: Sequence[Tensor]) -> bool:
    """Whether the graph of the outputs leads to more than these leaves."""
    leaves = {one._node for one in own}
    stack, seen = [one._node for one in outputs if one._node is not None], set()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.is_leaf and node not in leaves:
            return True
        stack.extend(parent for parent in node.parents if parent is not None)
    return False


def _pulled(
    outputs: Sequence[Tensor], own: Sequence[Tensor], v: Sequence[Tensor], create_graph: bool
) -> list[Tensor]:
    """vᵀ J; zeros where nothing depends on an input."""
    pairs = [(one, g) for one, g in zip(outputs, v) if one.requires_grad]
    if not pairs:
        return [torch.zeros_like(one) for one in own]
    grads = differentiate.grad(
        [one for one, _ in pairs],
        list(own),
        [g for _, g in pairs],
        create_graph=create_graph,
        retain_graph=True,
        allow_unused=True,
    )
    return [torch.zeros_like(one) if g is None else g for one, g in zip(own, grads)]


def _released(value: Any, own: Sequence[Tensor]) -> Any:
    """A result as the caller may see it: without the graph, if that leads to these leaves only."""
    if isinstance(value, Tensor) and value.requires_grad and not _depends_on_others([value], own):
        return value.detach()
    return value


def _tensors(values: Sequence[Any], what: str) -> list[Tensor]:
    for value in values:
        if not isinstance(value, Tensor):
            raise RuntimeError(f"{what}: expected tensors only, got {type(value).__name__} ({value!r:.80})")
    return list(values)


def _chosen(argnums: int | Sequence[int], count: int) -> tuple[int, ...]:
    """The positions that `argnums` names, of `count` arguments."""
    chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    if not all(isinstance(one, int) for one in chosen):
        raise RuntimeError(f"argnum must be int or tuple of ints, got {argnums!r}")
    for one in chosen:
        if not -count <= one < count:
            raise RuntimeError(f"Got argnum={one}, but only {count} positional inputs")
    positions = tuple(one % count for one in chosen)
    if len(set(positions)) != len(positions) or not positions:
        raise RuntimeError(f"argnums must be different positions, and at least one, got {argnums!r}")
    return positions


def _split_aux(result: Any, where: str) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise RuntimeError(
            f"{where}: output of function f should be a tuple: (output, aux) if has_aux is True"
        )
    return result


# -- reverse mode ------------------------------------------------------------------------------------------


def grad_and_value(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the gradient of `func`, and its value; arguments as for `grad`.

    Returns:
        (gradient, value), or (gradient, (value, aux)).

    >>> torch.func.grad_and_value(torch.sin)(torch.tensor(0.0))
    (tensor(1.), tensor(0.))

    Source: PyTorch, `torch.func.grad_and_value`.
    """

    @functools.wraps(func)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        positions = _chosen(argnums, len(args))
        with torch.enable_grad():
            changed = list(args)
            for one in positions:
                changed[one] = tree_map(_own, args[one])
            output = func(*changed, **kwargs)
            output, aux = _split_aux(output, "grad_and_value(f)(*args)") if has_aux else (output, None)
            if not isinstance(output, Tensor):
                raise RuntimeError(
                    "grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got "
                    f"{type(output).__name__}"
                )
            if output.dim() != 0:
                raise RuntimeError(
                    "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with "
                    f"{output.dim()} dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
                )
            leaves, spec = tree_flatten(tuple(changed[one] for one in positions))
            own = _tensors(leaves, "grad")
            create_graph = _depends_on_others([output], own)
            grads = _pulled([output], own, [torch.ones_like(output)], create_graph)
        gradients = tree_unflatten(grads, spec)
        value = _released(output, own)
        aux = tree_map(lambda one: _released(one, own), aux)
        return gradients[0] if isinstance(argnums, int) else gradients, (value, aux) if has_aux else value

    return derivative


def grad(
    func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the gradient of `func`, which returns a tensor of no dimensions.

    Args:
        func: the function; it may take and return nested containers.
        argnums: the argument to differentiate by, or several: the result is then a tuple.
        has_aux: `func` returns (output, aux), and its gradient (gradient, aux).

    Raises:
        RuntimeError: the output is no scalar, or there is no such argument.

    >>> torch.func.grad(lambda x: x**3)(torch.tensor(2.0))
    tensor(12.)
    >>> torch.func.grad(torch.func.grad(lambda x: x**3))(torch.tensor(2.0))
    tensor(12.)

    Source: PyTorch, `torch.func.grad`.
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return derivative


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of a function, and a function that maps v to vᵀ J.

    Returns:
        (outputs, vjp_fn), or (outputs, vjp_fn, aux); `vjp_fn` takes something shaped like the outputs and
        returns a tuple shaped like `primals`.

    >>> value, pull = torch.func.vjp(torch.sin, torch.tensor([0.0, 1.0]))
    >>> pull(torch.ones(2))
    (tensor([1.0000, 0.5403]),)

    Source: PyTorch, `torch.func.vjp`.
    """
    with torch.enable_grad():
        changed = tree_map(_own, primals)
        result = func(*changed)
        result, aux = _split_aux(result, "vjp(f, *primals)") if has_aux else (result, None)
    leaves, spec = tree_flatten(changed)
    own = _tensors(leaves, "vjp(f, *primals)")
    results, out_spec = tree_flatten(result)
    outputs = _tensors(results, "vjp(f, *primals): f(*primals)")
    others = _depends_on_others(outputs, own)

    def pull(*cotangents: Any, **options: Any) -> Any:
        given = cotangents[0] if len(cotangents) == 1 else cotangents
        v = _matching(given, out_spec, outputs)
        create_graph = torch.is_grad_enabled() and (others or any(one.requires_grad for one in v))
        with torch.enable_grad():
            return tree_unflatten(_pulled(outputs, own, v, create_graph), spec)

    value = tree_map(lambda one: _released(one, own), result)
    return (value, pull, tree_map(lambda one: _released(one, own), aux)) if has_aux else (value, pull)


def _matching(given: Any, spec: TreeSpec, outputs: Sequence[Tensor]) -> list[Tensor]:
    """The leaves of what is given for the outputs, of their structure and shapes."""
    leaves, found = tree_flatten(given)
    if found != spec:
        raise RuntimeError(
            f"Expected the cotangents to have the structure of the outputs, {spec}, but got {found}"
        )
    for i, (one, output) in enumerate(zip(_tensors(leaves, "vjp_fn"), outputs)):
        if one.shape != output.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[{i}] has a shape of {one.shape} and output[{i}] has a shape "
                f"of {output.shape}."
            )
    return leaves


def jacrev(
    func: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """A function that returns the Jacobian of `func`, row by row in reverse mode.

    For every output and every argument it has the shape of the output followed by that of the argument;
    containers of outputs hold containers of arguments.

    Args:
        argnums, has_aux: as for `grad`.
        chunk_size: accepted; rows are computed one by one.

    >>> torch.func.jacrev(torch.sin)(torch.zeros(2))
    tensor([[1., 0.],
            [0., 1.]])

    Source: PyTorch, `torch.func.jacrev`.
    """
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError(f"jacrev: `chunk_size` should be greater than 0, got {chunk_size}.")

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        positions = _chosen(argnums, len(args))
        outputs, pull, *aux = vjp(
            _only(func, positions, args, kwargs), *[args[i] for i in positions], has_aux=has_aux
        )
        leaves, out_spec = tree_flatten(outputs)
        zeros = [torch.zeros_like(one).detach() for one in leaves]
        blocks = []
        for i, output in enumerate(leaves):
            rows = []
            for unit in torch.eye(output.numel(), dtype=output.dtype):
                v = [*zeros[:i], unit.reshape(output.shape), *zeros[i + 1 :]]
                rows.append(pull(tree_unflatten(v, out_spec)))
            block = _stacked(rows, output, [args[p] for p in positions])
            blocks.append(block[0] if isinstance(argnums, int) else block)
        result = tree_unflatten(blocks, out_spec)
        return (result, aux[0]) if has_aux else result

    return jacobian


def _only(
    func: Callable[..., Any], positions: Sequence[int], args: Sequence[Any], kwargs: dict[str, Any]
) -> Callable[..., Any]:
    """`func` as a function of the arguments at these positions, the others fixed."""

    def call(*chosen: Any) -> Any:
        changed = list(args)
        for position, value in zip(positions, chosen):
            changed[position] = value
        return func(*changed, **kwargs)

    return call


def _stacked(rows: Sequence[Any], output: Tensor, arguments: Sequence[Any]) -> Any:
    """Rows of a Jacobian, each shaped like the arguments, as blocks of the output's shape times theirs."""
    if not rows:
        return tuple(
            tree_map(lambda one: torch.zeros(output.shape + one.shape, dtype=one.dtype), argument)
            for argument in arguments
        )
    return tree_map(
        lambda *column: torch.stack(column).reshape(output.shape + column[0].shape), rows[0], *rows[1:]
    )


# -- forward mode ------------------------------------------------------------------------------------------


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The value of a function, and the function that maps tangents to J · tangents at that point.

    vᵀ J is linear in v, and its derivative by v, times the tangents, is J times them: two backward passes, of
    which the first is done once.

    >>> value, push = torch.func.linearize(torch.sin, torch.tensor([0.0, 1.0]))
    >>> push(torch.ones(2))
    tensor([1.0000, 0.5403])

    Source: PyTorch, `torch.func.linearize`; https://j-towns.github.io/2017/06/12/A-new-trick.html.
    """
    value, push, _, _ = _linearized(func, primals, has_aux=False)
    return value, push


def _linearized(
    func: Callable[..., Any], primals: Sequence[Any], *, has_aux: bool
) -> tuple[Any, Callable[..., Any], Any, TreeSpec]:
    with torch.enable_grad():
        changed = tree_map(_own, tuple(primals))
        result = func(*changed)
        result, aux = _split_aux(result, "jvp(f, primals, tangents)") if has_aux else (result, None)
        own, spec = tree_flatten(changed)
        results, out_spec = tree_flatten(result)
        outputs = _tensors(results, "jvp(f, primals, tangents): f(*primals)")
        probe = [torch.zeros_like(one).detach().requires_grad_() for one in outputs]
        pulled = _pulled(outputs, own, probe, True)
    others = _depends_on_others(outputs, own)

    def push(*tangents: Any) -> Any:
        leaves, found = tree_flatten(tuple(tangents))
        if found != spec:
            raise RuntimeError(
                "jvp(f, primals, tangents): Expected primals and tangents to have the same python "
                f"structure, got {spec} and {found}"
            )
        for one, tangent in zip(own, _tensors(leaves, "tangents")):
            if one.shape != tangent.shape:
                raise RuntimeError(
                    f"a tangent has the size {list(tangent.shape)}, but the tensor it belongs to "
                    f"{list(one.shape)}"
                )
        create_graph = torch.is_grad_enabled() and (others or any(one.requires_grad for one in leaves))
        with torch.enable_grad():
            return tree_unflatten(_pulled(pulled, probe, leaves, create_graph), out_spec)

    value, aux = (tree_map(lambda one: _released(one, own), part) for part in (result, aux))
    return value, push, aux, out_spec


def jvp(
    func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False
) -> Any:
    """The value of a function, and J · tangents: how it changes along them.

    Args:
        func: a function of `*primals`.
        primals, tangents: tuples of the same structure.
        strict: accepted; an output that does not depend on the inputs has zeros.
        has_aux: `func` returns (output, aux); aux comes third.

    >>> torch.func.jvp(torch.sin, (torch.tensor(0.0),), (torch.tensor(2.0),))
    (tensor(0.), tensor(2.))

    Source: PyTorch, `torch.func.jvp`.
    """
    for name, value in (("primals", primals), ("tangents", tangents)):
        if not isinstance(value, tuple):
            raise RuntimeError(
                f"jvp(f, primals, tangents): Expected {name} to be a tuple. E.g. it should be valid to call "
                "f(*primals)."
            )
    value, push, aux, _ = _linearized(func, primals, has_aux=has_aux)
    moved = push(*tangents)
    return (value, moved, aux) if has_aux else (value, moved)


def jacfwd(
    func: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    has_aux: bool = False,
    *,
    randomness: str = "error",
) -> Callable[..., Any]:
    """A function that returns the Jacobian of `func`, column by column: best for few inputs, many outputs.

    Args and shapes: as for `jacrev`; `randomness` is accepted, since `func` runs once.

    >>> torch.func.jacfwd(torch.sin)(torch.zeros(2))
    tensor([[1., 0.],
            [0., 1.]])

    Source: PyTorch, `torch.func.jacfwd`.
    """

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        positions = _chosen(argnums, len(args))
        chosen = tuple(args[i] for i in positions)
        _, push, aux, out_spec = _linearized(_only(func, positions, args, kwargs), chosen, has_aux=has_aux)
        leaves, spec = tree_flatten(chosen)
        zeros = [torch.zeros_like(one).detach() for one in leaves]
        per_leaf: list[list[Tensor]] = []  # for every input the blocks of all outputs
        for i, leaf in enumerate(leaves):
            columns = [
                tree_leaves(
                    push(*tree_unflatten([*zeros[:i], unit.reshape(leaf.shape), *zeros[i + 1 :]], spec))
                )
                for unit in torch.eye(leaf.numel(), dtype=leaf.dtype)
            ]
            per_leaf.append(
                [torch.stack(one, -1).reshape(one[0].shape + leaf.shape) for one in zip(*columns)]
            )
        blocks = [tree_unflatten(list(one), spec) for one in zip(*per_leaf)]
        result = tree_unflatten([one[0] if isinstance(argnums, int) else one for one in blocks], out_spec)
        return (result, aux) if has_aux else result

    return jacobian


def hessian(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function that returns the Hessian of `func`: the Jacobian of its Jacobian.

    >>> torch.func.hessian(lambda x: (x**3).sum())(torch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])

    Source: PyTorch, `torch.func.hessian`.
    """
    return jacrev(jacrev(func, argnums), argnums)


def functionalize(func: Callable[..., Any], *, remove: str = "mutations") -> Callable[..., Any]:
    """The function itself: nothing here depends on whether it changes tensors in place.

    Source: PyTorch, `torch.func.functionalize`.
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            f"functionalize(f, remove='mutations' or 'mutations_and_views'): got the option remove={remove!r}"
        )
    return func
