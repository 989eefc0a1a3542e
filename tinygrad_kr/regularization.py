"""Against overfitting, beside dropout: penalties on weights, a limit on them, and examples that vary.

Weight decay inside a step is elsewhere: `weight_decay` in `torch.optim` (coupled in SGD and Adam,
where it is the gradient of an L2 penalty; decoupled in AdamW). Dropout and DropConnect are modules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .autograd.modes import no_grad
from .distributions import Beta
from .nn.conv import _ConvTransposeNd
from .nn.functional import one_hot
from .nn.module import Module
from .ops.creation import arange, zeros
from .ops.norms import norm
from .ops.random import randint, randperm
from .tensor import Tensor

__all__ = ["cutout", "elastic_net", "max_norm_", "mixup", "penalty", "weights"]

Select = Callable[[str, Tensor], bool]


def weights(model: Module, select: Select | None = None) -> Iterator[tuple[str, Tensor]]:
    """Names and parameters of a model that regularisation is for.

    Args:
        model: any module.
        select: select(name, parameter) -> whether it is. By default those with two or more dimensions:
            weights of dense, convolutional, recurrent and embedding layers, but no biases and no parameters
            of normalisation layers, which only shift and scale.

    >>> from tinygrad_kr import regularization
    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))
    >>> [name for name, _ in regularization.weights(model)]
    ['0.weight', '3.weight']
    """
    for name, parameter in model.named_parameters():
        if parameter.dim() >= 2 if select is None else select(name, parameter):
            yield name, parameter


def penalty(model: Module, strength: float, p: float = 2.0, select: Select | None = None) -> Tensor:
    r"""What to add to the loss so that weights stay small: λ Σ|w|ᵖ.

    p = 1 makes many weights nearly or (with a proximal step) exactly 0, p = 2 evens them out; the textbook's
    ½ λ Σ w² is half of p = 2. Its gradient is λ p |w|ᵖ⁻¹ sign(w): at p = 1, λ times the sign, and 0 at 0.

    Args:
        model: any module.
        strength: λ, at least 0.
        p: at least 1, so that the penalty is convex.
        select: which parameters, see `weights`.

    Returns:
        A tensor without dimensions, on the graph.

    Raises:
        ValueError: λ negative or not finite, or p < 1.

    >>> from tinygrad_kr import regularization
    >>> layer = nn.Linear(2, 1)
    >>> with torch.no_grad():
    ...     _ = layer.weight.copy_(torch.tensor([[3.0, -4.0]]))
    >>> regularization.penalty(layer, 0.1, p=1).item(), regularization.penalty(layer, 0.1).item()
    (0.699..., 2.5)

    Source: Hoerl and Kennard 1970 (p = 2), Tibshirani 1996 (p = 1), Frank and Friedman 1993 (any p).
    """
    if not 0 <= strength < float("inf"):
        raise ValueError(f"the strength of a penalty must be a finite number of at least 0, got {strength}")
    if not p >= 1:
        raise ValueError(f"p must be at least 1 (below that the penalty is not convex), got {p}")
    terms = []
    for _, w in weights(model, select):
        if p == 1:
            terms.append(w.abs().sum())
        elif p == 2:
            terms.append(w.square().sum())
        else:
            terms.append((w.abs() ** p).sum())
    return strength * sum(terms[1:], terms[0]) if terms else zeros(())


def elastic_net(model: Module, l1: float, l2: float, select: Select | None = None) -> Tensor:
    r"""Both penalties at once: λ₁ Σ|w| + λ₂ Σw².

    Args:
        model, select: as for `penalty`.
        l1, l2: λ₁ and λ₂, at least 0.

    >>> from tinygrad_kr import regularization
    >>> layer = nn.Linear(2, 1)
    >>> with torch.no_grad():
    ...     _ = layer.weight.copy_(torch.tensor([[3.0, -4.0]]))
    >>> regularization.elastic_net(layer, 1.0, 1.0).item()
    32.0

    Source: Zou and Hastie 2005.
    """
    return penalty(model, l1, 1.0, select) + penalty(model, l2, 2.0, select)


@no_grad()
def max_norm_(model: Module, r: float, select: Select | None = None) -> None:
    r"""Scale every unit's incoming weights whose norm is above r back to it: w ← w · min(1, r / ‖w‖₂).

    To be called after each step of an optimizer (`train.MaxNorm` does). A unit is an output of a dense layer
    or an output channel of a convolution, and its incoming weights are all those that feed it, over the
    channels and positions of its kernel; in an embedding it is a row.

    Args:
        model: any module.
        r: the largest norm, positive.
        select: which parameters, see `weights`.

    Raises:
        ValueError: r is not positive.

    >>> from tinygrad_kr import regularization
    >>> layer = nn.Linear(2, 2)
    >>> with torch.no_grad():
    ...     _ = layer.weight.copy_(torch.tensor([[3.0, 4.0], [0.3, 0.4]]))
    >>> regularization.max_norm_(layer, r=1.0)
    >>> layer.weight.detach()
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])

    Source: Srebro and Shraibman 2005; Srivastava et al. 2014, "Dropout", section 5.1.
    """
    if not r > 0:
        raise ValueError(f"the largest norm must be positive, got {r}")
    groups = {
        id(layer.weight): layer.groups for layer in model.modules() if isinstance(layer, _ConvTransposeNd)
    }
    for _, w in weights(model, select):
        units = w.unsqueeze(-1)  # (units, ..., 1): a dimension to take the norm over, even in a vector
        incoming = tuple(range(1, units.dim()))
        if id(w) in groups:
            units = units.unflatten(0, (groups[id(w)], -1))  # (groups, in, units of the group, ..., 1)
            incoming = (1, *range(3, units.dim()))
        norms = norm(units, 2, incoming, keepdim=True)
        units.mul_(r / norms.clamp(min=r))


def mixup(
    inputs: Tensor, targets: Tensor, alpha: float = 0.2, classes: int | None = None
) -> tuple[Tensor, Tensor]:
    r"""Blend every example with another one of the batch: x ← λx + (1 - λ)x', y ← λy + (1 - λ)y'.

    λ is drawn once for the batch from Beta(α, α), the partners from a random permutation.

    Args:
        inputs: (N, *).
        targets: class numbers (N,), which become probabilities (N, classes); or floating values (N, *).
        alpha: α, positive. Small values blend little: λ is then mostly near 0 or 1.
        classes: how many there are; needed for class numbers.

    Returns:
        New inputs and targets. `F.cross_entropy` takes the probabilities as they are.

    Raises:
        ValueError: α not positive, class numbers without `classes`, or lengths that differ.

    >>> from tinygrad_kr import regularization
    >>> x, y = regularization.mixup(torch.eye(4), torch.arange(4), alpha=1.0, classes=4)
    >>> torch.allclose(x, y), torch.allclose(y.sum(1), torch.ones(4))
    (True, True)

    Source: Zhang et al. 2018, "mixup: beyond empirical risk minimization".
    """
    if not alpha > 0:
        raise ValueError(f"alpha must be positive, got {alpha}")
    if len(inputs) != len(targets):
        raise ValueError(f"as many targets as inputs are needed, got {len(inputs)} and {len(targets)}")
    if not targets.is_floating_point():
        if classes is None:
            raise ValueError("class numbers need classes=..., to be blended as probabilities")
        targets = one_hot(targets, classes).to(inputs.dtype)
    share = Beta(alpha, alpha).sample().item()
    partner = randperm(len(inputs))
    blend = lambda values: share * values + (1 - share) * values[partner]  # noqa: E731
    return blend(inputs), blend(targets)


def cutout(images: Tensor, size: int, value: float = 0.0) -> Tensor:
    """Cover a square of every image, with its centre anywhere, so that it may hang over the border.

    Args:
        images: (N, C, H, W).
        size: the side of the square in pixels.
        value: what it is covered with.

    Returns:
        New images.

    Raises:
        ValueError: size < 1, or images of another shape.

    >>> from tinygrad_kr import regularization
    >>> covered = regularization.cutout(torch.ones(8, 1, 6, 6), size=2)
    >>> bool((covered.sum((1, 2, 3)) >= 32).all()), bool((covered.sum((1, 2, 3)) < 36).all())
    (True, True)

    Source: DeVries and Taylor 2017, "Improved regularization of convolutional neural networks with cutout".
    """
    if size < 1:
        raise ValueError(f"size must be at least 1 pixel, got {size}")
    if images.dim() != 4:
        raise ValueError(f"cutout needs images (N, C, H, W), got {tuple(images.shape)}")
    covered = []
    for side in images.shape[2:]:
        centre = randint(0, side, (len(images), 1))
        offset = arange(side) - centre + size // 2  # (N, side)
        covered.append((offset >= 0) & (offset < size))
    mask = covered[0].unsqueeze(2) & covered[1].unsqueeze(1)  # (N, H, W)
    return images.masked_fill(mask.unsqueeze(1), value)
