"""What `save` writes and `load` gives back: values, types, shared memory, the layout of the file."""

from __future__ import annotations

import argparse
import io
import pickle
import struct
import subprocess
import sys
import zipfile
from collections import Counter, OrderedDict, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr as torch
from tinygrad_kr.serialization import archive as archive_page

DTYPES = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]
both_formats = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def through(x: Any, zipped: bool = True, **how: Any) -> Any:
    """`x`, saved and loaded."""
    file = io.BytesIO()
    torch.save(x, file, _use_new_zipfile_serialization=zipped)
    file.seek(0)
    return torch.load(file, **how)


def repacked(content: bytes, changes: dict[str, bytes]) -> io.BytesIO:
    """An archive with some of its records replaced."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as out:
        for name in source.namelist():
            out.writestr(name, changes.get(name.partition("/")[2], source.read(name)))
    target.seek(0)
    return target


def saved(x: Any) -> bytes:
    """The content of a file with `x`."""
    file = io.BytesIO()
    torch.save(x, file)
    return file.getvalue()


def same(a: Any, b: Any) -> bool:
    """Whether two nested values are equal, in types too."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (torch.Tensor, np.ndarray)):
        x, y = (v.detach().numpy() if isinstance(v, torch.Tensor) else v for v in (a, b))
        kind = lambda v: (v.dtype, v.shape, v.strides if v.size else 0)  # noqa: E731
        grad = (getattr(v, "requires_grad", None) for v in (a, b))
        return kind(x) == kind(y) and x.tobytes() == y.tobytes() and len(set(grad)) == 1
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers()
)


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    """A tensor of any dtype: transposed, stepped, expanded or empty."""
    shape = draw(st.lists(st.integers(0, 3), max_size=4))
    numbers = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    array = numbers.astype(draw(st.sampled_from(DTYPES))).transpose(draw(st.permutations(range(len(shape)))))
    if shape and draw(st.booleans()):
        array = array[..., ::2]
    x = torch.from_numpy(array)
    if draw(st.booleans()):
        x = x.expand(2, *x.shape)
    if x.is_floating_point() and draw(st.booleans()):
        return torch.nn.Parameter(x) if draw(st.booleans()) else x.requires_grad_()
    return x


values = st.recursive(
    scalars | tensors(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.integers()), inner, max_size=4)
        | st.dictionaries(st.text(), inner, max_size=3).map(OrderedDict)
    ),
    max_leaves=12,
)


@both_formats
@given(value=values)
def test_what_was_saved_is_loaded(zipped: bool, value: Any) -> None:
    assert same(through(value, zipped), value)


SPECIAL = [
    bytearray(b"ab\xff"),
    {1, "a", (2, 3)},
    frozenset({1.5}),
    Counter("banana"),
    defaultdict(list, a=[1]),
    defaultdict(None, {1: 2}),
    torch.Size([2, 3]),
    torch.float32,
    torch.bfloat16,
    torch.device("cuda", 1),
    np.float64(2.5),
    np.bool_(True),
    np.arange(6, dtype=np.uint16).reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.zeros((0, 3)),
    np.dtype("int8"),
    np.random.RandomState(0).get_state(),
    "\ud800 and 한글",
    -(2**5000),
]


@pytest.mark.parametrize("value", SPECIAL, ids=lambda value: type(value).__name__)
def test_other_types(value: Any) -> None:
    assert same(through([value, value])[1], value)


def test_containers_that_contain_themselves() -> None:
    a: list[Any] = [{}]
    a[0]["a"] = a
    b = through(a)
    assert b[0]["a"] is b


def test_one_object_stays_one() -> None:
    x = torch.zeros(2)
    first, second, pair, again = through([x, x, (pair := (1, 2)), pair])
    assert first is second and pair is again


@both_formats
def test_views_stay_views(zipped: bool) -> None:
    x = torch.arange(24.0).reshape(2, 3, 4)
    views = [x, x[1], x.permute(2, 0, 1), x[:, ::2, 1:], x.detach()]
    loaded = through(views, zipped)
    assert [v.stride() for v in loaded] == [v.stride() for v in views]
    assert [v.storage_offset() for v in loaded] == [v.storage_offset() for v in views]
    loaded[0].mul_(2)
    assert all(torch.equal(a, 2 * b) for a, b in zip(loaded, views))
    assert loaded[1]._version == loaded[0]._version == 1


def test_overlapping_parts_share_memory_without_the_whole() -> None:
    x = torch.arange(100.0)
    a, b, c = through([x[10:20], x[15:30], x[50:60]])
    b[0] = -1.0
    assert a[5] == -1 and torch.equal(c, x[50:60])


def test_channels_last_stays_channels_last() -> None:
    x = torch.from_numpy(np.random.rand(2, 4, 5, 3)).permute(0, 3, 1, 2)
    assert through(x).stride() == x.stride() and torch.equal(through(x), x)


def test_steps_that_pytorch_has_not() -> None:
    x = torch.from_numpy(np.arange(6.0).reshape(2, 3))
    x.data = torch.tensor(0.0)
    x._array = np.arange(6.0)[::-1]
    assert through(x).tolist() == [5, 4, 3, 2, 1, 0] and through(x).stride() == (1,)


def test_tied_weights_are_written_once(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Embedding(50, 8), torch.nn.Linear(8, 50, bias=False))
    model[1].weight = model[0].weight
    torch.save(model.state_dict(), tmp_path / "tied.pt")
    assert sum("/data/" in name for name in zipfile.ZipFile(tmp_path / "tied.pt").namelist()) == 1
    loaded = torch.load(tmp_path / "tied.pt")
    assert loaded["0.weight"].data_ptr() == loaded["1.weight"].data_ptr()


def test_a_view_does_not_take_the_whole_memory_along() -> None:
    assert len(saved(torch.zeros(100_000)[:3])) < 3000


def test_one_memory_as_two_dtypes() -> None:
    x = torch.zeros(4)
    with pytest.raises(RuntimeError, match=r"view the same data as different types.*clone"):
        torch.save([x, torch.from_numpy(x.numpy().view(np.int32))], io.BytesIO())


def test_tensors_in_a_graph_and_attributes() -> None:
    x = torch.zeros(2, requires_grad=True)
    assert through(x * 2).requires_grad and through(x * 2).is_leaf
    parameter = torch.nn.Parameter(torch.zeros(2), requires_grad=False)
    parameter.tag = x.tag = ["mine"]
    assert through(parameter).tag == through(x).tag == ["mine"] and not through(parameter).requires_grad
    buffer = through(torch.nn.Buffer(torch.zeros(2), persistent=False))
    assert isinstance(buffer, torch.nn.Buffer) and not buffer.persistent


def test_state_dicts_keep_their_metadata() -> None:
    state = torch.nn.Sequential(torch.nn.BatchNorm1d(2)).state_dict()
    assert through(state)._metadata == state._metadata


# -- the file ------------------------------------------------------------------------------------------------


def test_layout_of_the_archive(tmp_path: Path) -> None:
    torch.save([torch.zeros(3), torch.zeros(0)], tmp_path / "model.v1.pt")
    content = (tmp_path / "model.v1.pt").read_bytes()
    packed = zipfile.ZipFile(io.BytesIO(content))
    assert packed.testzip() is None
    names = (
        "data.pkl .format_version .storage_alignment byteorder data/0 data/1 version .data/serialization_id"
    )
    assert packed.namelist() == [f"model.v1/{name}" for name in names.split()]
    assert packed.read("model.v1/version") == b"3\n" and packed.read("model.v1/data/0") == bytes(12)
    for entry in packed.infolist():
        name, extra = struct.unpack("<2H", content[entry.header_offset + 26 :][:4])
        assert (entry.header_offset + 30 + name + extra) % 64 == 0 and entry.compress_type == 0


def test_64_bit_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_page, "BIG", 300)
    x = [torch.arange(100.0), torch.arange(3)]
    content = saved(x)
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    assert same(torch.load(io.BytesIO(content)), x)


def test_names_of_files(tmp_path: Path) -> None:
    for name in ("가중치.pt", ".pt", "a b", "x" * 250 + ".pt"):
        torch.save({"a": 1}, str(tmp_path / name))
        assert torch.load(tmp_path / name) == {"a": 1}


def test_file_objects(tmp_path: Path) -> None:
    class OnlyWrites:
        content = b""

        def write(self, part: bytes) -> None:
            self.content += part

    target = OnlyWrites()
    torch.save(torch.arange(3), target)
    assert torch.load(io.BytesIO(target.content)).tolist() == [0, 1, 2]
    with open(tmp_path / "two", "w+b") as file:  # the old format can have several in one file
        for number in range(2):
            torch.save(torch.tensor(number), file, _use_new_zipfile_serialization=False)
        file.seek(0)
        assert [torch.load(file).item() for _ in range(2)] == [0, 1]
    with pytest.raises(AttributeError, match="expected 'f' to be string, path, or a file-like"):
        torch.save(1, 3)
    with pytest.raises(AttributeError, match=r"int.*pre-load the data into a buffer"):
        torch.load(3)
    with pytest.raises(FileNotFoundError):
        torch.load(tmp_path / "missing.pt")


def test_big_endian_files() -> None:
    x = [torch.arange(3.0), torch.tensor([1 + 2j]), torch.tensor([True])]
    swapped = {f"data/{k}": v.numpy().byteswap().tobytes() for k, v in enumerate(x)}
    assert same(torch.load(repacked(saved(x), {"byteorder": b"big", **swapped})), x)
    with pytest.raises(RuntimeError, match="Unknown endianness type: b'middle'"):
        torch.load(repacked(saved(x), {"byteorder": b"middle"}))


def test_bfloat16_becomes_float32() -> None:
    x = torch.tensor([1.5, -2.0, float("inf"), 0.0])
    half = (x.numpy().view(np.uint32) >> 16).astype(np.uint16).tobytes()
    pickled = zipfile.ZipFile(io.BytesIO(saved([x, x[1:]]))).read("archive/data.pkl")
    changes = {"data.pkl": pickled.replace(b"FloatStorage", b"BFloat16Storage"), "data/0": half}
    whole, part = torch.load(repacked(saved([x, x[1:]]), changes))
    assert same(whole, x)
    whole[1] = 7.0
    assert part[0] == 7


def test_protocol_4_is_read() -> None:
    import pickle

    value = {
        "a": [1, (2.5, None)],
        "b": b"xy",
        "s": {1},
        "f": frozenset({2}),
        "t": bytearray(b"z"),
        "u": "x" * 300,
    }
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        content = pickle.dumps(value, protocol)
        assert same(torch.load(repacked(saved(0), {"data.pkl": content})), value)


# -- arguments -----------------------------------------------------------------------------------------------


def test_map_location() -> None:
    x = torch.arange(3.0)
    seen = []
    for place in ("cpu", torch.device("cpu"), b"cpu", {"cpu": "cpu:0"}, {}, lambda storage, place: None):
        assert same(through(x, map_location=place), x)
    through(
        [x, torch.zeros(2)],
        map_location=lambda storage, place: seen.append((len(storage), place)) or storage.cpu(),
    )
    assert seen == [(3, "cpu"), (2, "cpu")]
    with pytest.raises(RuntimeError, match=r"deserialize object on a CUDA device.*map_location=torch.device"):
        through(x, map_location="cuda:1")
    with pytest.raises(AssertionError, match="not compiled with CUDA"):
        through(x, map_location=lambda storage, place: storage.cuda(0))
    with pytest.raises(RuntimeError, match=r"don't know how to restore.*mps"):
        through(x, map_location={"cpu": "mps"})
    with pytest.raises(TypeError, match=r"map_location must be.*int"):
        through(x, map_location=3)
    with pytest.raises(TypeError, match="must return the storage"):
        through(x, map_location=lambda storage, place: x)


def test_files_from_a_gpu_need_map_location() -> None:
    content = saved(torch.arange(3.0))
    pickled = zipfile.ZipFile(io.BytesIO(content)).read("archive/data.pkl")
    on_gpu = pickled.replace(b"\3\0\0\0cpu", b"\6\0\0\0cuda:0")
    with pytest.raises(RuntimeError, match=r"CUDA device but torch.cuda.is_available"):
        torch.load(repacked(content, {"data.pkl": on_gpu}))
    for place in ("cpu", {"cuda:0": "cpu"}, lambda storage, place: storage):
        assert torch.load(repacked(content, {"data.pkl": on_gpu}), map_location=place).tolist() == [0, 1, 2]


def test_other_arguments(tmp_path: Path) -> None:
    import pickle

    torch.save(1, tmp_path / "f", pickle, 4)
    for how in ({"weights_only": False}, {"mmap": True}, {"pickle_module": pickle}, {"encoding": "latin1"}):
        assert torch.load(tmp_path / "f", **how) == 1
    with pytest.raises(ValueError, match="pickle_module must be"):
        torch.save(1, tmp_path / "f", pickle_module=struct)
    with pytest.raises(ValueError, match="pickle_module must be"):
        torch.load(tmp_path / "f", pickle_module=struct)
    with pytest.raises(TypeError, match="unexpected keyword argument 'weight_only'"):
        torch.load(tmp_path / "f", weight_only=True)


# -- what cannot be saved ------------------------------------------------------------------------------------


class Config:
    def __init__(self, lr: float) -> None:
        self.lr = lr

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Config) and vars(self) == vars(other)

    __hash__ = None


class Special(torch.Tensor):
    pass


REFUSED = [
    (torch.nn.Linear(1, 1), r"whole tinygrad_kr.nn.linear.Linear at \['a'\]\[0\]: save its state_dict"),
    (torch.optim.SGD([torch.zeros(1, requires_grad=True)]), "SGD.*save its state_dict"),
    (lambda: None, "<lambda>, a class or function"),
    (Config, "Config, a class or function"),
    (Config(1.0), r"test_serialization.Config at \['a'\]\[0\].*add_safe_globals"),
    (argparse.Namespace(), "argparse.Namespace.*dict"),
    (Path("x"), "PosixPath|WindowsPath"),
    (np.array(["a"]), "NumPy's <U1.*tolist"),
    (np.array([{}]), "NumPy's object"),
    (np.arange(2, dtype=">i4"), "NumPy's >i4"),
    (torch.zeros(2).numpy().data, "memoryview"),
    (Special(2), r"Special.*x.detach\(\)"),
    (torch.Generator() if hasattr(torch, "Generator") else object(), "Generator|object"),
]


@pytest.mark.parametrize(("value", "message"), REFUSED, ids=lambda x: x if isinstance(x, str) else "")
def test_what_is_no_data_is_refused(tmp_path: Path, value: Any, message: str) -> None:
    import pickle

    torch.save("old", tmp_path / "f")
    with pytest.raises(pickle.PicklingError, match=message):
        torch.save({"a": [value]}, tmp_path / "f")
    assert torch.load(tmp_path / "f") == "old" and len(list(tmp_path.iterdir())) == 1


def test_safe_globals() -> None:
    import pickle

    names = torch.serialization
    with names.safe_globals([Config, argparse.Namespace]):
        content = saved([Config(0.5), argparse.Namespace(a=torch.ones(1))])
        config, options = torch.load(io.BytesIO(content))
        assert config == Config(0.5) and options.a.item() == 1
    with pytest.raises(
        pickle.UnpicklingError, match=r"GLOBAL tests.test_serialization.Config .*add_safe_globals"
    ):
        torch.load(io.BytesIO(content))
    names.add_safe_globals([(Config, "tests.test_serialization.Config"), argparse.Namespace])
    try:
        assert names.get_safe_globals() == [Config, argparse.Namespace]
        assert torch.load(io.BytesIO(content))[0] == Config(0.5)
    finally:
        names.clear_safe_globals()
    assert names.get_safe_globals() == []
    with pytest.raises(ValueError, match="pair of one and its full name"):
        names.add_safe_globals([(Config, 3)])


def test_nothing_of_pytorch_is_imported(tmp_path: Path) -> None:
    program = f"""
import sys
sys.modules["torch"] = None  # importing it fails
import tinygrad_kr as torch
path = {str(tmp_path / "f")!r}
torch.save({{"w": torch.nn.Linear(2, 1).weight, "size": torch.Size([1]), "dtype": torch.float32}}, path)
print(sorted(torch.load(path)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "['dtype', 'size', 'w']\n"


def test_a_sparse_matrix_is_refused_with_what_to_save() -> None:
    with pytest.raises(pickle.PicklingError, match=r"sparse matrix .*at \['adjacency'\].*x\.indices\(\)"):
        torch.save({"adjacency": torch.eye(2).to_sparse()}, io.BytesIO())
