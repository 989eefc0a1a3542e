"""Maps of vectors and matrices: onto the simplex, onto Cholesky factors, and part by part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tinygrad_kr as torch
from tinygrad_kr import Size, Tensor

from ..nn.functional import pad, softplus
from . import constraints
from ._transform import Transform
from .utils import tril_matrix_to_vec, vec_to_tril_matrix

__all__ = [
    "CatTransform",
    "CorrCholeskyTransform",
    "LowerCholeskyTransform",
    "PositiveDefiniteTransform",
    "SoftmaxTransform",
    "StackTransform",
    "StickBreakingTransform",
]


class SoftmaxTransform(Transform):
    """y = softmax(x): onto the simplex, but not one to one; the way back is log y.

    Source: PyTorch, `torch.distributions.transforms.SoftmaxTransform`.
    """

    domain = constraints.real_vector
    codomain = constraints.simplex

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SoftmaxTransform)

    __hash__ = object.__hash__

    def _call(self, x: Tensor) -> Tensor:
        return torch.softmax(x, -1)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def forward_shape(self, shape: Sequence[int]) -> Any:
        if len(shape) < 1:
            raise ValueError("Too few dimensions on input: softmax needs one")
        return shape

    inverse_shape = forward_shape


class StickBreakingTransform(Transform):
    """K - 1 numbers to K shares that sum to 1: each breaks sigmoid(x - offset) off what is left of a stick.

    The offsets make x = 0 the even shares.

    >>> torch.distributions.StickBreakingTransform()(torch.zeros(3))
    tensor([0.2500, 0.2500, 0.2500, 0.2500])

    Source: PyTorch, `torch.distributions.transforms.StickBreakingTransform`.
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StickBreakingTransform)

    __hash__ = object.__hash__

    def _logits(self, x: Tensor) -> Tensor:
        return x - torch.arange(x.shape[-1], 0, -1, dtype=x.dtype).log()

    def _call(self, x: Tensor) -> Tensor:
        limits = torch.finfo(x.dtype)
        broken = torch.sigmoid(self._logits(x)).clamp(min=limits.tiny, max=1.0 - limits.eps)
        return pad(broken, [0, 1], value=1) * pad((1 - broken).cumprod(-1), [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        shares = y[..., :-1]
        left = (1 - shares.cumsum(-1)).clamp(min=torch.finfo(y.dtype).tiny)
        return shares.log() - left.log() + torch.arange(shares.shape[-1], 0, -1, dtype=y.dtype).log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        logits = self._logits(x)
        return (-logits + torch.nn.functional.logsigmoid(logits) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Sequence[int]) -> Any:
        if len(shape) < 1:
            raise ValueError("Too few dimensions on input: stick breaking needs one")
        return Size(shape[:-1]) + (shape[-1] + 1,)

    def inverse_shape(self, shape: Sequence[int]) -> Any:
        if len(shape) < 1:
            raise ValueError("Too few dimensions on input: stick breaking needs one")
        return Size(shape[:-1]) + (shape[-1] - 1,)


class LowerCholeskyTransform(Transform):
    """Any matrix to a lower triangular one with a positive diagonal: exp of the diagonal, 0 above it.

    Source: PyTorch, `torch.distributions.transforms.LowerCholeskyTransform`.
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LowerCholeskyTransform)

    __hash__ = object.__hash__

    def _call(self, x: Tensor) -> Tensor:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(Transform):
    """Any matrix to a positive definite one, L Lᵀ with the L of `LowerCholeskyTransform`.

    Source: PyTorch, `torch.distributions.transforms.PositiveDefiniteTransform`.
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PositiveDefiniteTransform)

    __hash__ = object.__hash__

    def _call(self, x: Tensor) -> Tensor:
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.transpose(-2, -1)

    def _inverse(self, y: Tensor) -> Tensor:
        return LowerCholeskyTransform().inv(torch.linalg.cholesky(y))


class CorrCholeskyTransform(Transform):
    r"""D (D - 1) / 2 numbers to the Cholesky factor of a D x D correlation matrix.

    tanh makes them the canonical partial correlations z below the diagonal; row by row,
    $L_{ij} = z_{ij} \prod_{k<j} \sqrt{1 - z_{ik}^2}$, with 1 in the place of z on the diagonal.

    >>> torch.distributions.CorrCholeskyTransform()(torch.zeros(1))
    tensor([[1., 0.],
            [0., 1.]])

    Source: Lewandowski, Kurowicka and Joe (2009). PyTorch,
    `torch.distributions.transforms.CorrCholeskyTransform`.
    """

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x: Tensor) -> Tensor:
        x = torch.tanh(x)
        eps = torch.finfo(x.dtype).eps
        z = vec_to_tril_matrix(x.clamp(min=-1 + eps, max=1 - eps), diag=-1)
        left = (1 - z**2).sqrt().cumprod(-1)  # what the row's length leaves for the columns after
        z = z + torch.eye(z.shape[-1], dtype=z.dtype)
        return z * pad(left[..., :-1], [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        left = 1 - torch.cumsum(y * y, dim=-1)
        shifted = tril_matrix_to_vec(pad(left[..., :-1], [1, 0], value=1), diag=-1)
        z = tril_matrix_to_vec(y, diag=-1) / shifted.sqrt()
        return (z.log1p() - z.neg().log1p()) / 2

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        left = 1 - (y * y).cumsum(-1)
        rows = 0.5 * tril_matrix_to_vec(left, diag=-2).log().sum(-1)
        squashing = -2 * (x + softplus(-2 * x) - torch.log(torch.tensor(2.0, dtype=x.dtype))).sum(-1)
        return rows + squashing

    def forward_shape(self, shape: Sequence[int]) -> Any:
        if len(shape) < 1:
            raise ValueError("Too few dimensions on input: a vector is needed")
        size = round((0.25 + 2 * shape[-1]) ** 0.5 + 0.5)
        if size * (size - 1) // 2 != shape[-1]:
            raise ValueError(f"Input is not a flattened lower-diagonal number: {shape[-1]}")
        return Size(shape[:-1]) + (size, size)

    def inverse_shape(self, shape: Sequence[int]) -> Any:
        if len(shape) < 2 or shape[-2] != shape[-1]:
            raise ValueError(f"Input is not square: {tuple(shape)}")
        return Size(shape[:-2]) + (shape[-1] * (shape[-1] - 1) // 2,)


class CatTransform(Transform):
    """Transforms for the parts, of these lengths, that a tensor consists of along a dimension.

    Source: PyTorch, `torch.distributions.transforms.CatTransform`.
    """

    def __init__(
        self,
        tseq: Sequence[Transform],
        dim: int = 0,
        lengths: Sequence[int] | None = None,
        cache_size: int = 0,
    ) -> None:
        if not all(isinstance(one, Transform) for one in tseq):
            raise AssertionError("All elements of tseq must be Transform instances")
        super().__init__(cache_size)
        self.transforms = [one.with_cache(cache_size) for one in tseq] if cache_size else list(tseq)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        self.dim = dim
        if len(self.lengths) != len(self.transforms):
            raise AssertionError(f"{len(self.transforms)} transforms need as many lengths: {self.lengths}")

    @property
    def event_dim(self) -> int:
        return max(one.event_dim for one in self.transforms)

    @property
    def length(self) -> int:
        """The size along the dimension."""
        return sum(self.lengths)

    @property
    def bijective(self) -> Any:  # type: ignore[override]
        return all(one.bijective for one in self.transforms)

    @property
    def domain(self) -> Any:  # type: ignore[override]
        return constraints.cat([one.domain for one in self.transforms], self.dim, self.lengths)

    @property
    def codomain(self) -> Any:  # type: ignore[override]
        return constraints.cat([one.codomain for one in self.transforms], self.dim, self.lengths)

    def with_cache(self, cache_size: int = 1) -> Any:
        if self._cache_size == cache_size:
            return self
        return CatTransform(self.transforms, self.dim, self.lengths, cache_size)

    def _parts(self, value: Tensor) -> Sequence[Tensor]:
        return value.split(self.lengths, self.dim)

    def _call(self, x: Tensor) -> Tensor:
        return torch.cat([one(part) for one, part in zip(self.transforms, self._parts(x))], self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        return torch.cat([one.inv(part) for one, part in zip(self.transforms, self._parts(y))], self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        terms = []
        for one, before, after in zip(self.transforms, self._parts(x), self._parts(y)):
            term = one.log_abs_det_jacobian(before, after)
            extra = self.event_dim - one.event_dim
            terms.append(term.flatten(-extra).sum(-1) if extra else term)
        dim = self.dim - x.dim() if self.dim >= 0 else self.dim
        dim += self.event_dim
        return torch.cat(terms, dim) if dim < 0 else sum(terms[1:], terms[0])


class StackTransform(Transform):
    """Transforms for the slices of a tensor along a dimension.

    Source: PyTorch, `torch.distributions.transforms.StackTransform`.
    """

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0) -> None:
        if not all(isinstance(one, Transform) for one in tseq):
            raise AssertionError("All elements of tseq must be Transform instances")
        super().__init__(cache_size)
        self.transforms = [one.with_cache(cache_size) for one in tseq] if cache_size else list(tseq)
        self.dim = dim

    @property
    def bijective(self) -> Any:  # type: ignore[override]
        return all(one.bijective for one in self.transforms)

    @property
    def domain(self) -> Any:  # type: ignore[override]
        return constraints.stack([one.domain for one in self.transforms], self.dim)

    @property
    def codomain(self) -> Any:  # type: ignore[override]
        return constraints.stack([one.codomain for one in self.transforms], self.dim)

    def with_cache(self, cache_size: int = 1) -> Any:
        return (
            self if self._cache_size == cache_size else StackTransform(self.transforms, self.dim, cache_size)
        )

    def _slices(self, value: Tensor) -> list[Tensor]:
        if value.size(self.dim) != len(self.transforms):
            raise AssertionError(
                f"{len(self.transforms)} transforms for {value.size(self.dim)} slices along {self.dim}"
            )
        return [value.select(self.dim, i) for i in range(value.size(self.dim))]

    def _call(self, x: Tensor) -> Tensor:
        return torch.stack([one(part) for one, part in zip(self.transforms, self._slices(x))], self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        return torch.stack([one.inv(part) for one, part in zip(self.transforms, self._slices(y))], self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        terms = [
            one.log_abs_det_jacobian(before, after)
            for one, before, after in zip(self.transforms, self._slices(x), self._slices(y))
        ]
        return torch.stack(terms, self.dim)
