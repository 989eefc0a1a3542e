"""The Wishart distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tinygrad_kr as torch
from tinygrad_kr import Size, Tensor

from . import constraints
from .chi2 import Chi2
from .multivariate_normal import OfScaleMatrix, half_log_det

__all__ = ["Wishart"]


class Wishart(OfScaleMatrix):
    r"""The sum of ν outer products of normal vectors of covariance V, a positive definite matrix.

    $p(X) \propto |X|^{(\nu-p-1)/2} e^{-\mathrm{tr}(V^{-1} X)/2}$; ν need not be whole.

    Args:
        df: degrees of freedom ν, above p - 1.
        covariance_matrix: V, of shape (..., p, p); or
        precision_matrix: its inverse; or
        scale_tril: its Cholesky factor.

    Shapes: events have shape (p, p).

    >>> torch.distributions.Wishart(torch.tensor(3.0), torch.eye(2)).mean
    tensor([[3., 0.],
            [0., 3.]])

    Source: Bartlett (1933) for the draws. PyTorch, `torch.distributions.Wishart`.
    """

    support = constraints.positive_definite
    has_rsample = True

    @property
    def arg_constraints(self) -> Any:  # type: ignore[override]
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self._event_shape[-1] - 1),
        }

    def __init__(
        self,
        df: Any,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        name, matrix = self._set_scale(covariance_matrix, precision_matrix, scale_tril)
        df = df if isinstance(df, Tensor) else torch.tensor(float(df), dtype=matrix.dtype)
        batch_shape = torch.broadcast_shapes(matrix.shape[:-2], df.shape)
        if bool((df <= matrix.shape[-1] - 1).any()):
            raise ValueError(
                f"Value of df={df} expected to be greater than ndim - 1 = {matrix.shape[-1] - 1}."
            )
        self.df = df.expand(batch_shape)
        setattr(self, name, matrix.expand(batch_shape + (-1, -1)))
        super().__init__(batch_shape, matrix.shape[-2:], validate_args=validate_args)
        self._factorise(name, matrix)

    @property
    def _size(self) -> int:
        return self._event_shape[-1]

    @property
    def mean(self) -> Tensor:
        return self.df[..., None, None] * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self.df - self._size - 1
        return torch.where(factor <= 0, torch.nan, factor)[..., None, None] * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        diagonal = self.covariance_matrix.diagonal(dim1=-2, dim2=-1)
        products = diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2)
        return self.df[..., None, None] * (self.covariance_matrix.pow(2) + products)

    def _bartlett(self, sample_shape: Sequence[int]) -> Tensor:
        """L A Aᵀ Lᵀ, with square roots of χ² variates on the diagonal of A and normal ones below."""
        p = self._size
        chi2 = Chi2(self.df.unsqueeze(-1) - torch.arange(p, dtype=self.df.dtype), validate_args=False)
        factor = chi2.rsample(sample_shape).clamp(min=torch.finfo(self.df.dtype).tiny).sqrt().diag_embed()
        rows, columns = torch.tril_indices(p, p, -1)
        below = torch.zeros(factor.shape, dtype=factor.dtype)
        shape = Size(sample_shape) + self._batch_shape + (p * (p - 1) // 2,)
        below[..., rows, columns] = torch.randn(shape, dtype=factor.dtype)
        root = self._unbroadcasted_scale_tril @ (factor + below)
        return root @ root.transpose(-2, -1)

    def rsample(self, sample_shape: Sequence[int] = Size(), max_try_correction: int | None = None) -> Tensor:
        """Draws, of which those that rounding made singular are drawn again, `max_try_correction` times (10).

        PyTorch draws again the regular ones too, once (its first check is the wrong way round); so does this,
        to have the same numbers.
        """
        sample = self._bartlett(sample_shape)
        again = self._any_of_batch(self.support.check(sample.detach()))
        for _ in range(10 if max_try_correction is None else max_try_correction):
            count = int(again.sum())
            if not count:
                break
            new = self._bartlett((count,))
            sample = sample.clone()
            sample[again] = new
            again[again.clone()] = self._any_of_batch(~self.support.check(new.detach()))
        return sample

    def _any_of_batch(self, truths: Tensor) -> Tensor:
        dims = len(self._batch_shape)
        return truths.flatten(-dims).any(-1) if dims else truths

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        nu, p, factor = self.df, self._size, self._unbroadcasted_scale_tril
        ratio = torch.cholesky_solve(value, factor.expand(value.shape[:-2] + factor.shape[-2:]))
        return (
            -nu * (p * math.log(2) / 2 + half_log_det(factor))
            - torch.mvlgamma(nu / 2, p)
            + (nu - p - 1) / 2 * torch.linalg.slogdet(value).logabsdet
            - ratio.diagonal(dim1=-2, dim2=-1).sum(-1) / 2
        )

    def entropy(self) -> Tensor:
        nu, p = self.df, self._size
        halves = 0.5 * (nu.unsqueeze(-1) - torch.arange(p, dtype=nu.dtype))
        return (
            (p + 1) * (p * math.log(2) / 2 + half_log_det(self._unbroadcasted_scale_tril))
            + torch.mvlgamma(nu / 2, p)
            - (nu - p - 1) / 2 * torch.digamma(halves).sum(-1)
            + nu * p / 2
        )
