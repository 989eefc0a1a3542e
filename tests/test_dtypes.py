"""dtype singletons, promotion, limits, ``Size`` and ``device``; test_dtypes_torch.py compares them all."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from tinygrad_kr import dtypes
from tinygrad_kr.devices import device, require_cpu
from tinygrad_kr.size import Size

STORED = ["float16", "float32", "float64", "complex64", "complex128"]
STORED += ["uint8", "int8", "int16", "int32", "int64", "bool"]


@pytest.mark.parametrize("name", [*STORED, "bfloat16"])
def test_dtype_is_a_singleton_named_as_in_pytorch(name: str) -> None:
    d = getattr(dtypes, name)
    assert repr(d) == str(d) == f"torch.{name}"
    assert pickle.loads(pickle.dumps(d)) is d
    assert copy.deepcopy([d])[0] is d
    assert {d: 1}[d] == 1


@pytest.mark.parametrize("name", STORED)
def test_dtype_and_numpy_dtype_translate_both_ways(name: str) -> None:
    d = getattr(dtypes, name)
    assert d.numpy == np.dtype(name)
    assert d.itemsize == np.dtype(name).itemsize
    assert dtypes.from_numpy(np.dtype(name)) is d
    assert dtypes.as_dtype(d) is dtypes.as_dtype(np.dtype(name)) is dtypes.as_dtype(np.dtype(name).type) is d


def test_aliases() -> None:
    pairs = {"half": "float16", "float": "float32", "double": "float64", "short": "int16", "int": "int32"}
    for alias, name in {**pairs, "long": "int64"}.items():
        assert getattr(dtypes, alias) is getattr(dtypes, name)


def test_python_types_mean_what_they_mean_to_pytorch() -> None:
    found = [dtypes.as_dtype(t) for t in (float, int, bool, complex)]
    assert found == [dtypes.float64, dtypes.int64, dtypes.bool, dtypes.complex128]


@pytest.mark.parametrize("wrong", ["float32", None, 3, str, np.zeros(2), object()])
def test_as_dtype_names_what_it_cannot_read(wrong: object) -> None:
    with pytest.raises(TypeError, match=rf"not {type(wrong).__name__} \(|numpy\.str_"):
        dtypes.as_dtype(wrong)


def test_as_dtype_says_how_to_write_a_name() -> None:
    with pytest.raises(TypeError, match=r"write torch\.float32"):
        dtypes.as_dtype("float32")


@pytest.mark.parametrize("code", ["u2", "u4", "u8", "O", "U1", "longdouble", "M8[s]", "i4,i4"])
def test_unsupported_numpy_dtypes_are_named(code: str) -> None:
    with pytest.raises(TypeError, match=rf"numpy\.{np.dtype(code).type.__name__}. The only supported types"):
        dtypes.from_numpy(np.dtype(code))


def test_unsigned_types_get_the_wider_type_as_advice() -> None:
    with pytest.raises(TypeError, match=r"array.astype\(np.int64\)"):
        dtypes.from_numpy(np.dtype(np.uint32))


def test_foreign_byte_order_is_told_to_swap() -> None:
    swapped = np.arange(3.0).astype(np.dtype(np.float64).newbyteorder())
    with pytest.raises(ValueError, match="byte-swap it first"):
        dtypes.from_numpy(swapped.dtype)
    with pytest.raises(ValueError, match="byte-swap it first"):
        dtypes.result_type(swapped, 1.0)


def test_bfloat16_exists_without_storage() -> None:
    assert dtypes.bfloat16.is_floating_point and dtypes.bfloat16.itemsize == 2
    assert dtypes.bfloat16 != dtypes.float16
    with pytest.raises(TypeError, match=r"bfloat16.*torch\.float32"):
        _ = dtypes.bfloat16.numpy
    with pytest.raises(AttributeError, match="shape"):
        _ = dtypes.float32.shape


def test_real_and_complex_partners() -> None:
    assert dtypes.float32.to_complex() is dtypes.complex64 is dtypes.complex64.to_complex()
    assert dtypes.complex128.to_real() is dtypes.float64 is dtypes.float64.to_real()
    with pytest.raises(RuntimeError, match="Unknown Complex ScalarType for Char"):
        dtypes.int8.to_complex()


def test_default_dtype_reaches_promotion() -> None:
    ints = np.arange(3)
    assert dtypes.result_type(ints, 0.5) == np.float32
    dtypes.set_default_dtype(dtypes.float64)
    assert dtypes.get_default_dtype() is dtypes.float64
    assert dtypes.default_numpy == np.float64
    assert dtypes.result_type(ints, 0.5) == np.float64
    assert dtypes.result_type(ints, 1j) == np.complex128


@pytest.mark.parametrize(
    "wrong", [dtypes.int32, dtypes.bool, dtypes.complex64, dtypes.bfloat16, "float32", None]
)
def test_default_dtype_must_be_a_stored_floating_type(wrong: dtypes.dtype) -> None:
    with pytest.raises(TypeError, match=r"only floating-point types are supported|NumPy has no bfloat16"):
        dtypes.set_default_dtype(wrong)
    assert dtypes.get_default_dtype() is dtypes.float32
    assert dtypes.default_numpy == np.float32


f16, f32, f64 = (np.ones(2, d) for d in ("f2", "f4", "f8"))
u8, i8, i64, truth = (np.ones(2, d) for d in ("u1", "i1", "i8", "?"))


@pytest.mark.parametrize(
    ("operands", "expected"),
    [
        ((f32, f64), "float64"),
        ((i64, f16), "float16"),  # a floating dtype absorbs integers without widening
        ((u8, i8), "int16"),
        ((f32, np.array(1.0)), "float32"),  # a 0-d array is weak within its category
        ((i64, np.array(1.0)), "float64"),  # and strong above it
        ((f32, np.array(1.0), f64), "float64"),
        ((f16, 2.5), "float16"),
        ((f16, np.float64(2.5)), "float16"),  # NumPy's scalars are weak as Python's
        ((i64, 2.5), "float32"),
        ((u8, 300), "uint8"),
        ((truth, 1), "int64"),
        ((truth, True), "bool"),
        ((np.array(1, "i1"), 2), "int8"),
        ((np.array(1, "i1"), f16, 2.5), "float16"),
        ((f32, 1j), "complex64"),
        ((f64, 1j), "complex128"),
        ((f32, np.array(1j)), "complex64"),  # the dimensioned operand keeps its precision
        ((f16, 1j), "complex64"),  # PyTorch: complex32
        ((1, 2.5), "float32"),
        ((True,), "bool"),
    ],
)
def test_result_type(operands: tuple, expected: str) -> None:
    assert dtypes.result_type(*operands) == np.dtype(expected)
    assert dtypes.result_type(*operands[::-1]) == np.dtype(expected)


def test_result_type_names_what_is_no_number() -> None:
    with pytest.raises(TypeError, match="not str"):
        dtypes.result_type(f32, "1")
    with pytest.raises(TypeError, match="at least one operand"):
        dtypes.result_type()


def test_promotion_with_bfloat16() -> None:
    b = dtypes.bfloat16
    assert dtypes.promote_types(b, dtypes.float16) is dtypes.float32
    assert dtypes.promote_types(dtypes.int64, b) is b is dtypes.promote_types(b, b)
    with pytest.raises(TypeError, match="promote_types"):
        dtypes.promote_types(b, np.float32)


def test_can_cast_never_lowers_the_category() -> None:
    assert dtypes.can_cast(dtypes.float64, dtypes.float16)
    assert dtypes.can_cast(dtypes.int64, dtypes.uint8)
    assert not dtypes.can_cast(dtypes.float32, dtypes.int64)
    assert not dtypes.can_cast(dtypes.uint8, dtypes.bool)


def test_limits_print_as_pytorch_prints_them() -> None:
    assert repr(dtypes.finfo()) == (
        "finfo(resolution=1e-06, min=-3.40282e+38, max=3.40282e+38, eps=1.19209e-07, "
        "smallest_normal=1.17549e-38, tiny=1.17549e-38, dtype=float32)"
    )
    assert repr(dtypes.iinfo(dtypes.int32)) == "iinfo(min=-2.14748e+09, max=2.14748e+09, dtype=int32)"
    assert dtypes.finfo(dtypes.complex128) == dtypes.finfo(dtypes.float64) != dtypes.finfo(dtypes.float32)
    assert dtypes.finfo(dtypes.float32).min == float(np.finfo(np.float32).min)


def test_limits_of_the_wrong_kind() -> None:
    with pytest.raises(TypeError, match=r"Use torch.iinfo to handle 'torch.int32'"):
        dtypes.finfo(dtypes.int32)
    with pytest.raises(TypeError, match=r"Use torch.finfo to handle 'torch.float32'"):
        dtypes.iinfo(dtypes.float32)
    with pytest.raises(TypeError, match=r"torch.bool is not supported by torch.iinfo"):
        dtypes.iinfo(dtypes.bool)
    with pytest.raises(TypeError, match="not str"):
        dtypes.finfo("float32")


def test_size_stays_a_size() -> None:
    size = Size([2, 3, 4])
    assert repr(size) == "torch.Size([2, 3, 4])"
    assert size == (2, 3, 4) and hash(size) == hash((2, 3, 4))
    assert size.numel() == 24 and Size().numel() == 1
    for same in (
        size[:],
        size[:1] + (3, 4),
        (2,) + size[1:],
        copy.deepcopy(size),
        pickle.loads(pickle.dumps(size)),
    ):
        assert same == size and type(same) is Size
    assert type(size * 2) is type(2 * size) is Size
    assert size[-1] == 4 and type(size[-1]) is int
    assert all(type(n) is int for n in Size([np.int64(2), True]))


def test_size_refuses_what_is_no_int() -> None:
    with pytest.raises(TypeError, match=r"item 1 is 'float': 2.5"):
        Size([1, 2.5])
    with pytest.raises(TypeError, match="can only concatenate tuple"):
        Size([1]) + [2]
    with pytest.raises(TypeError):
        [2] + Size([1])


def test_device_is_a_value() -> None:
    cpu, cuda = device("cpu"), device("cuda:1")
    assert (repr(cpu), str(cpu), cpu.type, cpu.index) == ("device(type='cpu')", "cpu", "cpu", None)
    assert (repr(cuda), str(cuda), cuda.index) == ("device(type='cuda', index=1)", "cuda:1", 1)
    assert cuda == device("cuda", 1) == device(cuda) == pickle.loads(pickle.dumps(cuda)) == copy.copy(cuda)
    assert len({cpu, device("cpu"), device("cpu", 0), device("cpu:0")}) == 2
    assert cpu != "cpu"
    with pytest.raises(AttributeError, match="not writable"):
        cpu.type = "cuda"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("tpu",), RuntimeError, "Expected one of cpu, cuda, .* at start of device string: tpu"),
        (("CUDA:0",), RuntimeError, "write 'cuda:0'"),
        (("cpu:x",), RuntimeError, "Invalid device string: 'cpu:x'"),
        (("cpu:01",), RuntimeError, "Invalid device string"),
        (("",), RuntimeError, "must not be empty"),
        (("cpu", -1), RuntimeError, "must not be negative, got -1"),
        (("cpu:0", 0), RuntimeError, "must not include an index"),
        ((0,), RuntimeError, "Cannot access accelerator"),
        (("cpu", 0.5), TypeError, "must be int, not float"),
        ((2.5,), TypeError, "takes a string"),
        ((None,), TypeError, "takes a string"),
    ],
)
def test_device_errors(arguments: tuple, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        device(*arguments)


def test_require_cpu() -> None:
    assert all(require_cpu(d) == device("cpu") for d in (None, "cpu", "cpu:3", device("cpu", 1)))
    with pytest.raises(AssertionError, match=r"Torch not compiled with CUDA enabled.*'cuda:1'"):
        require_cpu("cuda:1")
    with pytest.raises(RuntimeError, match="'mps' backend"):
        require_cpu(device("mps"))
    with device("cpu") as entered:
        assert entered == device("cpu")
    with pytest.raises(AssertionError), device("cuda"):
        pass
