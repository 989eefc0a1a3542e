"""`save`: an object to a file of PyTorch's."""

from __future__ import annotations

import os
import pickle
import sys
from contextlib import nullcontext
from typing import Any

from .archive import ALIGNMENT, ArchiveWriter
from .atomic import replacing
from .legacy import write_legacy
from .pickling import Pickler, Shared

__all__ = ["save"]


def save(
    obj: object,
    f: Any,
    pickle_module: Any = pickle,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write tensors, state dicts and the containers around them to a file that PyTorch opens as well.

    What can be saved is data: tensors, parameters, numbers, strings, bytes, None, lists, tuples, dicts, sets,
    `OrderedDict`, `Counter`, `defaultdict`, sizes, dtypes, devices, and NumPy's arrays and scalars of
    numbers, nested as you like. A model or an optimizer is saved as its `state_dict()`. Tensors that share
    memory share it in the file, and after loading. PyTorch opens the file with `weights_only=True`, unless
    there is a `defaultdict`, a frozenset or something of NumPy's in it: it refuses these in its own files
    too.

    A file given by its path changes only at the end, as a whole: a process killed while it saves leaves the
    old file.

    Args:
        obj: what to save.
        f: a path, or a file object with `write`.
        pickle_module: only the default, `pickle`, is possible.
        pickle_protocol: is always 2, the one that PyTorch reads safely, whatever is given.
        _use_new_zipfile_serialization: False for the format before PyTorch 1.6.
        _disable_byteorder_record: leave out the note of this machine's byte order.

    Raises:
        pickle.PicklingError: something in `obj` is no data; the message says where it is, and what to do.
        RuntimeError: the directory does not exist, or tensors share memory as different dtypes.
        AttributeError: `f` is neither a path nor a file object.

    >>> import io
    >>> model, file = torch.nn.Linear(2, 1), io.BytesIO()
    >>> torch.save({"model": model.state_dict(), "epoch": 3}, file)
    >>> _ = file.seek(0)
    >>> model.load_state_dict(torch.load(file)["model"])
    <All keys matched successfully>

    Source: PyTorch, `torch.save`.
    """
    if pickle_module is not pickle:
        raise ValueError(
            f"pickle_module must be pickle, not {pickle_module!r:.80}: only data is saved here, which needs "
            "no other"
        )
    is_path = isinstance(f, (str, os.PathLike))
    if not is_path and not hasattr(f, "write"):
        raise AttributeError(
            "expected 'f' to be string, path, or a file-like object with a 'write' attribute, got "
            f"{type(f).__name__}"
        )
    pickler = Pickler(legacy=not _use_new_zipfile_serialization)
    body = pickler.dump(obj)
    with replacing(f) if is_path else nullcontext(f) as file:
        if _use_new_zipfile_serialization:
            _write_archive(
                file,
                _root(f) if is_path else "archive",
                body,
                pickler.storages,
                not _disable_byteorder_record,
            )
        else:
            write_legacy(file, body, pickler.storages)


def _write_archive(file: Any, root: str, body: bytes, storages: list[Shared], byteorder: bool) -> None:
    """The records of PyTorch 2.13, in its order."""
    archive = ArchiveWriter(file, root)
    archive.add("data.pkl", body)
    archive.add(".format_version", b"1")
    archive.add(".storage_alignment", str(ALIGNMENT).encode())
    if byteorder:
        archive.add("byteorder", sys.byteorder.encode())
    for storage in storages:
        archive.add(f"data/{storage.key}", storage.content)
    archive.close()


def _root(path: str | os.PathLike[str]) -> str:
    """The folder in the archive, which PyTorch names after the file."""
    name = os.path.splitext(os.path.basename(os.fspath(path)))[0]
    return name if name.isascii() and name else "archive"
