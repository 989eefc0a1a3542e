"""What a CPU program touches beside tensors: it is there, does nothing, and says so honestly."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import tinygrad_kr as torch

NAMESPACES = [
    "accelerator",
    "amp",
    "backends",
    "backends.cudnn",
    "compiler",
    "cuda",
    "cuda.amp",
    "distributed",
    "fx",
    "hub",
    "jit",
    "mps",
    "multiprocessing",
    "onnx",
    "overrides",
    "profiler",
    "types",
    "version",
    "xpu",
]


@pytest.mark.parametrize("name", NAMESPACES)
def test_namespaces_are_modules_and_attributes(name: str) -> None:
    module = importlib.import_module(f"tinygrad_kr.{name}")
    found = torch
    for part in name.split("."):
        found = getattr(found, part)
    assert found is module and name.partition(".")[0] in dir(torch)
    assert all(hasattr(module, one) for one in getattr(module, "__all__", ()))


def test_a_name_that_is_not_there_is_not_there() -> None:
    assert not hasattr(torch, "quantize_per_tensor")
    with pytest.raises(ImportError, match="quantize_per_tensor"):
        exec("from tinygrad_kr import quantize_per_tensor")


@pytest.mark.parametrize(
    "call, instead",
    [
        (lambda: torch.onnx.export(None), "torch.save"),
        (lambda: torch.hub.load("a/b", "c"), "own source"),
        (lambda: torch.distributed.init_process_group("gloo"), "one process"),
        (lambda: torch.fx.symbolic_trace(None), "grad_fn"),
        (lambda: torch.jit.load("x.pt"), "torch.load"),
        (lambda: importlib.import_module("tinygrad_kr.utils.model_zoo").load_url("x"), "torch.load"),
    ],
)
def test_what_is_absent_raises_at_the_call_and_names_an_alternative(call: object, instead: str) -> None:
    with pytest.raises(RuntimeError, match=instead):
        call()


def test_devices_that_are_not_there_raise_as_in_pytorch() -> None:
    with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
        torch.cuda.synchronize()
    with pytest.raises(TypeError, match=r"not available.*torch.FloatTensor"):
        torch.cuda.FloatTensor(2)
    with pytest.raises(RuntimeError, match="is_available"):
        torch.accelerator.current_device_index()
    with pytest.raises(AssertionError, match="CUDA"):
        torch.set_default_device("cuda")


def test_a_scaler_without_cuda_steps_the_optimizer() -> None:
    w = torch.ones(2, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=1.0)
    scaler = torch.cuda.amp.GradScaler()
    with torch.cuda.amp.autocast():
        loss = (w * w).sum()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert w.tolist() == [-1.0, -1.0] and scaler.state_dict() == {}


def _square(i: int, path: str) -> None:
    with open(f"{path}/{i}", "w") as file:
        file.write(str(i * i))
    assert i < 2


def test_spawn_runs_processes_and_reports_one_that_fails(tmp_path) -> None:
    with pytest.raises(RuntimeError, match="process 2 of 3"):
        torch.multiprocessing.spawn(_square, (str(tmp_path),), nprocs=3)
    assert [(tmp_path / str(i)).read_text() for i in range(3)] == ["0", "1", "4"]


def test_legacy_constructors() -> None:
    assert torch.FloatTensor(2, 3).tolist() == [[0.0] * 3] * 2
    assert torch.LongTensor([1, 2]).dtype is torch.int64
    assert isinstance(torch.ones(1), torch.FloatTensor) and not isinstance(torch.ones(1), torch.LongTensor)
    with pytest.raises(TypeError, match=r"torch.LongTensor.*torch.FloatTensor"):
        torch.LongTensor(torch.ones(1))
    with pytest.raises(TypeError, match=r"torch.HalfTensor, torch.FloatTensor, torch.DoubleTensor"):
        torch.set_default_tensor_type("torch.cuda.FloatTensor")


def test_a_plain_module_is_no_scripted_one() -> None:
    assert not isinstance(torch.nn.Linear(1, 1), torch.jit.ScriptModule)
    assert issubclass(torch.jit.ScriptModule, torch.nn.Module)


def test_where_downloads_would_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", "/somewhere")
    assert torch.hub.get_dir() == "/somewhere/hub"


def test_types_that_older_models_import_from_jit() -> None:
    from tinygrad_kr.jit.annotations import List

    assert List[int].__args__ == (int,)


def test_memory_goes_to_other_libraries_and_comes_back_by_dlpack() -> None:
    array = np.arange(6.0).reshape(2, 3)
    tensor = torch.from_dlpack(array)
    tensor[0, 0] = 7
    assert array[0, 0] == 7 and torch.utils.dlpack.from_dlpack is torch.from_dlpack
    assert np.shares_memory(np.from_dlpack(tensor), array)
    assert tensor.__dlpack_device__() == array.__dlpack_device__()
    with pytest.raises(BufferError, match="detach"):
        torch.to_dlpack(torch.ones(2, requires_grad=True))
    with pytest.raises(TypeError, match="__dlpack__"):
        torch.from_dlpack([1.0])


def test_what_libraries_ask_about_foreign_tensors() -> None:
    assert torch.overrides.is_tensor_like(torch.ones(2)) and not torch.overrides.is_tensor_like(2)
    assert torch.overrides.is_tensor_method_or_property(torch.Tensor.add)
    assert not torch.overrides.is_tensor_method_or_property(len)
    assert not torch.overrides.has_torch_function((torch.ones(2),))


def test_former_and_private_places() -> None:
    from tinygrad_kr.autograd.variable import Variable
    from tinygrad_kr.utils.data._utils.collate import default_collate

    assert Variable is torch.autograd.Variable
    assert default_collate is torch.utils.data.default_collate
    storage = torch.ones(1000).untyped_storage()
    assert storage.nbytes() <= storage.__sizeof__() < 2 * storage.nbytes()
