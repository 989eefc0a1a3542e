"""Strides, storages, buffers and files: what shares memory with what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tinygrad_kr as torch


def test_a_storage_is_the_memory_of_all_views() -> None:
    x = torch.arange(6.0).reshape(2, 3)
    storage = x[1].T.storage()
    assert storage.tolist() == [0, 1, 2, 3, 4, 5] and len(storage) == storage.size() == 6
    assert storage.data_ptr() == x.data_ptr() and x[1].untyped_storage().nbytes() == 24
    storage[4] = 9.0
    assert x[1, 1].item() == 9
    copy = storage.clone().fill_(1)
    assert copy.tolist() == [1] * 6 and x[0, 0].item() == 0
    assert x.T.storage().tolist() == storage.tolist()
    assert torch.is_storage(storage) and isinstance(storage, torch.TypedStorage)
    assert repr(storage).endswith("[torch.storage.TypedStorage(dtype=torch.float32, device=cpu) of size 6]")


def test_set_shows_other_memory() -> None:
    x, y = torch.arange(6.0), torch.zeros(2)
    assert y.set_(x.storage(), 1, (2,), (2,)) is y
    assert y.tolist() == [1, 3]
    y.fill_(7)
    assert x.tolist() == [0, 7, 2, 7, 4, 5]
    assert torch.zeros(1).set_(x).is_set_to(x) and not y.is_set_to(x)
    assert torch.zeros(3).set_().shape == (0,)
    with pytest.raises(RuntimeError, match=r"\.to\(torch.float32\)"):
        torch.zeros(1).set_(torch.zeros(1).double())
    with pytest.raises(RuntimeError, match="out of bounds"):
        y.set_(x.untyped_storage(), 0, (4, 2), (2, 1))


def test_buffers_are_shared_and_bytes_are_read_only() -> None:
    memory = bytearray(np.arange(4, dtype=np.int32).tobytes())
    x = torch.frombuffer(memory, dtype=torch.int32, offset=4, count=2)
    x[0] = 9
    assert np.frombuffer(memory, np.int32).tolist() == [0, 9, 2, 3]
    with pytest.raises((RuntimeError, ValueError)):
        torch.frombuffer(b"abcd", dtype=torch.uint8).fill_(0)


def test_a_shared_file_is_written_and_another_is_not(tmp_path: Path) -> None:
    path = tmp_path / "numbers"
    torch.from_file(str(path), shared=True, size=3).fill_(2)
    assert np.fromfile(path, np.float32).tolist() == [2, 2, 2]
    x = torch.from_file(str(path), size=3)
    x.fill_(5)
    assert np.fromfile(path, np.float32).tolist() == [2, 2, 2] and x.tolist() == [5, 5, 5]


def test_as_strided_in_place_keeps_its_views() -> None:
    x = torch.arange(6.0)
    first = x[:2]
    assert x.as_strided_((2, 2), (1, 2)) is x and x.tolist() == [[0, 2], [1, 3]]
    x[0, 0] = 8
    assert first.tolist() == [8, 1]
    assert torch.empty_strided((2, 3), (1, 2)).stride() == (1, 2)
    assert torch.ones(1).double().new_empty_strided((0, 3), (1, 2)).dtype is torch.float64


def test_as_subclass_stays_in_the_graph() -> None:
    class Named(torch.Tensor):
        pass

    x = torch.ones(2, requires_grad=True)
    y = (x * 3).as_subclass(Named)
    assert isinstance(y, Named)
    y.sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_python_functions_on_elements() -> None:
    x = torch.arange(4.0).reshape(2, 2).T
    assert x.apply_(lambda v: v * 10) is x and x.tolist() == [[0, 20], [10, 30]]
    assert x.map_(torch.ones(2), lambda a, b: a + b).tolist() == [[1, 21], [11, 31]]
    assert x.map2_(x, x, lambda a, b, c: a + b - c).tolist() == [[1, 21], [11, 31]]


def test_what_a_dense_cpu_tensor_says() -> None:
    x = torch.ones(2, 3)
    assert x.is_cpu and not x.is_pinned() and not x.is_shared() and x.to_dense() is x
    assert x.layout is torch.strided and isinstance(x.layout, torch.layout)
    assert isinstance(torch.channels_last, torch.memory_format)
    assert x.dim_order() == (0, 1) and x.T.dim_order() == (1, 0)
    assert x.module_load(torch.zeros(2, 3)).is_set_to(x) and x.sum() == 0
    with pytest.raises((RuntimeError, TypeError), match="bfloat16"):
        x.bfloat16()
