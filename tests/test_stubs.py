"""The stub of Tensor's methods says what is there."""

from __future__ import annotations

from tests.stubs import TARGET, stub


def test_the_stub_is_up_to_date() -> None:
    assert TARGET.read_text(encoding="utf-8") == stub(), "run `python -m tests.stubs`"
