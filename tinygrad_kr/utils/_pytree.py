"""Nested containers (tuples, lists, dicts, named tuples) taken apart into leaves, and put together again."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["TreeSpec", "tree_flatten", "tree_leaves", "tree_map", "tree_unflatten"]


@dataclass(frozen=True)
class TreeSpec:
    """The structure of a nested container: its class, its keys if it has some, and what it contains.

    A leaf has the class None.
    """

    kind: Any
    keys: Any
    children: tuple[TreeSpec, ...]

    @property
    def num_leaves(self) -> int:
        """How many leaves there are."""
        return 1 if self.kind is None else sum(child.num_leaves for child in self.children)


LEAF = TreeSpec(None, None, ())


def _parts(tree: Any) -> tuple[Any, Any, Sequence[Any]]:
    """The class, keys and contents of a container; None for the class of a leaf."""
    kind = type(tree)
    if kind in (dict, OrderedDict):
        return kind, tuple(tree), list(tree.values())
    if kind is defaultdict:
        return kind, (tree.default_factory, tuple(tree)), list(tree.values())
    if kind in (list, tuple) or (isinstance(tree, tuple) and hasattr(kind, "_fields")):
        return kind, None, tree
    return None, None, ()


def tree_flatten(tree: Any) -> tuple[list[Any], TreeSpec]:
    """The leaves of a nested container in order, and its structure.

    >>> leaves, spec = tree_flatten({"a": 1, "b": (2, [3])})
    >>> leaves
    [1, 2, 3]
    >>> tree_unflatten([4, 5, 6], spec)
    {'a': 4, 'b': (5, [6])}
    """
    leaves: list[Any] = []
    return leaves, _flatten(tree, leaves)


def _flatten(tree: Any, leaves: list[Any]) -> TreeSpec:
    kind, keys, contents = _parts(tree)
    if kind is None:
        leaves.append(tree)
        return LEAF
    return TreeSpec(kind, keys, tuple(_flatten(one, leaves) for one in contents))


def tree_unflatten(leaves: Sequence[Any], spec: TreeSpec) -> Any:
    """The container of this structure with these leaves."""
    if len(leaves) != spec.num_leaves:
        raise ValueError(f"a structure of {spec.num_leaves} leaves cannot take {len(leaves)}")
    return _unflatten(iter(leaves), spec)


def _unflatten(leaves: Iterator[Any], spec: TreeSpec) -> Any:
    if spec.kind is None:
        return next(leaves)
    contents = [_unflatten(leaves, child) for child in spec.children]
    if spec.kind is defaultdict:
        return defaultdict(spec.keys[0], zip(spec.keys[1], contents))
    if spec.keys is not None:
        return spec.kind(zip(spec.keys, contents))
    return spec.kind(*contents) if hasattr(spec.kind, "_fields") else spec.kind(contents)


def tree_leaves(tree: Any) -> list[Any]:
    """The leaves of a nested container in order."""
    return tree_flatten(tree)[0]


def tree_map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """The container with `function` applied to every leaf, and to those of others of the same structure.

    >>> tree_map(lambda x: 2 * x, {"a": 1, "b": (2, [3])})
    {'a': 2, 'b': (4, [6])}
    """
    leaves, spec = tree_flatten(tree)
    columns = [leaves]
    for other in others:
        found, other_spec = tree_flatten(other)
        if other_spec != spec:
            raise ValueError(f"the containers differ in structure: {spec} and {other_spec}")
        columns.append(found)
    return tree_unflatten([function(*row) for row in zip(*columns)], spec)


def broadcast_prefix(prefix: Any, spec: TreeSpec) -> list[Any] | None:
    """A value for each leaf of `spec`, from a tree that may end earlier; None where that does not fit."""
    kind, keys, contents = _parts(prefix)
    if kind is None:
        return [prefix] * spec.num_leaves
    # A tuple of arguments may be described by a list, and the other way round.
    alike = {kind, spec.kind} <= {list, tuple} or (kind, keys) == (spec.kind, spec.keys)
    if not alike or len(contents) != len(spec.children):
        return None
    found: list[Any] = []
    for one, child in zip(contents, spec.children):
        values = broadcast_prefix(one, child)
        if values is None:
            return None
        found += values
    return found
