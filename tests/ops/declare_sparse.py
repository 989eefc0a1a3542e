"""Products of sparse matrices, for their entries and for the dense matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.declared import declare, fixed, real

X = real()
PLACES = [[0, 2, 1, 2, 0], [1, 3, 0, 3, 1]]  # two positions have two entries


def _dense(values: np.ndarray) -> np.ndarray:
    out = np.zeros((3, 4))
    np.add.at(out, tuple(PLACES), values)
    return out


def _matrix(torch: Any, values: Any) -> Any:
    return torch.sparse_coo_tensor(torch.tensor(PLACES), values, (3, 4))


declare(
    "sparse.mm",
    lambda torch, values, other: torch.sparse.mm(_matrix(torch, values), other),
    fixed(((5,), X), ((4, 2), X)),
    reference=lambda values, other: _dense(values) @ other,
)
declare(
    "sparse.mm",
    lambda torch, values, other: _matrix(torch, values).coalesce().t() @ other,
    fixed(((5,), X), ((3, 2), X)),
    reference=lambda values, other: _dense(values).T @ other,
)
declare(
    "spmm",
    lambda torch, values, other: torch.mm(other, torch.spmm(_matrix(torch, values), other)),
    fixed(((5,), X), ((4, 3), X)),
    reference=lambda values, other: other @ (_dense(values) @ other),
)
declare(
    "mv",
    lambda torch, values, vector: torch.mv(_matrix(torch, values), vector),
    fixed(((5,), X), ((4,), X)),
    reference=lambda values, vector: _dense(values) @ vector,
)
declare(
    "to_dense",
    lambda torch, values: (_matrix(torch, values) * 2).to_dense(),
    fixed(((5,), X)),
    reference=lambda values: 2 * _dense(values),
)
declare(
    "to_sparse",
    lambda torch, x: x.to_sparse().values() ** 2,
    fixed(((3, 4), real(avoid=0))),
    reference=lambda x: x.ravel() ** 2,
)
