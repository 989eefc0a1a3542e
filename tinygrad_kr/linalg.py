"""`torch.linalg`: linear algebra, under PyTorch's names."""

from __future__ import annotations

from .ops.decomposition import LinAlgError as LinAlgError
from .ops.decomposition import cholesky as cholesky
from .ops.decomposition import det as det
from .ops.decomposition import eigh as eigh
from .ops.decomposition import eigvalsh as eigvalsh
from .ops.decomposition import inv as inv
from .ops.decomposition import lstsq as lstsq
from .ops.decomposition import matrix_rank as matrix_rank
from .ops.decomposition import pinv as pinv
from .ops.decomposition import slogdet as slogdet
from .ops.decomposition import solve as solve
from .ops.decomposition import solve_triangular as solve_triangular
from .ops.decomposition import svdvals as svdvals
from .ops.linalg import cond as cond
from .ops.linalg import matrix_norm as matrix_norm
from .ops.linalg import matrix_power as matrix_power
from .ops.linalg import multi_dot as multi_dot
from .ops.linalg import tensorinv as tensorinv
from .ops.linalg import tensorsolve as tensorsolve
from .ops.linalg import vecdot as vecdot
from .ops.matmul import matmul as matmul
