"""Every declared operation keeps every property."""

from __future__ import annotations

from tests.declared import check, declared_tests

globals().update(declared_tests(check))
