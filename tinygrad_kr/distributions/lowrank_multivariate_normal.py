"""The multivariate normal distribution with a covariance of low rank."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import tinygrad_kr as torch
from tinygrad_kr import Size, Tensor

from . import constraints
from .distribution import Distribution
from .multivariate_normal import half_log_det
from .utils import lazy_property

__all__ = ["LowRankMultivariateNormal"]


class LowRankMultivariateNormal(Distribution):
    r"""Normal vectors of covariance $\Sigma = W W^T + D$ with a narrow W and a diagonal D.

    Only matrices as small as the rank m are inverted: with the capacitance $C = I + W^T D^{-1} W$,
    $\Sigma^{-1} = D^{-1} - D^{-1} W C^{-1} W^T D^{-1}$ and $|\Sigma| = |C| |D|$.

    Args:
        loc: the mean, of shape (..., k).
        cov_factor: W, of shape (..., k, m).
        cov_diag: the diagonal of D, of shape (..., k), above 0.

    Shapes: events have shape (k).

    >>> normal = torch.distributions.LowRankMultivariateNormal(
    ...     torch.zeros(2), torch.tensor([[1.0], [0.0]]), torch.ones(2))
    >>> normal.covariance_matrix
    tensor([[2., 0.],
            [0., 1.]])

    Source: PyTorch, `torch.distributions.LowRankMultivariateNormal`.
    """

    arg_constraints: ClassVar[Any] = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        k = loc.shape[-1]
        if cov_factor.dim() < 2:
            raise ValueError("cov_factor must be at least two-dimensional, with optional leading batch dims")
        if cov_factor.shape[-2] != k:
            raise ValueError(f"cov_factor must be a batch of matrices with shape {k} x m")
        if cov_diag.shape[-1:] != (k,):
            raise ValueError(f"cov_diag must be a batch of vectors with shape {(k,)}")
        batch_shape = torch.broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
        self.loc = loc.expand(batch_shape + (k,))
        self.cov_factor = cov_factor.expand(batch_shape + cov_factor.shape[-2:])
        self.cov_diag = cov_diag.expand(batch_shape + (k,))
        super().__init__(batch_shape, (k,), validate_args=validate_args)
        self._unbroadcasted_cov_factor = cov_factor
        self._unbroadcasted_cov_diag = cov_diag
        scaled = cov_factor.transpose(-2, -1) / cov_diag.unsqueeze(-2)  # (..., m, k)
        eye = torch.eye(cov_factor.shape[-1], dtype=cov_factor.dtype)
        self._capacitance_tril = torch.linalg.cholesky(scaled @ cov_factor + eye)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:  # type: ignore[override]
        return self.cov_factor.pow(2).sum(-1) + self.cov_diag

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """W Wᵀ + D."""
        return self.cov_factor @ self.cov_factor.transpose(-2, -1) + torch.diag_embed(self.cov_diag)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of the covariance."""
        return torch.linalg.cholesky(self.covariance_matrix)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        scaled = self.cov_factor.transpose(-2, -1) / self.cov_diag.unsqueeze(-2)
        root = torch.linalg.solve_triangular(self._capacitance_tril, scaled, upper=False)
        return torch.diag_embed(self.cov_diag.reciprocal()) - root.transpose(-2, -1) @ root

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        for name in ("variance", "covariance_matrix", "scale_tril", "precision_matrix"):
            new.__dict__.pop(name, None)
        return new

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        small = torch.randn(shape[:-1] + self.cov_factor.shape[-1:], dtype=self.loc.dtype)
        wide = torch.randn(shape, dtype=self.loc.dtype)
        along = (self._unbroadcasted_cov_factor @ small.unsqueeze(-1)).squeeze(-1)
        return self.loc + along + self._unbroadcasted_cov_diag.sqrt() * wide

    def _log_det(self) -> Tensor:
        return 2 * half_log_det(self._capacitance_tril) + self._unbroadcasted_cov_diag.log().sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        difference = value - self.loc
        weighted = difference / self._unbroadcasted_cov_diag
        along = self._unbroadcasted_cov_factor.transpose(-2, -1) @ weighted.unsqueeze(-1)
        inner = torch.linalg.solve_triangular(self._capacitance_tril, along, upper=False)
        distance = (difference * weighted).sum(-1) - inner.pow(2).sum((-2, -1))
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + self._log_det() + distance)

    def entropy(self) -> Tensor:
        entropy = 0.5 * (self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._log_det())
        return entropy.expand(self._batch_shape)
