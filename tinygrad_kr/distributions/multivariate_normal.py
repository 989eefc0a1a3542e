"""The multivariate normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import tinygrad_kr as torch
from tinygrad_kr import Size, Tensor

from . import constraints
from .distribution import Distribution
from .utils import lazy_property

__all__ = ["MultivariateNormal"]


def half_log_det(factor: Tensor) -> Tensor:
    """Half the log-determinant of L Lᵀ."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def squared_distance(factor: Tensor, x: Tensor) -> Tensor:
    """xᵀ (L Lᵀ)⁻¹ x: the squared length of L⁻¹ x."""
    if factor.dim() == 2:  # one factor for all: the vectors are the columns of one right side
        columns = x.reshape(-1, x.shape[-1]).t()
        return torch.linalg.solve_triangular(factor, columns, upper=False).pow(2).sum(0).reshape(x.shape[:-1])
    solved = torch.linalg.solve_triangular(factor, x.unsqueeze(-1), upper=False)
    return solved.pow(2).sum((-2, -1))


def factor_of_precision(precision: Tensor) -> Tensor:
    """The Cholesky factor L of the inverse of a matrix P, without that inverse.

    Upside down and right to left, the factor of P is the transposed inverse of L.
    """
    flipped = torch.linalg.cholesky(torch.flip(precision, (-2, -1)))
    inverse = torch.flip(flipped, (-2, -1)).transpose(-2, -1)
    eye = torch.eye(precision.shape[-1], dtype=precision.dtype)
    return torch.linalg.solve_triangular(inverse, eye, upper=False)


class OfScaleMatrix(Distribution):
    """A base for families given by a covariance, its inverse or its Cholesky factor L, of which L is kept."""

    _unbroadcasted_scale_tril: Tensor

    def _set_scale(
        self, covariance_matrix: Any, precision_matrix: Any, scale_tril: Any
    ) -> tuple[str, Tensor]:
        """Keep L of the one that is given; its name and value are returned."""
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        names = [name for name, value in given.items() if value is not None]
        if len(names) != 1:
            raise ValueError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified; got "
                + (", ".join(names) or "none")
            )
        value = given[names[0]]
        if value.dim() < 2:
            raise ValueError(f"{names[0]} must be at least two-dimensional, with optional leading batch dims")
        return names[0], value

    def _factorise(self, name: str, value: Tensor) -> None:
        if name == "scale_tril":
            self._unbroadcasted_scale_tril = value
        elif name == "covariance_matrix":
            self._unbroadcasted_scale_tril = torch.linalg.cholesky(value)
        else:
            self._unbroadcasted_scale_tril = factor_of_precision(value)

    def _over_batch(self, matrix: Tensor) -> Tensor:
        return matrix.expand(self._batch_shape + matrix.shape[-2:])

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor L of the covariance."""
        return self._over_batch(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance L Lᵀ."""
        factor = self._unbroadcasted_scale_tril
        return self._over_batch(factor @ factor.transpose(-2, -1))

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        return self._over_batch(torch.cholesky_inverse(self._unbroadcasted_scale_tril))


class MultivariateNormal(OfScaleMatrix):
    r"""Normal vectors: $p(x) \propto \exp(-\frac12 (x-\mu)^T \Sigma^{-1} (x-\mu))$.

    Args:
        loc: the mean μ, of shape (..., k).
        covariance_matrix: Σ; or
        precision_matrix: Σ⁻¹; or
        scale_tril: the Cholesky factor of Σ. Of these the last costs least.

    Shapes: events have shape (k).

    >>> normal = torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2))
    >>> normal.log_prob(torch.zeros(2))
    tensor(-1.8379)

    Source: PyTorch, `torch.distributions.MultivariateNormal`.
    """

    arg_constraints: ClassVar[Any] = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        name, matrix = self._set_scale(covariance_matrix, precision_matrix, scale_tril)
        batch_shape = torch.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        setattr(self, name, matrix.expand(batch_shape + (-1, -1)))
        self.loc = loc.expand(batch_shape + (-1,))
        super().__init__(batch_shape, self.loc.shape[-1:], validate_args=validate_args)
        self._factorise(name, matrix)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        squares = self._unbroadcasted_scale_tril.pow(2).sum(-1)
        return squares.expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        noise = torch.randn(self._extended_shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + (self._unbroadcasted_scale_tril @ noise.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        distance = squared_distance(self._unbroadcasted_scale_tril, value - self.loc)
        k = self._event_shape[0]
        return -0.5 * (k * math.log(2 * math.pi) + distance) - half_log_det(self._unbroadcasted_scale_tril)

    def entropy(self) -> Tensor:
        k = self._event_shape[0]
        entropy = 0.5 * k * (1.0 + math.log(2 * math.pi)) + half_log_det(self._unbroadcasted_scale_tril)
        return entropy.expand(self._batch_shape)
