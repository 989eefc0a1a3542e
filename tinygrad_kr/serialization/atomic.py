"""Replacing a file as a whole: at any moment it has the old content or the new, never a part of it."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

__all__ = ["replacing"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file to write in place of ``path``, which changes only at the end, and not at all after an error.

    The content goes to a temporary file in the same directory, is flushed to the disk, and then renamed. A
    new file gets the usual permissions, an existing one keeps its own; of a symbolic link the target is
    replaced. What is no regular file (a pipe, ``/dev/null``) is written directly.

    Raises RuntimeError if the directory does not exist; OSError if it cannot be written to.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "notes.txt")
    >>> with replacing(path) as file:
    ...     _ = file.write(b"whole")
    >>> open(path).read()
    'whole'
    """
    target = os.path.realpath(path)
    directory, name = os.path.split(target)
    if not os.path.isdir(directory):
        raise RuntimeError(f"Parent directory {directory} does not exist; make it first: os.makedirs(...)")
    mode = os.stat(target).st_mode if os.path.exists(target) else None
    if mode is not None and not stat.S_ISREG(mode):
        with open(target, "wb") as file:
            yield file
        return
    temporary = os.path.join(directory, f".{name[:40]}.{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(temporary, stat.S_IMODE(mode))
        os.replace(temporary, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _flush_directory(directory)


def _flush_directory(directory: str) -> None:
    """Make the renaming itself survive a power cut, where the system lets directories be flushed."""
    with suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
