"""Every declared operation gives PyTorch's values, shapes, dtypes and gradients."""

from __future__ import annotations

from typing import Any

import pytest

from tests.declared import Declaration, check_against_torch, declared_tests

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch


def check(declaration: Declaration, arguments: Any) -> None:
    check_against_torch(declaration, arguments, torch)


globals().update(declared_tests(check, lambda one: one.torch))
