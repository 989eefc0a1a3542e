"""Reading binary dataset files with every size checked before memory is taken for it."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import IO, cast

import numpy as np

MAX_BYTES = 2**31  # of one file's values: far above any of these datasets, far below what would hurt
IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def find(root: str | Path, folders: tuple[str, ...], name: str) -> Path:
    """The file `name` or `name.gz` in `root` or in one of its subfolders.

    Raises:
        FileNotFoundError: says where it looked.
    """
    places = [Path(root).expanduser(), *(Path(root).expanduser() / folder for folder in folders)]
    for place in places:
        for candidate in (place / name, place / f"{name}.gz"):
            if candidate.is_file():
                return candidate
    looked = ", ".join(str(place) for place in places)
    raise FileNotFoundError(
        f"{name} (or {name}.gz) was not found; looked in {looked}. Nothing is downloaded here: put the "
        f"dataset's "
        "files there, or give the folder that has them as root."
    )


def read_idx(path: Path, *, dimensions: int) -> np.ndarray:
    """The array in an IDX file, plain or gzipped.

    The format: two zero bytes, a byte for the type, a byte for the number of dimensions, their sizes as
    big-endian 32-bit integers, then the values.

    Args:
        path: the file.
        dimensions: how many dimensions it must have: 1 for labels, 3 for images.

    Raises:
        ValueError: it is no IDX file, of another type or number of dimensions, too short, or too long.

    Source: the description on the MNIST page, "The IDX file format".
    """
    with _open(path) as file:
        header = _read(file, 4, path, "the magic number")
        if header[0] or header[1] or header[2] not in IDX_TYPES:
            raise ValueError(
                f"{path} is no IDX file: it starts with {header.hex(' ')}, expected 00 00 <type> <dims>"
            )
        if header[3] != dimensions:
            what = {1: "labels", 3: "images"}.get(dimensions, "values")
            raise ValueError(
                f"{path} has {header[3]} dimensions, expected {dimensions} for {what}: are images and "
                f"labels swapped?"
            )
        dtype = np.dtype(IDX_TYPES[header[2]])
        sizes = np.frombuffer(_read(file, 4 * dimensions, path, "the sizes"), ">u4").tolist()
        wanted = math.prod(sizes) * dtype.itemsize
        if wanted > MAX_BYTES:
            raise ValueError(
                f"{path} claims {wanted:,} bytes of values (sizes {sizes}), more than {MAX_BYTES:,}"
            )
        values = _read(file, wanted, path, f"the values of sizes {sizes}")
        if file.read(1):
            raise ValueError(
                f"{path} goes on after its {wanted:,} bytes of values: it is not a whole IDX file"
            )
    return np.frombuffer(values, dtype).reshape(sizes).astype(dtype.newbyteorder("="))


def read_exactly(path: Path, *, record: int) -> np.ndarray:
    """The bytes of a file of fixed-size records, as (records, record).

    Raises:
        ValueError: the file is empty, too large, or no whole number of records.
    """
    size = path.stat().st_size
    if not 0 < size <= MAX_BYTES or size % record:
        raise ValueError(
            f"{path} has {size:,} bytes, expected a whole number of records of {record:,} bytes: it is "
            f"truncated or "
            "another file"
        )
    return np.fromfile(path, np.uint8).reshape(-1, record)


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path, "rb")) if zipped else path.open("rb")


def _read(file: IO[bytes], count: int, path: Path, what: str) -> bytes:
    try:
        data = file.read(count)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is damaged or truncated within {what}: {error}") from None
    if len(data) < count:
        raise ValueError(f"{path} ends within {what}: {len(data):,} of {count:,} bytes are there")
    return data
