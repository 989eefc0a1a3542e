"""`torch.linalg`: linear algebra, under PyTorch's names."""

from __future__ import annotations

from .ops.decomposition import LinAlgError as LinAlgError
from .ops.decomposition import cholesky as cholesky
from .ops.decomposition import eigh as eigh
from .ops.decomposition import eigvalsh as eigvalsh
from .ops.decomposition import svdvals as svdvals
from .ops.inverse import det as det
from .ops.inverse import inv as inv
from .ops.inverse import lstsq as lstsq
from .ops.inverse import matrix_rank as matrix_rank
from .ops.inverse import pinv as pinv
from .ops.inverse import slogdet as slogdet
from .ops.inverse import solve as solve
from .ops.inverse import solve_triangular as solve_triangular
from .ops.linalg import cond as cond
from .ops.linalg import matrix_norm as matrix_norm
from .ops.linalg import matrix_power as matrix_power
from .ops.linalg import multi_dot as multi_dot
from .ops.linalg import tensorinv as tensorinv
from .ops.linalg import tensorsolve as tensorsolve
from .ops.linalg import vecdot as vecdot
from .ops.matmul import matmul as matmul
