"""How samples become batches."""

from __future__ import annotations

from collections import OrderedDict, UserList, defaultdict, namedtuple
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.utils.data import default_collate, default_convert

Point = namedtuple("Point", ["x", "y"])


def test_numbers() -> None:
    for batch, dtype in (
        ([1, 2], torch.int64),
        ([1.5, 2.5], torch.float64),
        ([True, False], torch.bool),
        ([np.float32(1), np.float32(2)], torch.float32),
        ([np.int8(1), np.int8(2)], torch.int8),
    ):
        got = default_collate(batch)
        assert got.dtype is dtype and got.tolist() == batch


def test_arrays_and_tensors() -> None:
    rows = [np.arange(3, dtype=np.int16) + i for i in range(2)]
    assert default_collate(rows).tolist() == default_collate([torch.from_numpy(one) for one in rows]).tolist()
    batch = default_collate([torch.zeros(2, 3)] * 4)
    assert batch.shape == (4, 2, 3) and batch.is_contiguous()
    assert default_collate([torch.tensor(1), torch.tensor(2)]).tolist() == [1, 2]
    mixed = default_collate([torch.zeros(1), torch.zeros(1, dtype=torch.int64)])
    assert mixed.dtype is torch.float32


def test_gradients_flow_through() -> None:
    w = torch.ones(2, requires_grad=True)
    default_collate([w, w * 3]).sum().backward()
    assert w.grad.tolist() == [4, 4]


def test_structures_keep_their_type() -> None:
    point = default_collate([Point(1, "a"), Point(2, "b")])
    assert isinstance(point, Point) and point.x.tolist() == [1, 2] and list(point.y) == ["a", "b"]
    pair = default_collate([(1, 2.0), (3, 4.0)])
    assert type(pair) is list and pair[0].tolist() == [1, 3]
    nested = default_collate([{"a": [1, {"b": 2}]}, {"a": [3, {"b": 4}]}])
    assert nested["a"][0].tolist() == [1, 3] and nested["a"][1]["b"].tolist() == [2, 4]
    ordered = default_collate([OrderedDict(a=1), OrderedDict(a=2)])
    assert type(ordered) is OrderedDict
    defaults = default_collate([defaultdict(int, a=1), defaultdict(int, a=2)])
    assert type(defaults) is defaultdict and defaults["missing"] == 0
    users = default_collate([UserList([1, 2]), UserList([3, 4])])
    assert type(users) is UserList and users[1].tolist() == [2, 4]
    assert default_collate(["a", "b"]) == ["a", "b"] and default_collate([b"a"]) == [b"a"]


def test_samples_are_not_changed() -> None:
    samples = [{"a": [1]}, {"a": [2]}]
    default_collate(samples)
    assert samples == [{"a": [1]}, {"a": [2]}]


@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        (
            [torch.zeros(3), torch.zeros(3), torch.zeros(2)],
            RuntimeError,
            r"\[3\] at entry 0 and \[2\] at entry 2",
        ),
        ([np.zeros((1, 2)), np.zeros((2, 1))], RuntimeError, r"\[1, 2\] at entry 0 and \[2, 1\] at entry 1"),
        ([[1, 2], [3]], RuntimeError, r"their lengths are \[2, 1\]"),
        ([object()], TypeError, "found <class 'object'>"),
        ([None], TypeError, "found <class 'NoneType'>"),
        ([np.array(["a"])], TypeError, "found <U1"),
    ],
)
def test_errors(batch: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        default_collate(batch)


def test_convert() -> None:
    data = {
        "x": np.ones(2),
        "s": "text",
        "p": Point(np.float32(1), 2),
        "t": (np.int64(3), None),
        "w": np.array(["a"]),
    }
    got = default_convert(data)
    assert isinstance(got["x"], torch.Tensor) and got["s"] == "text" and got["p"].x.dtype is torch.float32
    assert type(got["t"]) is list and got["t"][0].item() == 3 and got["t"][1] is None
    assert isinstance(got["w"], np.ndarray) and got["p"].y == 2
