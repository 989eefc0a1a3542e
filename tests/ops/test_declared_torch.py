"""Every declared operation gives PyTorch's values, shapes, dtypes and gradients."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.declared import Declaration, check_against_torch, load

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch


@pytest.mark.parametrize("declaration", [one for one in load() if one.torch], ids=str)
@given(data=st.data())
def test_equals_pytorch(declaration: Declaration, data: st.DataObject) -> None:
    check_against_torch(declaration, data.draw(declaration.inputs), torch)
