"""Nested containers taken apart and put together."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque, namedtuple
from typing import Any

import pytest

from tinygrad_kr.utils import _pytree as ours

Point = namedtuple("Point", "x y")
TREES: list[Any] = [
    3,
    None,
    [],
    (1, [2, {"b": 3, "a": (4,)}], None),
    OrderedDict(z=1, a=[2]),
    defaultdict(list, {"k": [1, 2]}),
    deque([1, (2, 3)], maxlen=5),
    Point(1, [2, 3]),
]


@pytest.mark.parametrize("tree", TREES, ids=str)
def test_leaves_and_back(tree: Any) -> None:
    leaves, spec = ours.tree_flatten(tree)
    back = ours.tree_unflatten(leaves, spec)
    assert back == tree and type(back) is type(tree) and spec.num_leaves == len(leaves)
    assert ours.tree_leaves(ours.tree_map(lambda leaf: [leaf], tree), lambda x: x is None) == leaves
    if isinstance(tree, deque | defaultdict):
        assert (getattr(back, "maxlen", 5), getattr(back, "default_factory", list)) == (5, list)


@pytest.mark.torch
@pytest.mark.parametrize("tree", TREES, ids=str)
def test_the_order_is_pytorchs(tree: Any) -> None:
    pytest.importorskip("torch")
    from torch.utils import _pytree as theirs

    assert ours.tree_flatten(tree)[0] == theirs.tree_flatten(tree)[0]
    assert ours.tree_map(str, tree) == theirs.tree_map(str, tree)


def test_leaves_of_the_callers_choice_and_errors() -> None:
    pairs = {"a": (1, 2), "b": (3, 4)}
    assert ours.tree_map(sum, pairs, is_leaf=lambda x: isinstance(x, tuple)) == {"a": 3, "b": 7}
    assert ours.tree_all(lambda x: x > 0, pairs) and not ours.tree_any(lambda x: x > 4, pairs)
    leaves, spec = ours.tree_flatten(pairs)
    with pytest.raises(ValueError, match="takes 4 leaves, got 3"):
        ours.tree_unflatten(leaves[:3], spec)
    with pytest.raises(ValueError, match="built alike"):
        ours.tree_map(max, pairs, [1])
