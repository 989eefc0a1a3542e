"""A file that is written changes as a whole, or not at all."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tinygrad_kr as torch
from tinygrad_kr.serialization.atomic import replacing

posix = pytest.mark.skipif(os.name != "posix", reason="permissions, links and signals of POSIX")


def test_an_error_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), replacing(path) as file:
            file.write(b"half")
            assert path.read_bytes() == b"old"
            raise error
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


@posix
def test_permissions(tmp_path: Path) -> None:
    path, fresh = tmp_path / "f", tmp_path / "fresh"
    fresh.write_bytes(b"")
    torch.save(1, path)
    assert path.stat().st_mode == fresh.stat().st_mode
    path.chmod(0o640)
    torch.save(2, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640 and torch.load(path) == 2


@posix
def test_links_and_pipes(tmp_path: Path) -> None:
    real, link, dangling = tmp_path / "real", tmp_path / "link", tmp_path / "dangling"
    torch.save(1, real)
    link.symlink_to(real)
    dangling.symlink_to(tmp_path / "later")
    torch.save(2, link)
    torch.save(3, dangling)
    assert link.is_symlink() and torch.load(real) == 2 and torch.load(tmp_path / "later") == 3
    torch.save(4, os.devnull)
    assert not stat.S_ISREG(os.stat(os.devnull).st_mode)


def test_places_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"Parent directory .*missing does not exist"):
        torch.save(1, tmp_path / "missing" / "f")
    with pytest.raises(OSError):
        torch.save(1, tmp_path)


CHILD = """
import sys
import tinygrad_kr as torch
tensors = {str(k): torch.zeros(200_000) for k in range(10)}
for number in range(10**6):
    for tensor in tensors.values():
        tensor.fill_(float(number))
    torch.save(tensors, sys.argv[1])
    print(number, flush=True)
"""


@posix
def test_a_killed_process_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    moments = random.Random(0)
    for _ in range(5):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(moments.uniform(0, 0.1))
        child.send_signal(signal.SIGKILL)
        done = child.stdout.read().split()
        child.wait()
        child.stdout.close()
        loaded = torch.load(path)
        numbers = {value for tensor in loaded.values() for value in tensor.unique().tolist()}
        assert len(loaded) == 10 and len(numbers) == 1
        assert numbers.pop() >= (int(done[-1]) if done else 0)
