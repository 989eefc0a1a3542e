"""PyTorch's container: a zip archive of stored (never compressed) records, each at a multiple of 64 bytes.

PyTorch may compute where a record lies from the sizes of those before it, so the writer keeps to its layout:
sizes stand behind the data, padding in an extra field "FB", and 64-bit fields appear from 4 GiB on.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

__all__ = ["ArchiveReader", "ArchiveWriter"]

ALIGNMENT = 64
_ELSEWHERE = 0xFFFFFFFF  # in a 32-bit field: see the 64-bit one
BIG = _ELSEWHERE  # sizes and offsets from here on stand in 64-bit fields
_UTF8_NAME, _SIZES_BEHIND, _ENCRYPTED = 0x0800, 0x0008, 0x0001
_VERSION = 45  # of the zip format: the first with 64-bit fields
_PIECE = 1 << 20


class ArchiveWriter:
    """Writes records one after the other to a file that needs nothing but `write`; `close` ends it."""

    def __init__(self, file: Any, root: str) -> None:
        self._file = file
        self._root = root
        self._at = 0
        self._directory = bytearray()
        self._count = 0
        self._digest = hashlib.sha256()

    def add(self, name: str, data: Any) -> None:
        """Append a record; `data` is bytes or another flat buffer of bytes."""
        path, size, crc, offset = f"{self._root}/{name}".encode(), len(data), zlib.crc32(data), self._at
        wide = struct.pack("<QQ", size, size) if size >= BIG else b""
        wide += struct.pack("<Q", offset) if offset >= BIG else b""
        if wide:
            wide = struct.pack("<HH", 1, len(wide)) + wide
        padding = -(offset + 30 + len(path) + len(wide) + 4) % ALIGNMENT
        extra = wide + b"FB" + struct.pack("<H", padding) + b"Z" * padding
        common = struct.pack("<5H", _VERSION, _UTF8_NAME | (_SIZES_BEHIND if size else 0), 0, 0, 0)

        self._write(b"PK\3\4" + common + struct.pack("<3L2H", 0, 0, 0, len(path), len(extra)) + path + extra)
        self._write(data)
        if size:
            self._write(struct.pack("<4sLQQ" if wide else "<4s3L", b"PK\7\x08", crc, size, size))

        shown = _shown(size)
        self._directory += b"PK\1\2" + struct.pack("<H", _VERSION) + common
        self._directory += struct.pack("<3L2H", crc, shown, shown, len(path), len(wide))
        self._directory += struct.pack("<3H2L", 0, 0, 0, 0, _shown(offset)) + path + wide
        self._count += 1
        self._digest.update(struct.pack("<LQ", crc, size) + path)

    def close(self) -> None:
        """Write the records that end every file of PyTorch, and the directory of all."""
        self.add("version", b"3\n")
        identity = int.from_bytes(self._digest.digest(), "big") % 10**40
        self.add(".data/serialization_id", f"{identity:040d}".encode())
        start, size, count = self._at, len(self._directory), self._count
        self._write(self._directory)
        end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, _VERSION, _VERSION, 0, 0, count, count, size, start)
        end += struct.pack("<4sLQL", b"PK\6\7", 0, self._at, 1)
        count, size, start = min(count, 0xFFFF), _shown(size), _shown(start)
        self._write(end + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, start, 0))

    def _write(self, data: Any) -> None:
        self._file.write(data)
        self._at += len(data)


def _shown(n: int) -> int:
    """What stands in a 32-bit field."""
    return n if n < BIG else _ELSEWHERE


class ArchiveReader:
    """The records of an archive, which together cannot be larger than the file.

    Raises RuntimeError if it is damaged, or is no archive of PyTorch's.
    """

    def __init__(self, file: IO[bytes]) -> None:
        with _damage_explained():
            self._zip = zipfile.ZipFile(file)
        entries = self._zip.infolist()
        self._entries = {entry.filename: entry for entry in entries}
        if len(self._entries) != len(entries):
            raise _damaged("two records have the same name")
        total = sum(entry.compress_size for entry in entries)
        available = file.seek(0, os.SEEK_END)
        if total > available:
            raise _damaged(f"its records claim {total} bytes, the file has {available}")
        self._root = self._find_root()

    def _find_root(self) -> str:
        """The folder that holds everything: the one with data.pkl."""
        names = list(self._entries)
        roots = [name.removesuffix("/data.pkl") for name in names if name.endswith("/data.pkl")]
        roots = [root for root in roots if "/" not in root]
        if len(roots) == 1:
            return roots[0]
        if any(name.endswith(".npy") for name in names):
            raise RuntimeError("this is an archive of NumPy arrays (.npz): read it with numpy.load")
        some = ", ".join(repr(name) for name in names[:5])
        raise RuntimeError(
            "this zip archive is not one of PyTorch's: it must hold one 'data.pkl' in a folder, but has "
            f"{some or 'nothing'}"
        )

    def __contains__(self, name: str) -> bool:
        return f"{self._root}/{name}" in self._entries

    def size(self, name: str) -> int:
        """The bytes of a record; RuntimeError if it is not there."""
        return self._entry(name).file_size

    def read(self, name: str) -> bytes:
        """The content of a record; RuntimeError if it is not there, cut short, or changed."""
        with _damage_explained():
            return self._zip.read(self._entry(name))

    def read_into(self, name: str, target: np.ndarray) -> None:
        """Fill a flat uint8 array of the record's size with its content."""
        at = 0
        with _damage_explained(), self._zip.open(self._entry(name)) as record:
            while at < len(target):
                count = record.readinto(target[at : at + _PIECE].data)  # type: ignore[attr-defined]
                if not count:
                    raise _damaged(f"record {name!r} ends after {at} of {len(target)} bytes")
                at += count

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = self._entries.get(f"{self._root}/{name}")
        if entry is None:
            raise _damaged(f"record {name!r} is missing")
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & _ENCRYPTED:
            raise _damaged(
                f"record {name!r} is compressed or encrypted, which PyTorch's are not; unpack the archive "
                "and pack it again without (zip -0)"
            )
        if entry.compress_size != entry.file_size:
            raise _damaged(f"record {name!r} claims two different sizes")
        return entry


def _damaged(why: str) -> RuntimeError:
    return RuntimeError(f"PytorchStreamReader failed reading zip archive: {why}")


@contextmanager
def _damage_explained() -> Iterator[None]:
    """What `zipfile` raises for bad content, as one type."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        struct.error,
        zlib.error,
        ValueError,
        LookupError,
        EOFError,
        OSError,
    ) as error:
        raise _damaged(f"{error or type(error).__name__}; the file is cut short or damaged") from error
    except (NotImplementedError, OverflowError) as error:
        raise _damaged(str(error)) from error
