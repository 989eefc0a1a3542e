"""The safetensors format: strided, empty and 0-d tensors, shared memory, bfloat16, damaged files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

import tinygrad_kr as torch
from tests.test_serialization import same, tensors
from tinygrad_kr.safetensors import load, load_file, save, save_file

library = pytest.importorskip("safetensors", reason="safetensors (extra safetensors) is not installed")


def raw(kind: str, shape: list[int], data: bytes) -> bytes:
    """A file with one tensor `x`, made by hand."""
    header = json.dumps({"x": {"dtype": kind, "shape": shape, "data_offsets": [0, len(data)]}}).encode()
    return len(header).to_bytes(8, "little") + header + data


@given(x=tensors())
def test_values_of_any_layout(x: torch.Tensor) -> None:
    if x.dtype is torch.complex128:
        with pytest.raises(ValueError, match=r"tensor `x` is torch.complex128, which safetensors lacks"):
            save({"x": x})
    else:
        (loaded,) = load(save({"x": x})).values()
        assert same(loaded, torch.from_numpy(np.array(x.detach().numpy(), order="C")))


def test_files(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    path = tmp_path / "model.safetensors"
    save_file(model.state_dict(), path, {"format": "pt"})
    with library.safe_open(path, "np") as file:
        assert file.metadata() == {"format": "pt"}
    for loaded in (load_file(path), torch.load(path), torch.load(path, map_location="cpu")):
        assert {name: x.tolist() for name, x in loaded.items()} == {
            name: x.tolist() for name, x in model.state_dict().items()
        }
    loaded["0.weight"].zero_()
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(AssertionError, match="CUDA"):
        load_file(path, "cuda")
    with pytest.raises(RuntimeError, match="map_location must be a device"):
        torch.load(path, map_location={})


def test_shared_memory_is_refused() -> None:
    x = torch.arange(6.0)
    with pytest.raises(RuntimeError, match=r"share memory.*\['a', 'b'\].*clone\(\) them.*torch.save"):
        save({"a": x, "b": x[2:].reshape(2, 2), "c": torch.zeros(2)})
    assert len(load(save({"a": x[:3], "b": x[3:], "e": x[:0]}))) == 3


def test_what_is_no_tensor_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected a dict"):
        save([torch.zeros(1)])  # type: ignore[arg-type]
    for bad in ({"a": 1}, {3: torch.zeros(1)}, {"a": np.zeros(1)}):
        with pytest.raises(ValueError, match=r"Key `.*` is invalid, expected torch.Tensor"):
            save(bad)  # type: ignore[arg-type]


def test_bfloat16_becomes_float32() -> None:
    loaded = load(raw("BF16", [2, 1], np.array([0x3FC0, 0xC000], np.uint16).tobytes()))["x"]
    assert loaded.dtype is torch.float32 and loaded.tolist() == [[1.5], [-2.0]]
    with pytest.raises(ValueError, match="tensor `x` is of type U16"):
        load(raw("U16", [1], bytes(2)))


def test_damaged_files() -> None:
    whole = save({"a": torch.arange(4), "b": torch.tensor(1.5)})
    for size in range(len(whole)):
        with pytest.raises(library.SafetensorError):
            load(whole[:size])
    with pytest.raises(library.SafetensorError):
        load(raw("F32", [1 << 40, 1 << 40], bytes(4)))


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name, name="safetensors")

    monkeypatch.setattr("importlib.import_module", missing)
    for call in (lambda: save({}), lambda: load(b"")):
        with pytest.raises(ModuleNotFoundError, match=r"pip install 'tinygrad_kr\[safetensors\]'"):
            call()
