"""Every declared operation keeps every property; every registered operation is declared."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.ops
from tests.declared import Declaration, check, declarations

for _module in pkgutil.iter_modules(tests.ops.__path__):
    if _module.name.startswith("declare_"):
        importlib.import_module(f"tests.ops.{_module.name}")


@pytest.mark.parametrize("declaration", declarations, ids=str)
@given(data=st.data())
def test_properties(declaration: Declaration, data: st.DataObject) -> None:
    check(declaration, data.draw(declaration.inputs))
