"""`nn.functional` is the face of the pages: every name that a page offers to it, and nothing of its own."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from tinygrad_kr import nn, ops

PAGES = [page.name for page in pkgutil.iter_modules(ops.__path__) if not page.name.startswith("_")]


@pytest.mark.parametrize("page", PAGES)
def test_every_name_of_a_page_is_there(page: str) -> None:
    module = importlib.import_module(f"tinygrad_kr.ops.{page}")
    for name in getattr(module, "FUNCTIONAL", []):
        assert getattr(nn.functional, name, None) is getattr(module, name), f"nn/functional.py lacks {name}"


def test_nothing_is_defined_there() -> None:
    for name, value in vars(nn.functional).items():
        if callable(value):
            assert value.__module__.startswith("tinygrad_kr.ops."), name
