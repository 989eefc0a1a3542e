"""Every declared operation keeps every property."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.declared import Declaration, check, load


@pytest.mark.parametrize("declaration", load(), ids=str)
@given(data=st.data())
def test_properties(declaration: Declaration, data: st.DataObject) -> None:
    check(declaration, data.draw(declaration.inputs))
