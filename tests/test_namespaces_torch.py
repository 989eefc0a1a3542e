"""The namespaces beside tensors answer as PyTorch's CPU build does."""

from __future__ import annotations

import pytest

from tests.ops.said_twice import check

pytestmark = pytest.mark.torch
pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.mark.parametrize(
    "words",
    """
torch.cuda.is_available()
torch.cuda.device_count()
torch.cuda.is_initialized()
torch.cuda.is_bf16_supported()
torch.cuda.manual_seed_all(1)
torch.cuda.empty_cache()
torch.cuda.memory_allocated()
torch.cuda.get_rng_state_all()
torch.cuda.current_device()
torch.cuda.synchronize()
torch.cuda.get_device_name(0)
torch.cuda.FloatTensor(2)
torch.accelerator.is_available()
torch.accelerator.current_accelerator()
torch.accelerator.current_device_index()
torch.backends.mps.is_available()
torch.backends.cudnn.enabled
torch.backends.cudnn.benchmark
torch.backends.cudnn.is_available()
torch.backends.cuda.is_built()
torch.mps.is_available()
torch.xpu.is_available()
torch.version.cuda
torch.distributed.is_initialized()
torch.get_float32_matmul_precision()
torch.are_deterministic_algorithms_enabled()
torch.is_autocast_enabled()
torch.get_autocast_dtype('cpu')
torch.get_default_device()
torch.get_deterministic_debug_mode()
torch.set_num_interop_threads(0)
torch.set_deterministic_debug_mode(5)
torch.is_storage(x)
torch.typename(x)
torch.typename(i)
torch.typename(torch.nn.Linear)[-6:]
torch.typename([])
torch.jit.is_scripting()
torch.jit.is_tracing()
torch.compiler.is_compiling()
torch.FloatTensor(2, 3).shape
torch.FloatTensor([1, 2])
torch.FloatTensor(x) is x
torch.LongTensor([[1, 2]])
torch.LongTensor(x)
torch.LongTensor()
torch.ByteTensor([1])
torch.HalfTensor([1.5])
torch.BoolTensor([True, False])
torch.IntTensor(3, 2).dtype
torch.FloatTensor(x.shape).shape
torch.FloatTensor([1], [2])
isinstance(x, torch.FloatTensor)
isinstance(i, torch.FloatTensor)
isinstance(i, torch.LongTensor)
torch.amp.GradScaler('cuda', enabled=False).get_scale()
""".strip().splitlines(),
)
def test_said_twice(words: str) -> None:
    check(words)
