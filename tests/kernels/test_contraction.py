"""Contractions equal NumPy's einsum."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_kr.kernels.contraction import contract


@pytest.mark.parametrize(
    "terms, output",
    [
        (("ij", "jk", "kl"), "li"),
        (("ij", "i"), "j"),
        (("iji",), "j"),
        (("ij", "ij"), ""),
        (("bij", "bjk"), "kbi"),
        (("ij", "kl"), "il"),
        (("ij", "j", "ij"), "ji"),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_equals_numpy(terms: tuple[str, ...], output: str, dtype: type) -> None:
    rng = np.random.default_rng(0)
    sizes = {"b": 2, "i": 2, "j": 3, "k": 4, "l": 2}
    operands = [rng.integers(-5, 5, [sizes[one] for one in term]).astype(dtype) for term in terms]
    found = contract(terms, output, operands)
    np.testing.assert_array_equal(found, np.einsum(",".join(terms) + "->" + output, *operands))
    assert found.dtype == dtype


def test_size_one_broadcasts() -> None:
    a, b = np.ones((2, 1)), np.arange(3.0)
    np.testing.assert_array_equal(contract(["ij", "j"], "i", [a, b]), [3, 3])


def test_one_operand_is_copied() -> None:
    a = np.ones((2, 2))
    assert not np.shares_memory(contract(["ij"], "ji", [a]), a)
