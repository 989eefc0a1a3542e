"""The LKJ distribution of correlation matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import tinygrad_kr as torch
from tinygrad_kr import Size, Tensor

from . import constraints
from .beta import Beta
from .distribution import Distribution
from .utils import broadcast_all

__all__ = ["LKJCholesky"]


class LKJCholesky(Distribution):
    r"""Cholesky factors of correlation matrices M of density $p(M) \propto |M|^{\eta-1}$.

    Args:
        dim: the number of variables, at least 2.
        concentration: η, above 0; 1 makes all correlation matrices equally likely.

    Shapes: events have shape (dim, dim).

    >>> _ = torch.manual_seed(0)
    >>> torch.distributions.LKJCholesky(2, 0.5).sample().diagonal()[0]
    tensor(1.)

    Source: Lewandowski, Kurowicka and Joe (2009), "Generating random correlation matrices based on vines and
    extended onion method". PyTorch, `torch.distributions.LKJCholesky`.
    """

    arg_constraints: ClassVar[Any] = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        super().__init__(self.concentration.shape, (dim, dim), validate_args)
        # The squared length of row i, without its diagonal, is a beta variate.
        columns = torch.arange(dim - 1, dtype=self.concentration.dtype)
        offsets = torch.cat([torch.zeros(1, dtype=columns.dtype), columns])
        marginal = self.concentration.unsqueeze(-1) + 0.5 * (dim - 2)
        self._beta = Beta(offsets + 0.5, marginal - 0.5 * offsets)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new._beta = self._beta.expand(Size(batch_shape) + self._beta.batch_shape[-1:])
        return new

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        with torch.no_grad():
            y = self._beta.sample(sample_shape).unsqueeze(-1)
            normal = torch.randn(self._extended_shape(sample_shape), dtype=y.dtype).tril(-1)
            length = normal.norm(dim=-1, keepdim=True)
            direction = normal / length.clamp(min=torch.finfo(y.dtype).tiny)  # the first row is all zeros
            w = torch.sqrt(y) * direction
            rest = (1 - torch.sum(w**2, dim=-1)).clamp(min=torch.finfo(w.dtype).tiny).sqrt()
            return w + rest.diag_embed()

    def log_prob(self, value: Tensor) -> Tensor:
        self._validate_sample(value)
        d, below = self.dim, self.dim - 1
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = 2 * (self.concentration - 1).unsqueeze(-1) + d - torch.arange(2, d + 1, dtype=value.dtype)
        alpha = self.concentration + 0.5 * below
        normalizer = (
            0.5 * below * math.log(math.pi) + torch.mvlgamma(alpha - 0.5, below) - torch.lgamma(alpha) * below
        )
        return (order * diagonal.log()).sum(-1) - normalizer
