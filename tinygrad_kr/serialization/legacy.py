"""The format before PyTorch 1.6: five pickles in a row, then the storages, each after its length."""

from __future__ import annotations

import functools
import pickle
import struct
import sys
from typing import Any

import numpy as np

from .pickling import Shared
from .tensors import Stored, storage_description
from .unpickling import Unpickler

__all__ = ["read_legacy", "write_legacy"]

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001


def write_legacy(file: Any, body: bytes, storages: list[Shared]) -> None:
    """Write what a `Pickler` made, in the old format."""
    little = sys.byteorder == "little"
    sizes = {"short": 2, "int": 4, "long": 4}
    info = {"protocol_version": PROTOCOL_VERSION, "little_endian": little, "type_sizes": sizes}
    for before in (MAGIC_NUMBER, PROTOCOL_VERSION, info):
        file.write(pickle.dumps(before, protocol=2))
    file.write(body)
    file.write(pickle.dumps([storage.key for storage in storages], protocol=2))
    for storage in storages:
        elements = np.frombuffer(storage.content, storage.dtype)
        file.write(struct.pack("<q", len(elements)))
        file.write(elements.astype(storage.dtype.newbyteorder("<"), copy=False).view(np.uint8).data)


def read_legacy(data: bytes, encoding: str) -> tuple[Any, list[tuple[Stored, str]], int]:
    """The first object in `data`, its storages with the places they were saved from, and how long it was.

    Raises:
        RuntimeError: it is no such file.
        pickle.UnpicklingError: it asks for what is not allowed, or is damaged.
        EOFError: it is cut short.
    """
    magic = Unpickler(data, encoding=encoding)
    if magic.load() != MAGIC_NUMBER:
        raise RuntimeError(
            "Invalid magic number; corrupt file? It begins with a pickle, but torch.save did not write it; "
            "if pickle.dump did, write it again with torch.save"
        )
    version = Unpickler(data, encoding=encoding, at=magic.at)
    if version.load() != PROTOCOL_VERSION:
        raise RuntimeError("Invalid protocol version: this file is of a format that PyTorch never had")
    info = Unpickler(data, encoding=encoding, at=version.at)
    info.load()

    storages: dict[Any, Stored] = {}
    places = []
    left = len(data)

    def persistent_load(described: tuple[Any, ...]) -> Stored:
        nonlocal left
        kind, key, place, count = storage_description(described)
        if key not in storages:
            left -= count * kind.itemsize
            if left < 0:
                raise pickle.UnpicklingError(
                    f"its storages claim more than the {len(data)} bytes of the file"
                )
            storages[key] = Stored(kind, count)
            places.append((storages[key], place))
        return storages[key]

    body = Unpickler(data, persistent_load, encoding=encoding, at=info.at)
    result = body.load()
    rest = Unpickler(data, encoding=encoding, at=body.at)
    keys = rest.load()
    known = type(keys) is list and all(type(key) in (str, bytes, int) and key in storages for key in keys)
    if not known or len(keys) != len(storages) or len(set(keys)) != len(keys):
        raise pickle.UnpicklingError("the list of storages is not that of the tensors")
    for key in keys:
        stored = storages[key]
        if rest.number("<q") != len(stored.array):
            raise pickle.UnpicklingError(f"storage {key} does not have the size that its tensors need")
        content = np.frombuffer(rest.take(len(stored.array) * stored.kind.itemsize), np.uint8)
        stored.fill(functools.partial(np.copyto, src=content), swapped=sys.byteorder == "big")
    return result, places, rest.at
