"""Files that are damaged or made to harm: `load` raises a documented error, and nothing else happens."""

from __future__ import annotations

import collections
import io
import os
import pickle
import re
import tarfile
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tinygrad_kr as torch
from tests.test_serialization import repacked, saved

DOCUMENTED = (pickle.UnpicklingError, RuntimeError, EOFError)

x = torch.arange(12.0).reshape(3, 4)
CONTENT = saved(
    {
        "model": collections.OrderedDict(weight=x, part=x[1:, ::2], bias=torch.nn.Parameter(torch.zeros(3))),
        "rest": [
            1,
            2.5,
            "text",
            b"bytes",
            None,
            True,
            (1, 2),
            {3},
            2**70,
            1j,
            torch.Size([2]),
            torch.float32,
        ],
        "numpy": [np.float64(1.5), np.arange(3), collections.defaultdict(list), collections.Counter("ab")],
    }
)
PICKLE = zipfile.ZipFile(io.BytesIO(CONTENT)).read("archive/data.pkl")
legacy = io.BytesIO()
torch.save([x, x[1:], {"a": 1}], legacy, _use_new_zipfile_serialization=False)
LEGACY = legacy.getvalue()


def attempt(content: bytes, allowed: int) -> Any:
    """What `load` makes of a file, or the documented error that it raises, without much memory or time."""
    tracemalloc.start()
    begin = time.monotonic()
    try:
        return torch.load(io.BytesIO(content))
    except DOCUMENTED as error:
        assert str(error)
        return error
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < allowed, f"{peak} bytes"
        assert time.monotonic() - begin < 20


def attempt_pickle(body: bytes) -> Any:
    return attempt(repacked(CONTENT, {"data.pkl": body}).getvalue(), 3_000_000 + 300 * len(body))


edits = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 3), st.binary(max_size=5)), min_size=1, max_size=8
)


def edited(content: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """The content with some bytes replaced, inserted or left out."""
    for place, gone, put in changes:
        place %= len(content)
        content = content[:place] + put + content[place + gone :]
    return content


@settings(max_examples=max(200, settings().max_examples))
@given(changes=edits)
def test_damaged_archives(changes: list[tuple[int, int, bytes]]) -> None:
    attempt(edited(CONTENT, changes), 3_000_000)


@settings(max_examples=max(300, settings().max_examples))
@given(changes=edits)
def test_damaged_pickles(changes: list[tuple[int, int, bytes]]) -> None:
    attempt_pickle(edited(PICKLE, changes))


@settings(max_examples=max(200, settings().max_examples))
@given(changes=edits)
def test_damaged_legacy_files(changes: list[tuple[int, int, bytes]]) -> None:
    attempt(edited(LEGACY, changes), 3_000_000)


@pytest.mark.parametrize("content", [CONTENT, LEGACY], ids=["zip", "legacy"])
def test_truncated_files(content: bytes) -> None:
    for size in [*range(0, len(content), 37), len(content) - 1]:
        assert isinstance(attempt(content[:size], 3_000_000), DOCUMENTED), size


@settings(max_examples=max(100, settings().max_examples))
@given(content=st.binary(max_size=300))
@example(b"\x80\x02")
def test_noise(content: bytes) -> None:
    assert isinstance(attempt(content, 3_000_000), DOCUMENTED)


# -- what a pickle may not do --------------------------------------------------------------------------------


class Runs:
    """Its pickle asks for a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize(
    ("function", "name"),
    [(os.system, "posix.system|nt.system"), (eval, "eval"), (exec, "exec"), (open, "open")],
)
def test_nothing_is_executed(
    tmp_path: Path, function: Any, name: str, weights_only: bool, protocol: int
) -> None:
    canary = tmp_path / "canary"
    command = {"system": f"touch {canary}", "open": str(canary)}.get(
        function.__name__, f"open({str(canary)!r}, 'w')"
    )
    arguments = (command, "w") if function is open else (command,)
    body = pickle.dumps(Runs(function, *arguments), protocol)
    for file in (repacked(CONTENT, {"data.pkl": body}), io.BytesIO(body)):
        with pytest.raises(pickle.UnpicklingError, match=f"Unsupported global: GLOBAL .*({name})"):
            torch.load(file, weights_only=weights_only)
    assert not canary.exists()


def test_modules_of_the_system_cannot_be_allowed() -> None:
    body = pickle.dumps(Runs(os.system, "true"), 2)
    with torch.serialization.safe_globals([os.system]), pytest.raises(pickle.UnpicklingError, match="system"):
        torch.load(repacked(CONTENT, {"data.pkl": body}))


def test_whole_modules_are_named_with_the_remedy() -> None:
    body = b"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81}b."
    with pytest.raises(
        pickle.UnpicklingError, match=r"torch.nn.modules.linear.Linear .*whole module.*state_dict"
    ):
        torch.load(repacked(CONTENT, {"data.pkl": body}), weights_only=False)
    with pytest.raises(pickle.UnpicklingError, match=r"torch.uint16 .*dense tensors of usual dtypes"):
        torch.load(repacked(CONTENT, {"data.pkl": b"\x80\x02ctorch\nuint16\n."}))


def text(s: str) -> bytes:
    return b"X" + len(s).to_bytes(4, "little") + s.encode()


def number(n: int) -> bytes:
    return b"\x8a\x10" + n.to_bytes(16, "little", signed=True)


REBUILD, HOOKS = b"ctorch._utils\n_rebuild_tensor_v2\n", b"ccollections\nOrderedDict\n)R"


def storage(key: str = "0", kind: str = "Float", count: int = 12) -> bytes:
    return (
        b"("
        + text("storage")
        + f"ctorch\n{kind}Storage\n".encode()
        + text(key)
        + text("cpu")
        + number(count)
        + b"tQ"
    )


def view(offset: int, size: tuple[int, ...], stride: tuple[int, ...], of: bytes = storage()) -> bytes:
    shape, steps = (b"(" + b"".join(map(number, one)) + b"t" for one in (size, stride))
    return REBUILD + b"(" + of + number(offset) + shape + steps + b"\x89" + HOOKS + b"tR"


HUGE = view(0, (1 << 57,), (0,))  # one element, expanded: legal, and too large to look at
NESTED = b")" + b"\x85" * 100_000
DOUBLED = b"K\x01q\0" + b"h\0h\0\x86q\0" * 60 + b"}h\0"
LARGE = text("a" * 100_000) + b"q\x01"
REFUSED = {
    "beyond the storage": ("reaches element 12 of a storage of 12", view(10, (3,), (1,))),
    "far beyond the storage": ("reaches element 1099511627777", view(0, (2, 2), (1 << 40, 1))),
    "negative offset": ("that cannot be", view(-1, (3,), (1,))),
    "negative size": ("that cannot be", view(0, (-3,), (1,))),
    "negative stride": ("that cannot be", view(11, (3,), (-1,))),
    "size and stride differ": ("that cannot be", view(0, (3,), (1, 1))),
    "too many dimensions": ("that cannot be", view(0, (1,) * 65, (1,) * 65)),
    "more than memory": ("larger than any memory", view(0, (1 << 40, 1 << 40), (0, 0))),
    "empty, but more than memory": ("larger than any memory", view(0, (0, 1 << 57, 1 << 57), (1, 1, 1))),
    "a storage of another size": (
        "should have 1099511627776 elements",
        view(0, (3,), (1,), storage(count=1 << 40)),
    ),
    "a storage of another dtype": (
        "96 bytes, but the file has 48",
        view(0, (3,), (1,), storage(kind="Double")),
    ),
    "a storage that is missing": ("missing", view(0, (3,), (1,), storage(key="99"))),
    "a storage outside": ("missing", view(0, (3,), (1,), storage(key="../data.pkl"))),
    "a storage of no dtype": ("storages of known types", b"(" + text("storage") + b"NNNNtQ"),
    "a tensor as a storage": ("needs a storage", view(0, (1 << 40,), (1,), HUGE)),
    "a number as a storage": ("needs a storage", view(0, (3,), (1,), b"K\x01")),
    "gradients of integers": (
        "floating point",
        view(0, (1,), (1,), storage("1", "Int", 3)).replace(b"\x89", b"\x88"),
    ),
    "a tensor's memory replaced": ("state of a Tensor", HUGE + b"}" + text("_array") + b"Nsb"),
    "a tensor's attribute replaced": (
        "cannot set the attribute '_array'",
        b"ctorch._tensor\n_rebuild_from_type_v2\n("
        + REBUILD
        + b"ctorch\nTensor\n("
        + storage()
        + b"K\0))\x89"
        + HOOKS
        + b"t}"
        + text("_array")
        + b"NstR",
    ),
    "a parameter of no tensor": (
        "needs a tensor",
        b"ctorch._utils\n_rebuild_parameter\n(K\x01\x88" + HOOKS + b"tR",
    ),
    "1 TB of bytes": ("latin1", b"c__builtin__\nbytearray\n(" + number(1 << 40) + b"tR"),
    "a list of a tensor": ("list or tuple", b"c__builtin__\nset\n(" + HUGE + b"tR"),
    "an ordered dict of a tensor": ("list or tuple", b"ccollections\nOrderedDict\n(" + HUGE + b"tR"),
    "pairs of tensors": ("list or tuple", b"ccollections\nOrderedDict\n((" + HUGE + b"ttR"),
    "a size of a tensor": ("list or tuple", b"ctorch\nSize\n(" + HUGE + b"tR"),
    "a counter of a tensor": ("made of a dict", b"ccollections\nCounter\n(" + HUGE + b"tR"),
    "a complex tensor": ("two numbers", b"c__builtin__\ncomplex\n(" + HUGE + HUGE + b"tR"),
    "bytes in a tensor": ("latin1", b"c_codecs\nencode\n(" + HUGE + text("latin1") + b"tR"),
    "bytes in another encoding": ("latin1", b"c_codecs\nencode\n(" + text("abc") + text("zip") + b"tR"),
    "a default of a tensor": ("factory", b"ccollections\ndefaultdict\n(" + HUGE + b"tR"),
    "a default that is called": ("factory", b"ccollections\ndefaultdict\n(" + REBUILD + b"tR"),
    "NumPy objects": ("plain numbers", b"cnumpy\ndtype\n(" + text("O") + b"\x89\x88tR"),
    "a NumPy dtype of a tensor": ("plain numbers", b"cnumpy\ndtype\n(" + HUGE + b"tR"),
    "a NumPy dtype with fields": (
        "fields",
        b"cnumpy\ndtype\n(" + text("f4") + b"tR(K\x03" + text("<") + HUGE + b"NNtb",
    ),
    "a NumPy array of a size it has not": (
        "cannot have 4 bytes",
        b"cnumpy._core.multiarray\n_reconstruct\n(NNNtR(K\x01("
        + number(1 << 40)
        + b"tcnumpy\ndtype\n("
        + text("f4")
        + b"tR\x89C\x04abcdtb",
    ),
    "a NumPy array of a tensor": (
        "list or tuple",
        b"cnumpy._core.multiarray\n_reconstruct\n(NNNtR" + HUGE + b"b",
    ),
    "a list that is called": ("a list cannot be called", b"](K\x01tR"),
    "a type that is called": (
        "int.* not allowed to be called",
        b"c__builtin__\nint\n(" + text("9" * 5000) + b"tR",
    ),
    "a new object": ("only classes allowed", b"ccollections\nOrderedDict\n)\x81."),
    "the state of a list": ("state of a list", b"]}b"),
    "a method hidden": ("attribute 'items'", b"ccollections\nOrderedDict\n)R}" + text("items") + b"Nsb"),
    "appending to a dict": ("added to a dict", b"}K\x01a"),
    "items of a list": ("added to a list", b"]K\x01K\x02s"),
    "keys without values": ("damaged", b"}(K\x01u"),
    "a deep key": ("cannot be a key", b"}" + NESTED + b"K\x01s"),
    "a key of many parts": ("cannot be a key", DOUBLED + b"K\x01s"),
    "a large key": ("cannot be a key", b"}(" + b"K\x01" * 2000 + b"tK\x01s"),
    "a list as a key": ("cannot be a key", b"}]K\x01s"),
    "the same bytes over and over": (
        "over and over",
        LARGE + b"c_codecs\nencode\nq\x02]" + b"h\x02h\x01\x85Ra" * 100,
    ),
    "the same set over and over": (
        "over and over",
        b"](" + b"K\x01" * 50_000 + b"eq\x01" + b"c__builtin__\nset\nq\x02" + b"h\x02h\x01\x85R" * 50,
    ),
    "a memo that is missing": ("damaged", b"h\x05"),
    "a huge memo": ("damaged", b"K\x01r\xff\xff\xff\xffj\xff\xff\xff\xfe"),
    "nothing on the stack": ("damaged", b"R"),
    "no mark": ("damaged", b"t"),
    "a huge text": ("cut short", b"X\xff\xff\xff\xff"),
    "huge bytes": ("cut short", b"\x8e" + (1 << 60).to_bytes(8, "little")),
    "a huge number": ("cut short", b"\x8b\xff\xff\xff\x7f"),
    "broken text": ("damaged", b"X\x02\0\0\0\xff\xff"),
    "a name of numbers": ("must be text", b"K\x01K\x02\x93"),
    "an old opcode": ("opcode", b"I1\n"),
    "an extension": ("opcode", b"\x82\x01"),
    "a protocol to come": ("does not exist", b"\x80\x63N"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_hostile_pickles(why: str) -> None:
    message, body = REFUSED[why]
    error = attempt_pickle(b"\x80\x02" + body + b".")
    assert isinstance(error, DOCUMENTED) and re.search(message, str(error))


def test_the_parts_of_the_hostile_pickles_are_sound() -> None:
    tensor = attempt_pickle(b"\x80\x02" + view(1, (2, 2), (4, 1)) + b".")
    assert tensor.tolist() == [[1, 2], [5, 6]]
    assert attempt_pickle(b"\x80\x02" + HUGE + b".").shape == (1 << 57,)
    deep = attempt_pickle(b"\x80\x02" + NESTED + b".")
    assert isinstance(deep, tuple) and isinstance(deep[0], tuple)


# -- what an archive may not be ------------------------------------------------------------------------------


def archive(records: dict[str, bytes], **how: Any) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **how) as out:
        for name, content in records.items():
            out.writestr(name, content)
    return file.getvalue()


def entries() -> dict[str, bytes]:
    source = zipfile.ZipFile(io.BytesIO(CONTENT))
    return {name: source.read(name) for name in source.namelist()}


def with_duplicate() -> bytes:
    file = io.BytesIO(archive(entries()))
    with zipfile.ZipFile(file, "a") as out, pytest.warns(UserWarning, match="Duplicate"):
        out.writestr("archive/data.pkl", b"\x80\x02N.")
    return file.getvalue()


def in_tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as out:
        out.addfile(tarfile.TarInfo("storages"))
    return file.getvalue()


ARCHIVES = {
    "compressed": (lambda: archive(entries(), compression=zipfile.ZIP_DEFLATED), "compressed or encrypted"),
    "a zip bomb": (
        lambda: archive({"a/data.pkl": bytes(10**6)}, compression=zipfile.ZIP_DEFLATED),
        "compressed",
    ),
    "two records of one name": (with_duplicate, "two records have the same name"),
    "changed data": (lambda: CONTENT.replace(x.numpy().tobytes(), bytes(48)), "CRC"),
    "no pickle": (lambda: archive({"a/version": b"3"}), "must hold one 'data.pkl'.*a/version"),
    "two roots": (lambda: archive({"a/data.pkl": b"", "b/data.pkl": b""}), "must hold one"),
    "a larger record than the file": (lambda: larger(), "claim"),
    "a program": (
        lambda: archive({**entries(), "archive/constants.pkl": b""}),
        r"TorchScript archive.*torch.save\(torch.jit.load\(f\).state_dict",
    ),
    "arrays": (lambda: archive({"a.npy": b""}), "numpy.load"),
    "a tar": (in_tar, "tar archive.*convert"),
    "a pointer": (lambda: b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "a page": (lambda: b"<!DOCTYPE html>", "web page"),
    "gzip": (lambda: b"\x1f\x8b\x08", "gzip"),
    "text": (lambda: b"hello", "invalid load key, b'h'"),
    "nothing": (lambda: b"", "empty"),
    "another pickle": (lambda: pickle.dumps({"a": 1}, 2), "Invalid magic number.*pickle.dump"),
    "another version": (lambda: LEGACY.replace(b"M\xe9\x03.", b"M\xea\x03.", 1), "Invalid protocol version"),
    "a legacy storage that is too large": (lambda: LEGACY.replace(b"K\x0c", b"K\xff"), "claim more than"),
    "legacy keys of others": (
        lambda: LEGACY.replace(b"]q\0X\x01\0\0\x000", b"]q\0X\x01\0\0\x001"),
        "list of storages",
    ),
}


def larger() -> bytes:
    content = bytearray(CONTENT)
    start = content.index(b"PK\1\2")
    content[start + 20 : start + 28] = 2 * (10**9).to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize("why", ARCHIVES)
def test_hostile_archives(why: str) -> None:
    make, message = ARCHIVES[why]
    with pytest.raises(DOCUMENTED, match=message):
        torch.load(io.BytesIO(make()))


def test_zeros_in_booleans_and_such() -> None:
    content = saved(torch.tensor([True, False]))
    assert torch.load(repacked(content, {"data/0": b"\x05\0"})).tolist() == [True, False]
    assert torch.load(repacked(content, {"data/0": b"\x05\0"})).sum().item() == 1
