"""Nested containers taken apart and put together: the part of PyTorch's `utils._pytree` that programs use."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

__all__ = ["TreeSpec", "tree_all", "tree_any", "tree_flatten", "tree_leaves", "tree_map", "tree_unflatten"]

Leaf = Callable[[Any], bool] | None


class TreeSpec(NamedTuple):
    """How a container is built: its kind (None for a leaf), what else it needs, and its parts."""

    kind: type | None
    context: Any
    children: tuple[TreeSpec, ...]

    @property
    def num_leaves(self) -> int:
        """How many leaves it takes."""
        return 1 if self.kind is None else sum(child.num_leaves for child in self.children)


LEAF = TreeSpec(None, None, ())


def _parts(tree: Any) -> tuple[Any, list[Any]] | None:
    """The context and the parts of a container; None for a leaf."""
    kind = type(tree)
    if kind in (tuple, list, deque):
        return (tree.maxlen if kind is deque else None), list(tree)
    if kind in (dict, OrderedDict, defaultdict):
        factory = tree.default_factory if kind is defaultdict else None
        return (list(tree), factory), list(tree.values())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return None, list(tree)
    return None


def tree_flatten(tree: Any, is_leaf: Leaf = None) -> tuple[list[Any], TreeSpec]:
    """The leaves of nested tuples, lists and dicts, in order, and how they were put together.

    Args:
        tree: the container; anything that is none is a leaf, None included.
        is_leaf: what else is not to be taken apart.

    >>> leaves, spec = tree_flatten({"a": 1, "b": [2, (3, None)]})
    >>> leaves, tree_unflatten([10, 20, 30, 40], spec)
    ([1, 2, 3, None], {'a': 10, 'b': [20, (30, 40)]})

    Source: PyTorch, `torch.utils._pytree.tree_flatten`.
    """
    found = None if is_leaf is not None and is_leaf(tree) else _parts(tree)
    if found is None:
        return [tree], LEAF
    context, parts = found
    flat = [tree_flatten(part, is_leaf) for part in parts]
    return [leaf for leaves, _ in flat for leaf in leaves], TreeSpec(
        type(tree), context, tuple(spec for _, spec in flat)
    )


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> Any:
    """The container that `treespec` describes, with these leaves.

    Raises:
        ValueError: there are more or fewer leaves than it takes.

    Source: PyTorch, `torch.utils._pytree.tree_unflatten`.
    """
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(f"the tree takes {treespec.num_leaves} leaves, got {len(leaves)}")
    return _built(iter(leaves), treespec)


def _built(leaves: Iterator[Any], spec: TreeSpec) -> Any:
    kind: Any = spec.kind
    if kind is None:
        return next(leaves)
    parts = [_built(leaves, child) for child in spec.children]
    if kind is deque:
        return deque(parts, spec.context)
    if kind in (dict, OrderedDict, defaultdict):
        keys, factory = spec.context
        pairs = zip(keys, parts)
        return defaultdict(factory, pairs) if kind is defaultdict else kind(pairs)
    return kind(*parts) if hasattr(kind, "_fields") else kind(parts)


def tree_leaves(tree: Any, is_leaf: Leaf = None) -> list[Any]:
    """The leaves alone.

    Source: PyTorch, `torch.utils._pytree.tree_leaves`.
    """
    return tree_flatten(tree, is_leaf)[0]


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: Leaf = None) -> Any:
    """The container of `func(leaf, ...)`, for the leaves of one tree, or of several that are built alike.

    Raises:
        ValueError: another tree has other leaves.

    >>> tree_map(lambda x, y: x + y, {"a": (1, 2)}, {"a": (10, 20)})
    {'a': (11, 22)}

    Source: PyTorch, `torch.utils._pytree.tree_map`.
    """
    leaves, spec = tree_flatten(tree, is_leaf)
    others = [tree_leaves(rest, is_leaf) for rest in rests]
    if any(len(other) != len(leaves) for other in others):
        raise ValueError(
            f"the trees have {[len(leaves), *map(len, others)]} leaves; they must be built alike"
        )
    return tree_unflatten([func(*values) for values in zip(leaves, *others)], spec)


def tree_all(pred: Callable[[Any], bool], tree: Any, is_leaf: Leaf = None) -> bool:
    """Whether `pred` holds for all leaves.

    Source: PyTorch, `torch.utils._pytree.tree_all`.
    """
    return all(map(pred, tree_leaves(tree, is_leaf)))


def tree_any(pred: Callable[[Any], bool], tree: Any, is_leaf: Leaf = None) -> bool:
    """Whether `pred` holds for some leaf.

    Source: PyTorch, `torch.utils._pytree.tree_any`.
    """
    return any(map(pred, tree_leaves(tree, is_leaf)))
