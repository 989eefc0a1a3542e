"""The Tensor itself: what it holds, how it leaves the framework, how it is copied, what its errors say."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

import tinygrad_kr as torch


def test_attributes() -> None:
    x = torch.zeros(2, 3, dtype=torch.float64)
    assert x.shape == x.size() == torch.Size([2, 3]) and x.size(-1) == 3
    assert (x.ndim, x.dim(), x.numel(), x.nelement(), len(x)) == (2, 2, 6, 6, 2)
    assert x.dtype is torch.float64 and x.device == torch.device("cpu") and x.get_device() == -1
    assert (x.itemsize, x.element_size(), x.nbytes) == (8, 8, 48)
    assert x.stride() == (3, 1) and x.stride(0) == 3 and x.is_contiguous() and not x.t().is_contiguous()
    assert x[1].storage_offset() == 3
    assert x.is_floating_point() and not x.is_complex() and x.is_signed()
    assert not (x.is_cuda or x.is_sparse or x.is_quantized)
    with pytest.raises(IndexError, match=r"range of \[-2, 1\], but got 2"):
        x.size(2)


def test_legacy_constructors() -> None:
    assert torch.Tensor([1, 2]).dtype is torch.float32
    assert torch.Tensor(2, 3).shape == (2, 3)
    assert torch.Tensor().shape == (0,)
    assert torch.Tensor(torch.Size([4])).shape == (4,)


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1, torch.int64),
        (1.5, torch.float32),
        (True, torch.bool),
        ([1, 2.5], torch.float32),
        ([], torch.float32),
        ([[True], [False]], torch.bool),
        (np.float64(1.5), torch.float64),
        (np.arange(3, dtype=np.int32), torch.int32),
        ([np.float64(1.5)], torch.float64),
        ([torch.tensor(1), torch.tensor(2)], torch.int64),
    ],
)
def test_dtype_of_data(data: object, dtype: object) -> None:
    assert torch.tensor(data).dtype is dtype


def test_data_errors() -> None:
    with pytest.raises(ValueError, match="equal lengths"):
        torch.tensor([[1, 2], [3]])
    with pytest.raises(TypeError, match="'text'"):
        torch.tensor("text")
    with pytest.raises(TypeError, match="ndarray"):
        torch.from_numpy([1, 2])
    with pytest.raises(RuntimeError, match="negative dimension -1"):
        torch.zeros(2, -1)


def test_tensor_copies_and_from_numpy_shares() -> None:
    array = np.zeros(2)
    copied, shared = torch.tensor(array), torch.from_numpy(array)
    array[0] = 7
    assert copied[0] == 0 and shared[0] == 7
    shared.add_(1)
    assert array.tolist() == [8, 1]
    assert shared.numpy() is array


def test_numbers() -> None:
    assert torch.tensor(2.5).item() == 2.5 and isinstance(torch.tensor(2).item(), int)
    assert int(torch.tensor([3])) == 3 and float(torch.tensor(1.5)) == 1.5
    assert [10, 20, 30][torch.tensor(1)] == 20
    assert torch.tensor([[1, 2]]).tolist() == [[1, 2]]
    with pytest.raises(RuntimeError, match="2 elements"):
        torch.ones(2).item()
    with pytest.raises(TypeError, match="index"):
        [1][torch.tensor(0.0)]


def test_truth() -> None:
    assert torch.tensor([1]) and not torch.tensor(0.0)
    with pytest.raises(RuntimeError, match=r"ambiguous.*any"):
        bool(torch.ones(2))
    assert 2 in torch.tensor([1, 2]) and 3 not in torch.tensor([1, 2])


def test_iteration_stays_on_the_graph() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    sum(one * one for one in x).backward()
    assert x.grad.tolist() == [2, 4]
    with pytest.raises(TypeError, match="0-d"):
        iter(torch.tensor(1.0))


def test_text() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert repr(x) == "tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<MulBackward0>)"
    assert f"{torch.tensor(1.23456):.2f}" == "1.23" and f"{(x * 2).sum():.1f}" == "6.0"
    assert f"{torch.tensor([1])}" == "tensor([1])"


def test_hash_is_identity() -> None:
    x, y = torch.ones(1), torch.ones(1)
    assert len({x, y, x}) == 2


def test_data_and_detach_share_memory() -> None:
    x = torch.ones(2, requires_grad=True)
    assert not x.detach().requires_grad and not x.data.requires_grad
    x.data[0] = 5
    assert x.tolist() == [5, 1]
    x.data = torch.zeros(3)
    assert x.shape == (3,)
    (x * 2).sum().backward()
    assert x.grad.shape == (3,)


def test_assigning_a_gradient_is_checked() -> None:
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"different size: \[3\].*\[2\]"):
        x.grad = torch.ones(3)
    with pytest.raises(RuntimeError, match="different type"):
        x.grad = torch.ones(2, dtype=torch.float64)
    with pytest.raises(TypeError, match="list"):
        x.grad = [1.0, 1.0]
    x.grad = torch.ones(2)
    del x.grad
    assert x.grad is None


def test_deepcopy_and_pickle() -> None:
    x = torch.ones(2, requires_grad=True)
    x.grad = torch.full((2,), 3.0)
    twin = copy.deepcopy(x)
    twin.data[0] = 9
    assert x.tolist() == [1, 1] and twin.grad.tolist() == [3, 3] and twin.requires_grad
    back = pickle.loads(pickle.dumps(x))
    assert back.tolist() == [1, 1] and back.requires_grad
    shared = copy.deepcopy([x, x])
    assert shared[0] is shared[1]
    with pytest.raises(RuntimeError, match=r"detach\(\)"):
        copy.deepcopy(x * 2)


def test_freezing_keeps_hooks() -> None:
    x = torch.ones(1, requires_grad=True)
    x.register_hook(lambda g: g * 10)
    x.requires_grad_(False)
    x.requires_grad_(True)
    (x * 2).sum().backward()
    assert x.grad.item() == 20
    with pytest.raises(RuntimeError, match="leaf variables"):
        (x * 2).requires_grad_(False)


def test_type_promotion() -> None:
    f32, f64, i64 = torch.ones(2), torch.ones(2, dtype=torch.float64), torch.ones(2, dtype=torch.int64)
    assert (f32 + f64).dtype is torch.float64
    assert (f32 + torch.tensor(1.0, dtype=torch.float64)).dtype is torch.float32
    assert (i64 + f32).dtype is torch.float32
    assert (i64 + 1.5).dtype is torch.float32
    assert (i64 / i64).dtype is torch.float32
    assert (f32 * np.float64(2)).dtype is torch.float32
    assert (np.float64(2) * f32).dtype is torch.float32
    assert (np.ones(2) + f32).dtype is torch.float64
    assert (True + i64).dtype is torch.int64


def test_unknown_operands() -> None:
    class Reflected:
        def __radd__(self, other: object) -> str:
            return "mine"

    assert torch.ones(1) + Reflected() == "mine"
    with pytest.raises(TypeError, match="unsupported operand"):
        torch.ones(1) + "text"
    with pytest.raises(TypeError, match="str"):
        torch.add(torch.ones(1), "text")
    with pytest.raises(RuntimeError, match=r"tensor a \(2\) must match the size of tensor b \(3\)"):
        torch.ones(2) + torch.ones(3)


def test_cuda_is_refused_with_words() -> None:
    with pytest.raises((RuntimeError, AssertionError), match=r"(?i)cuda"):
        torch.ones(1).cuda()
    with pytest.raises((RuntimeError, AssertionError), match=r"(?i)cuda"):
        torch.ones(1, device="cuda")
    assert torch.ones(1).to("cpu").cpu().device.type == "cpu"


def installed_modules(program: str) -> set[str]:
    """The packages from site-packages that a program loads."""
    code = (
        f"import sys; {program}; "
        "print(*sorted({name.partition('.')[0] for name, module in sys.modules.items() "
        "if 'site-packages' in (getattr(module, '__file__', None) or '')}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_core_imports_numpy_and_threadpoolctl_alone() -> None:
    loaded = installed_modules("import tinygrad_kr") - installed_modules("pass")
    assert {name for name in loaded if not name.startswith("_")} <= {"numpy", "threadpoolctl", "tinygrad_kr"}
