"""The page that holds this package against PyTorch's public names is true."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tinygrad_kr import coverage


def test_what_differs_is_there_and_listed() -> None:
    listed = {f"{space}.{name}" for space, names in coverage.namespaces().items() for name in names}
    for name in coverage.DIFFERS:
        assert name in listed or name.startswith("torch.nn.DataParallel")
        assert coverage.status(name)[0] == "differs"


def test_no_reason_is_given_for_what_is_there() -> None:
    for pattern, why in coverage.ABSENT:
        names = [
            name
            for space, names in coverage.namespaces().items()
            for name in (f"{space}.{one}" for one in names)
            if coverage.reason(name) == why and coverage.status(name)[0] == "absent"
        ]
        assert names, f"nothing is absent for the reason {why!r} ({pattern})"


def test_what_is_absent_has_a_reason() -> None:
    names = [f"{space}.{name}" for space, names in coverage.namespaces().items() for name in names]
    assert not [name for name in names if coverage.status(name) == ("absent", "not there yet")]


def test_the_command_prints_the_page() -> None:
    command = [sys.executable, "-m", "tinygrad_kr", "coverage"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert text == coverage.page() + "\n" and "| `torch.nn` |" in text
    one = subprocess.run([*command, "torch.compile"], capture_output=True, text=True, check=True).stdout
    assert one.startswith("differs: ")


@pytest.mark.torch
def test_the_list_of_names_is_pytorchs() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from tests.torch_names import text

    assert coverage.NAMES.read_text(encoding="utf-8") == text(), "run python -m tests.torch_names"
