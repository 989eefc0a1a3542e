"""Dropout layers. In all of them p is the probability that something is *dropped* (some texts call the keep
probability p). They drop in training mode only; `eval()` switches them off.
"""

from __future__ import annotations

from ..tensor import Tensor
from . import functional as F
from .module import Module

__all__ = [
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
    "VariationalDropout",
]

MODES = ("inverted", "classic")


def require_probability(p: float) -> None:
    """Raise unless p is a probability."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def require_mode(mode: str) -> None:
    """Raise unless `mode` is one of the two ways to keep the expectation."""
    if mode not in MODES:
        raise ValueError(
            f"mode must be 'inverted' (scale in training) or 'classic' (in evaluation), got {mode!r}"
        )


class _DropoutNd(Module):
    """The constructor of those that take p and `inplace`."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        require_probability(p)
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class _Dropout(_DropoutNd):
    """The constructor of those that also take `mode`."""

    def __init__(self, p: float = 0.5, inplace: bool = False, *, mode: str = "inverted") -> None:
        super().__init__(p, inplace)
        require_mode(mode)
        self.mode = mode

    def extra_repr(self) -> str:
        return super().extra_repr() + ("" if self.mode == "inverted" else f", mode={self.mode!r}")


class Dropout(_Dropout):
    r"""Drop each element with probability p, in training.

    Units cannot rely on each other then, and evaluation averages the many networks that training sampled.

    Args:
        p: the probability to be *dropped*.
        inplace: whether to overwrite the input.
        mode: "inverted" (PyTorch's) divides what is kept by 1 - p in training and does nothing in evaluation.
            "classic" (the paper's) leaves it as it is in training and multiplies by 1 - p in evaluation. The
            expectation of both is the same in training as in evaluation.

    Shapes: (*) -> the same.

    Raises:
        ValueError: p is no probability, or an unknown mode.

    >>> _ = torch.manual_seed(0)
    >>> drop = torch.nn.Dropout(0.5)
    >>> drop(torch.ones(6)), drop.eval()(torch.ones(3))
    (tensor([0., 0., 2., 0., 0., 0.]), tensor([1., 1., 1.]))
    >>> classic = torch.nn.Dropout(0.25, mode="classic")
    >>> classic.eval()(torch.ones(3))
    tensor([0.7500, 0.7500, 0.7500])

    Source: Srivastava et al. 2014, "Dropout"; PyTorch, `torch.nn.Dropout`.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input with elements dropped."""
        return F.dropout(input, self.p, self.training, self.inplace, mode=self.mode)


class Dropout1d(_Dropout):
    """Drop whole channels of signals; the arguments are those of `Dropout`.

    Shapes: (N, C, L) or (C, L) -> the same.

    >>> _ = torch.manual_seed(0)
    >>> torch.nn.Dropout1d(0.5)(torch.ones(3, 2))
    tensor([[0., 0.],
            [0., 0.],
            [2., 2.]])

    Source: PyTorch, `torch.nn.Dropout1d`.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input with channels dropped."""
        return F.dropout1d(input, self.p, self.training, self.inplace, mode=self.mode)


class Dropout2d(_Dropout):
    """Drop whole feature maps of images: neighbouring pixels say much the same. Arguments as for `Dropout`.

    Shapes: (N, C, H, W) -> the same.

    >>> _ = torch.manual_seed(0)
    >>> torch.nn.Dropout2d(0.5)(torch.ones(1, 3, 1, 2)).flatten(2)
    tensor([[[0., 0.],
             [0., 0.],
             [2., 2.]]])

    Source: Tompson et al. 2015, "Efficient object localization using convolutional networks"; PyTorch,
    `torch.nn.Dropout2d`.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input with feature maps dropped."""
        return F.dropout2d(input, self.p, self.training, self.inplace, mode=self.mode)


class Dropout3d(_Dropout):
    """Drop whole channels of volumes; the arguments are those of `Dropout`.

    Shapes: (N, C, D, H, W) or (C, D, H, W) -> the same.

    >>> torch.nn.Dropout3d(0.0)(torch.ones(1, 2, 1, 1, 1)).flatten()
    tensor([1., 1.])

    Source: PyTorch, `torch.nn.Dropout3d`.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input with channels dropped."""
        return F.dropout3d(input, self.p, self.training, self.inplace, mode=self.mode)


class AlphaDropout(_DropoutNd):
    """Dropout for SELU networks: dropped elements become SELU's lower limit, mean and variance are kept.

    Args:
        p: the probability to be *dropped*.
        inplace: accepted, and without effect, as in PyTorch.

    Shapes: (*) -> the same.

    >>> torch.nn.AlphaDropout(0.2).eval()(torch.ones(2))
    tensor([1., 1.])

    Source: Klambauer et al. 2017, "Self-normalizing neural networks"; PyTorch, `torch.nn.AlphaDropout`.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input with elements dropped."""
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """`AlphaDropout` of whole channels; the arguments are the same.

    Shapes: (N, C, *) or (C, *) -> the same.

    >>> torch.nn.FeatureAlphaDropout(0.2).eval()(torch.ones(1, 2, 1)).flatten()
    tensor([1., 1.])

    Source: PyTorch, `torch.nn.FeatureAlphaDropout`.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The input with channels dropped."""
        return F.feature_alpha_dropout(input, self.p, self.training)


class VariationalDropout(_DropoutNd):
    r"""Drop features of sequences with one mask for all time steps, in training.

    A mask that changes from step to step disturbs what a recurrent network remembers; the same mask in every
    step is what dropout means there. Put it before, between and behind recurrent layers; for the recurrent
    weights themselves wrap the layer, as `DropConnect(nn.LSTM(...), names=["weight_hh_l0"])`.

    Args:
        p: the probability to be *dropped*; what is kept is divided by 1 - p.
        batch_first: whether inputs are (N, L, H), as for the recurrent layers.

    Shapes: (L, N, H), or (N, L, H) with `batch_first`, or (L, H) -> the same.

    Raises:
        ValueError: p is no probability, or an input of another shape.

    >>> _ = torch.manual_seed(0)
    >>> out = torch.nn.VariationalDropout(0.5)(torch.ones(7, 1, 4))
    >>> torch.equal(out[0], out[6]), out[0]
    (True, tensor([[0., 0., 2., 0.]]))

    Source: Gal and Ghahramani 2016, "A theoretically grounded application of dropout in recurrent neural
    networks".
    """

    def __init__(self, p: float = 0.5, batch_first: bool = False) -> None:
        super().__init__(p)
        self.batch_first = batch_first

    def forward(self, input: Tensor) -> Tensor:
        """The input with features dropped."""
        if input.dim() not in (2, 3):
            raise ValueError(f"expected sequences of 2 or 3 dimensions, got shape {tuple(input.shape)}")
        if not self.training or self.p == 0:
            return input
        time = 1 if self.batch_first and input.dim() == 3 else 0
        shape = [1 if place == time else size for place, size in enumerate(input.shape)]
        return input * F.dropout(input.new_ones(shape), self.p)

    def extra_repr(self) -> str:
        return f"p={self.p}, batch_first={self.batch_first}"
