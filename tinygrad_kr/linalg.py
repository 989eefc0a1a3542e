"""`torch.linalg`: linear algebra, under PyTorch's names."""

from __future__ import annotations

from .ops.decomposition import LinAlgError, cholesky, eigh, eigvalsh, svdvals
from .ops.decomposition import linalg_qr as qr
from .ops.decomposition import linalg_svd as svd
from .ops.factorization import householder_product, lu_factor, lu_factor_ex
from .ops.factorization import linalg_lu as lu
from .ops.factorization import linalg_lu_solve as lu_solve
from .ops.inverse import det, inv, lstsq, matrix_rank, pinv, slogdet, solve, solve_triangular
from .ops.linalg import (
    cond,
    matrix_exp,
    matrix_norm,
    matrix_power,
    multi_dot,
    tensorinv,
    tensorsolve,
    vander,
    vecdot,
)
from .ops.linalg import linalg_cross as cross
from .ops.linalg import linalg_diagonal as diagonal
from .ops.matmul import matmul
from .ops.norms import linalg_norm as norm
from .ops.norms import linalg_vector_norm as vector_norm
from .ops.solving import cholesky_ex, inv_ex, ldl_factor, ldl_factor_ex, ldl_solve, solve_ex

__all__ = [
    "LinAlgError",
    "cholesky",
    "cholesky_ex",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "householder_product",
    "inv",
    "inv_ex",
    "ldl_factor",
    "ldl_factor_ex",
    "ldl_solve",
    "lstsq",
    "lu",
    "lu_factor",
    "lu_factor_ex",
    "lu_solve",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_ex",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vander",
    "vecdot",
    "vector_norm",
]
