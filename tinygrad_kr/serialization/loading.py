"""`load`: an object from a file of PyTorch's."""

from __future__ import annotations

import os
import pickle
import sys
from contextlib import nullcontext
from typing import Any

from ..devices import device
from .archive import ArchiveReader
from .legacy import read_legacy
from .tensors import Stored, relocation, storage_description
from .unpickling import Unpickler

__all__ = ["load"]

_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257
_OTHER_FORMATS = {
    b"version https://git-lfs": "a Git LFS pointer, not the file itself: run `git lfs pull`",
    b"<": "a web page, not a checkpoint: the download went wrong",
    b"\x89HDF": "an HDF5 file, as Keras writes",
    b"\x93NUMPY": "a NumPy array: read it with numpy.load",
    b"\x1f\x8b": "compressed with gzip: unpack it first",
}


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read what `save`, or PyTorch's, wrote; nothing in the file is executed, whatever it says.

    A file can name classes and functions. Here they are looked up in a list of what data needs (see `save`);
    anything else raises, and names it. That holds for `weights_only=False` as well: a file with a whole
    model, rather than its state dict, cannot be loaded here. Classes of your own can be allowed with
    `serialization.add_safe_globals`.

    bfloat16 tensors, which NumPy cannot hold, become float32, with the same values. A path that ends in
    ".safetensors" is read by `tinygrad_kr.safetensors.load_file`.

    Args:
        f: a path, or a file object that can `read` and `seek`.
        map_location: where storages go: "cpu", a device, a dict from saved to wanted places, or a function
            of a storage and its place that returns the storage or None. Files saved on a GPU need "cpu".
        pickle_module: only None or `pickle`; neither is used.
        weights_only: makes no difference.
        mmap: makes no difference: the file is read.
        **pickle_load_args: `encoding` of the strings in files that Python 2 wrote, "utf-8" if not given.

    Raises:
        pickle.UnpicklingError: the file names what is not allowed, or its content is damaged.
        RuntimeError: the archive is damaged, is a TorchScript program or of another format, or was saved on a
            device that is not here.
        EOFError: the file is empty or cut short.

    >>> import io
    >>> file = io.BytesIO()
    >>> x = torch.arange(4)
    >>> torch.save([x, x[2:]], file)
    >>> _ = file.seek(0)
    >>> whole, part = torch.load(file)
    >>> part.zero_()
    tensor([0, 0])
    >>> whole
    tensor([0, 1, 0, 0])

    Source: PyTorch, `torch.load`.
    """
    if pickle_module not in (None, pickle):
        raise ValueError(
            f"pickle_module must be None or pickle, not {pickle_module!r:.80}: nothing is unpickled here"
        )
    encoding = pickle_load_args.pop("encoding", "utf-8")
    unknown = sorted(set(pickle_load_args) - {"errors", "fix_imports"})
    if unknown:
        raise TypeError(f"load() got an unexpected keyword argument {unknown[0]!r}")
    is_path = isinstance(f, (str, os.PathLike))
    if is_path and str(f).endswith(".safetensors"):
        from ..safetensors import load_file

        if not (map_location is None or isinstance(map_location, (str, device))):
            raise RuntimeError(
                "a safetensors file has no places to map: map_location must be a device or its name"
            )
        return load_file(f, "cpu" if map_location is None else map_location)
    if not is_path and not (hasattr(f, "read") and hasattr(f, "seek")):
        raise AttributeError(
            f"{type(f).__name__!r} object has no attribute 'read' or 'seek'. You can only torch.load from a "
            "path or a file that is seekable. Please pre-load the data into a buffer like io.BytesIO and try "
            "to load from it instead."
        )
    relocate = relocation(map_location)
    with open(f, "rb") if is_path else nullcontext(f) as file:
        try:
            result, places = _read(file, encoding)
        except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
            if is_path:
                error.add_note(f"The file is {os.fspath(f)!r}")
            raise
    for stored, place in places:
        relocate(stored, place)
    return result


def _read(file: Any, encoding: str) -> tuple[Any, Any]:
    """The object in a file of either format, and the places that its storages name."""
    start = file.tell()
    head = file.read(_TAR_MAGIC_AT + len(_TAR_MAGIC))
    file.seek(start)
    if head.startswith(b"PK\3\4"):
        return _read_archive(file, encoding)
    _refuse_other_formats(head)
    result, places, size = read_legacy(file.read(), encoding)
    file.seek(start + size)
    return result, places


def _refuse_other_formats(head: bytes) -> None:
    """Raise if the first bytes are those of a file that is no pickle."""
    if not head:
        raise EOFError("Ran out of input: the file is empty")
    if head[_TAR_MAGIC_AT:] == _TAR_MAGIC:
        raise RuntimeError(
            "the file is a tar archive, as PyTorch wrote before 0.1.10; convert it with PyTorch: "
            "torch.save(torch.load(f, weights_only=False), 'new.pt')"
        )
    for beginning, what in _OTHER_FORMATS.items():
        if head.startswith(beginning):
            raise RuntimeError(f"the file is none of PyTorch's but {what}")
    if not head.startswith(pickle.PROTO):
        raise pickle.UnpicklingError(
            f"invalid load key, {head[:1]!r}: the file is none of PyTorch's, or is damaged"
        )


def _read_archive(file: Any, encoding: str) -> tuple[Any, list[tuple[Stored, str]]]:
    """The object in a zip archive, and its storages with the places they were saved from."""
    archive = ArchiveReader(file)
    if "constants.pkl" in archive:
        raise RuntimeError(
            "the file is a TorchScript archive (torch.jit.save), a program, and programs are not run here; "
            "with PyTorch, save its weights: torch.save(torch.jit.load(f).state_dict(), 'weights.pt')"
        )
    order = archive.read("byteorder") if "byteorder" in archive else b"little"
    if order not in (b"little", b"big"):
        raise RuntimeError(f"Unknown endianness type: {order!r:.40}; PyTorch writes 'little' or 'big'")
    swapped = order.decode() != sys.byteorder
    storages: dict[Any, Stored] = {}
    places = []

    def persistent_load(described: tuple[Any, ...]) -> Stored:
        kind, key, place, count = storage_description(described)
        known = storages.get(key)
        if known is None:
            record = f"data/{key}"
            size = archive.size(record)
            if size != count * kind.itemsize:
                raise pickle.UnpicklingError(
                    f"storage {key!r:.40} should have {count} elements of {kind}, {count * kind.itemsize} "
                    f"bytes, but the file has {size}"
                )
            known = storages[key] = Stored(kind, count)
            known.fill(lambda target: archive.read_into(record, target), swapped)
            places.append((known, place))
        elif (known.kind, len(known)) != (kind, count):
            raise pickle.UnpicklingError(f"storage {key!r:.40} is described in two ways")
        return known

    result = Unpickler(archive.read("data.pkl"), persistent_load, encoding=encoding).load()
    return result, places
