"""Three parametrizations of weights: by length and direction, of spectral norm 1, and orthogonal.

`parametrize` says what registering one means.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...autograd.modes import no_grad
from ...ops.creation import eye, zeros
from ...ops.inverse import solve
from ...ops.joining import cat
from ...ops.random import randn
from ...tensor import Tensor, wrap
from .. import functional as F
from ..module import Module
from . import parametrize
from .spectral_norm import as_matrix, output_dim, unit_vector
from .weight_norm import norm_except_dim

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


# -- weight norm -----------------------------------------------------------------------------------------


class _WeightNorm(Module):
    """g·v/‖v‖, of two originals."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        """The weight."""
        return weight_v * (weight_g / norm_except_dim(weight_v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Its lengths, and itself as the direction."""
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    r"""Train the lengths and directions of the weight's rows instead of the weight itself.

    .. math::
        w = g \, v / \|v\|

    The originals are g (`parametrizations.weight.original0`) and v (`original1`). State dicts of the older
    `nn.utils.weight_norm` (`weight_g`, `weight_v`) load as well.

    Args:
        module: whose weight.
        name: its name.
        dim: the dimension along which each slice has a length of its own; None for one length in all.

    >>> m = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(20, 40))
    >>> m.parametrizations.weight.original0.size()
    torch.Size([40, 1])

    Source: PyTorch, `torch.nn.utils.parametrizations.weight_norm`; Salimans and Kingma, "Weight
    Normalization", 2016.
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename(state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        g, v = f"{prefix}{name}_g", f"{prefix}{name}_v"
        if g in state_dict and v in state_dict:
            for place, key in enumerate((g, v)):
                state_dict[f"{prefix}parametrizations.{name}.original{place}"] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(rename)
    return module


# -- spectral norm ---------------------------------------------------------------------------------------


class _SpectralNorm(Module):
    """W/σ(W); training brings `_u` and `_v` closer to the first singular vectors."""

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % ndim
        self.eps = eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            with no_grad():
                matrix = as_matrix(weight, self.dim)
                rows, columns = matrix.size()
                self.register_buffer("_u", unit_vector(rows, weight, eps))
                self.register_buffer("_v", unit_vector(columns, weight, eps))
            self._power_method(matrix, 15)

    def _power_method(self, matrix: Tensor, steps: int) -> None:
        with no_grad():
            for _ in range(steps):
                self._u.copy_(F.normalize(matrix.mv(self._v), dim=0, eps=self.eps))
                self._v.copy_(F.normalize(matrix.t().mv(self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        """The weight divided by its spectral norm; a vector by its length."""
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # the next call may change them before this one's backward
        return weight / u.dot(matrix.mv(v))

    def right_inverse(self, value: Tensor) -> Tensor:
        """The value itself, assumed to have been of spectral norm 1."""
        return value


def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    r"""Divide a weight by its largest singular value wherever it is read.

    .. math::
        W_{SN} = W / \sigma(W), \qquad \sigma(W) = \max_{h \ne 0} \|W h\|_2 / \|h\|_2

    σ comes from a power iteration that goes on with each reading in training.

    Args:
        module: whose weight; one of more than two dimensions counts as a matrix.
        name: its name.
        n_power_iterations: steps per reading.
        eps: keeps norms from zero.
        dim: which dimension are the rows; by default the one of the outputs.

    Raises:
        ValueError: there is no such parameter or buffer, or no positive number of iterations.
        IndexError: `dim` is no dimension of the weight.

    >>> m = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(20, 40))
    >>> abs(torch.linalg.matrix_norm(m.weight, 2).item() - 1) < 0.1
    True

    Source: PyTorch, `torch.nn.utils.parametrizations.spectral_norm`; Miyato et al., "Spectral Normalization
    for Generative Adversarial Networks", 2018.
    """
    weight = _tensor_of(module, name)
    dim = output_dim(module) if dim is None else dim
    parametrize.register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))
    return module


def _tensor_of(module: Module, name: str) -> Tensor:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


# -- orthogonal ------------------------------------------------------------------------------------------


def _reflected(a: Tensor, tau: Tensor, columns: int) -> Tensor:
    """The first columns of the product of reflections 1 - τ v vᵀ, where `a` holds v below its diagonal."""
    n, k = a.shape[-2:]
    unit = eye(n, k, dtype=a.dtype)
    v = a.tril(-1) + unit
    q = eye(n, columns, dtype=a.dtype).expand(*a.shape[:-2], n, columns)
    for j in range(k - 1, -1, -1):
        one = v[..., j : j + 1]  # (..., n, 1)
        q = q - tau[..., j, None, None] * (one @ (one.transpose(-2, -1) @ q))
    return q


def _factored(q: Tensor) -> tuple[Tensor, Tensor]:
    """LAPACK's geqrf of matrices: R on and above the diagonal, the reflections below; and their τ."""
    matrices = q._array.reshape(-1, *q.shape[-2:])
    found = [np.linalg.qr(one, mode="raw") for one in matrices]
    k = min(q.shape[-2:])
    a = np.stack([one.T for one, _ in found]) if found else matrices
    tau = np.stack([one for _, one in found]) if found else np.zeros((0, k), matrices.dtype)
    return (
        wrap(a.reshape(q.shape).astype(matrices.dtype)),
        wrap(tau.reshape(*q.shape[:-2], k).astype(matrices.dtype)),
    )


def _is_orthogonal(q: Tensor) -> bool:
    n, k = q.shape[-2:]
    eps = 10 * n * np.finfo(q._array.dtype).eps
    return bool(np.allclose((q.transpose(-2, -1) @ q)._array, np.eye(k), rtol=1e-5, atol=eps))


def _made_orthogonal(a: Tensor) -> Tensor:
    """Q of the decomposition A = Q R in which R has a positive diagonal."""
    factors, tau = _factored(a)
    return _reflected(factors, tau, a.size(-1)) * factors.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


class _Orthogonal(Module):
    """An orthogonal matrix, made of any matrix by one of three maps, times `base`."""

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        """The orthogonal matrix that belongs to X."""
        n, k = X.shape[-2:]
        transposed = n < k
        if transposed:
            X, n, k = X.transpose(-2, -1), k, n
        if self.orthogonal_map == "householder":
            A = X.tril(-1)
            Q = _reflected(A, 2.0 / (1.0 + (A * A).sum(-2)), k)
            # The signs that the diagonal holds, which is not trained.
            Q = Q * X.detach().diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)
        else:
            A = X.tril()
            if n != k:
                A = F.pad(A, (0, n - k))
            A = A - A.transpose(-2, -1)
            if self.orthogonal_map == "matrix_exp":
                Q = A.matrix_exp()
            else:  # Cayley: (1 - A/2)⁻¹ (1 + A/2)
                unit = eye(n, dtype=A.dtype)
                Q = solve(unit - 0.5 * A, unit + 0.5 * A)
            Q = Q[..., :k]
        if hasattr(self, "base"):
            Q = self.base @ Q
        return Q.transpose(-2, -1) if transposed else Q

    def right_inverse(self, Q: Tensor) -> Tensor:
        """What gives Q, or the orthogonal matrix next to it; sets `base`, so that it is a simple one."""
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape "
                f"{Q.shape}."
            )
        shape = Q.shape
        transposed = shape[-2] < shape[-1]
        if transposed:
            Q = Q.transpose(-2, -1)
        n, k = Q.shape[-2:]
        if not hasattr(self, "base"):
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley parametrizations "
                    "when use_trivialization=False."
                )
            factors, tau = _factored(Q)
            # Q = (reflections) · R, where R of an orthogonal Q is a diagonal of signs; τ = 0 means none, but
            # the map makes one of it.
            diagonal = factors.diagonal(dim1=-2, dim2=-1)
            diagonal.copy_(diagonal.sign() * (1 - 2 * (tau == 0).to(tau.dtype)))
            return factors.transpose(-2, -1) if transposed else factors
        if n != k:
            rest = randn(*Q.shape[:-2], n, n - k, dtype=Q.dtype)
            Q = _made_orthogonal(cat([Q, rest], -1))
        else:
            Q = Q.clone() if _is_orthogonal(Q) else _made_orthogonal(Q)
        self.base = Q
        # -1 on the diagonal, since reflections alone turn the signs of the columns.
        negative = zeros(shape, dtype=Q.dtype)
        negative.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return negative


_MAPS = ("matrix_exp", "cayley", "householder")


def orthogonal(
    module: Any, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Any:
    r"""Keep a weight orthogonal: QᵀQ = 1 for tall matrices, QQᵀ = 1 for wide ones.

    .. math::
        Q = B \, e^{A}, \qquad Q = B (1 + A/2)(1 - A/2)^{-1}, \qquad
        Q = B \prod_i (1 - \tau_i v_i v_i^T)

    for a skew-symmetric A, or reflections, made of the original.

    Args:
        module: whose weight, of two or more dimensions.
        name: its name.
        orthogonal_map: "matrix_exp" (the default for square ones), "cayley" or "householder" (for others).
        use_trivialization: have a factor B that is set when a value is assigned, which makes optimizing
            easier and the assigning of values possible in all cases.

    Raises:
        ValueError: no such tensor, one of less than two dimensions, or another map.

    >>> m = torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(4, 2))
    >>> torch.allclose(m.weight @ m.weight.T, torch.eye(2), atol=1e-6)
    True

    Source: PyTorch, `torch.nn.utils.parametrizations.orthogonal`; Lezcano-Casado, "Trivializations for
    gradient-based optimization on manifolds", 2019.
    """
    weight = _tensor_of(module, name)
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.size(-2) == weight.size(-1) else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    parametrize.register_parametrization(module, name, made, unsafe=True)
    return module
