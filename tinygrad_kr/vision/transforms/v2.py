"""`torchvision.transforms.v2`: the same transforms, for whole samples.

A sample is a picture alone, or tuples, lists and dictionaries that hold pictures beside labels and other
things. Pillow's images and arrays of two or three dimensions are pictures; if there are none, the first
tensor is one. All pictures of a sample get the same draws, everything else passes through::

    image, label = RandomAffine(10)(image, label)

`MixUp` and `CutMix` blend the pictures and labels of a batch, behind the loader or in its `collate_fn`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ... import dtypes
from ...nn.functional import one_hot
from ...nn.module import Module
from ...ops.creation import tensor as as_tensor
from ...ops.random import multinomial, rand, randperm
from ...random import get_rng_state, set_rng_state
from ...tensor import Tensor
from .. import transforms as first
from . import conversion, jitter
from . import functional as functional
from .composition import Transform as Function
from .pictures import InterpolationMode as InterpolationMode
from .pictures import is_pillow
from .randomized import below, require_probability


def map_pictures(sample: Any, change: Callable[[Any], Any]) -> Any:
    """The sample with its pictures changed; each gets the same draws."""
    leaves: list[Any] = []
    _walk(sample, lambda leaf: leaves.append(leaf))
    chosen = [_is_picture(leaf) for leaf in leaves]
    if not any(chosen):
        tensors = [isinstance(leaf, Tensor) for leaf in leaves]
        if True in tensors:
            chosen[tensors.index(True)] = True
    state = get_rng_state() if sum(chosen) > 1 else None
    again = iter(chosen)
    changed = 0

    def visit(leaf: Any) -> Any:
        nonlocal changed
        if not next(again):
            return leaf
        if changed and state is not None:
            set_rng_state(state)
        changed += 1
        return change(leaf)

    return _walk(sample, visit)


def _is_picture(leaf: Any) -> bool:
    return is_pillow(leaf) or (isinstance(leaf, np.ndarray) and leaf.ndim in (2, 3))


def _walk(sample: Any, visit: Callable[[Any], Any]) -> Any:
    if isinstance(sample, Mapping):
        return {name: _walk(value, visit) for name, value in sample.items()}
    if isinstance(sample, tuple) and hasattr(sample, "_fields"):
        return type(sample)(*[_walk(value, visit) for value in sample])
    if isinstance(sample, (tuple, list)):
        return type(sample)([_walk(value, visit) for value in sample])
    return visit(sample)


def _sample(inputs: tuple[Any, ...]) -> Any:
    if not inputs:
        raise TypeError("a transform needs at least one argument: a picture, or a sample that holds one")
    return inputs[0] if len(inputs) == 1 else inputs


class Transform(Module):
    """What changes the pictures of a sample; a subclass says how in `transform(picture, params)`.

    Source: torchvision, `transforms.v2.Transform`.
    """

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draws shared by all pictures of a sample."""
        return {}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """One picture, changed."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does: define transform()")

    def forward(self, *inputs: Any) -> Any:
        """The sample, its pictures changed."""
        sample = _sample(inputs)
        flat: list[Any] = []
        _walk(sample, flat.append)
        params = self.make_params(flat)
        return map_pictures(sample, lambda picture: self.transform(picture, params))


class _OnSamples:
    """Makes a transform of pictures one of samples."""

    def __call__(self, *inputs: Any) -> Any:
        return map_pictures(_sample(inputs), super().__call__)  # type: ignore[misc]


def _on_samples(kind: type) -> type:
    doc = f"`transforms.{kind.__name__}` for whole samples, with the same arguments."
    return type(kind.__name__, (_OnSamples, kind), {"__doc__": doc, "__module__": __name__})


class Compose(Module):
    """One transform after the other.

    >>> Compose([lambda x: x + 1, lambda x: 2 * x])(3)
    8

    Source: torchvision, `transforms.v2.Compose`.
    """

    def __init__(self, transforms: Sequence[Function]) -> None:
        super().__init__()
        if not isinstance(transforms, Sequence) or not transforms:
            raise ValueError("transforms must be a sequence of at least one callable")
        self.__dict__["transforms"] = transforms  # a plain list: nothing in it is to be registered

    def forward(self, *inputs: Any) -> Any:
        """The sample, changed by all."""
        sample = _sample(inputs)
        for number in self._chosen():
            change = self.__dict__["transforms"][number]
            sample = change(*sample) if _several(inputs, sample) else change(sample)
        return sample

    def _chosen(self) -> Sequence[int]:
        return range(len(self.__dict__["transforms"]))

    def __repr__(self) -> str:
        inside = [f"      {one}" for one in self.__dict__["transforms"]]
        return "\n".join([f"{type(self).__name__}(", *inside, ")"])


def _several(inputs: tuple[Any, ...], sample: Any) -> bool:
    """Whether a sample was given as several arguments and still is several things."""
    return len(inputs) > 1 and isinstance(sample, tuple)


class RandomApply(Compose):
    """All of the transforms with probability `p`, else none.

    Source: torchvision, `transforms.v2.RandomApply`.
    """

    def __init__(self, transforms: Sequence[Function], p: float = 0.5) -> None:
        super().__init__(transforms)
        self.p = require_probability(p, "p")

    def _chosen(self) -> Sequence[int]:
        return super()._chosen() if rand(1).item() < self.p else ()


class RandomChoice(Compose):
    """One of the transforms.

    Args:
        transforms: to choose from.
        p: their weights; equal ones by default.

    Source: torchvision, `transforms.v2.RandomChoice`.
    """

    def __init__(self, transforms: Sequence[Function], p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        weights = [1.0] * len(transforms) if p is None else list(p)
        if len(weights) != len(transforms) or min(weights) < 0 or not sum(weights) > 0:
            raise ValueError(f"p must be a weight for each of {len(transforms)} transforms, got {p!r}")
        self.p = [weight / sum(weights) for weight in weights]

    def _chosen(self) -> Sequence[int]:
        return [int(multinomial(as_tensor(self.p), 1).item())]


class RandomOrder(Compose):
    """All of the transforms in a random order.

    Source: torchvision, `transforms.v2.RandomOrder`.
    """

    def _chosen(self) -> Sequence[int]:
        return randperm(len(self.__dict__["transforms"])).tolist()


class Lambda(Transform):
    """A function of the user's on everything in a sample that is of one of `types`.

    Source: torchvision, `transforms.v2.Lambda`.
    """

    def __init__(self, lambd: Function, *types: type) -> None:
        super().__init__()
        if not callable(lambd):
            raise TypeError(f"lambd must be callable, got {type(lambd).__name__}")
        self.lambd = lambd
        self.types = types or (object,)

    def forward(self, *inputs: Any) -> Any:
        """The sample, changed."""
        return _walk(_sample(inputs), lambda one: self.lambd(one) if isinstance(one, self.types) else one)


class Identity(Transform):
    """The sample as it is."""

    def forward(self, *inputs: Any) -> Any:
        """The sample."""
        return _sample(inputs)


class ToImage(Transform):
    """Pillow's images and arrays (H, W, C) as tensors (C, H, W) of the same values.

    >>> ToImage()(np.zeros((2, 4, 3), np.uint8), 7)[0].shape
    torch.Size([3, 2, 4])

    Source: torchvision, `transforms.v2.ToImage`.
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Tensor:
        """The tensor."""
        if isinstance(inpt, Tensor):
            return inpt if inpt.ndim > 2 else inpt.unsqueeze(0)
        return conversion._channels_first(np.array(inpt))


class ToDtype(Transform):
    """Tensor pictures in another dtype; with `scale`, from one range to the other.

    >>> ToDtype(dtypes.float32, scale=True)(as_tensor([[[0, 255]]], dtype=dtypes.uint8))
    tensor([[[0., 1.]]])

    Source: torchvision, `transforms.v2.ToDtype`.
    """

    def __init__(self, dtype: dtypes.dtype, scale: bool = False) -> None:
        super().__init__()
        if not isinstance(dtype, dtypes.dtype):
            raise TypeError(f"dtype must be a dtype, such as float32, got {dtype!r}")
        self.dtype, self.scale = dtype, scale

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The picture in the other dtype; what is no tensor stays."""
        if not isinstance(inpt, Tensor):
            return inpt
        return conversion.convert_image_dtype(inpt, self.dtype) if self.scale else inpt.to(self.dtype)

    def __repr__(self) -> str:
        return f"ToDtype(scale={self.scale})"


class _Mix(Module):
    """Blends every picture and label of a batch with the ones before it (the first with the last)."""

    def __init__(self, *, alpha: float = 1.0, num_classes: int | None = None) -> None:
        super().__init__()
        if not alpha > 0:
            raise ValueError(f"alpha must be positive, got {alpha}")
        self.alpha, self.num_classes = float(alpha), num_classes

    def forward(self, *inputs: Any) -> Any:
        """(images, labels), blended; labels become probabilities (N, num_classes)."""
        sample = _sample(inputs)
        if not isinstance(sample, (tuple, list)) or len(sample) != 2:
            raise ValueError(f"{type(self).__name__} needs (images, labels), got {type(sample).__name__}")
        images, labels = sample
        name = type(self).__name__
        if not isinstance(images, Tensor) or images.ndim != 4:
            shape = tuple(images.shape) if hasattr(images, "shape") else type(images).__name__
            raise ValueError(f"{name} needs a batch of images (N, C, H, W), got {shape}; collate them first")
        if not isinstance(labels, Tensor) or labels.ndim not in (1, 2) or len(labels) != len(images):
            shape = tuple(labels.shape) if hasattr(labels, "shape") else type(labels).__name__
            raise ValueError(f"{name} needs labels ({len(images)},) or ({len(images)}, classes), got {shape}")
        if labels.ndim == 1:
            if self.num_classes is None:
                raise ValueError("class numbers need num_classes=..., to be blended as probabilities")
            if len(labels) and labels.max().item() >= self.num_classes:
                raise ValueError(
                    f"label {labels.max().item()} does not exist among {self.num_classes} classes"
                )
            labels = one_hot(labels, self.num_classes)
        labels = labels.to(images.dtype if images.is_floating_point() else dtypes.get_default_dtype())
        mixed, share = self.mix(images, self._draw_share())
        blended = share * labels + (1 - share) * labels.roll(1, 0)
        return (mixed, blended) if isinstance(sample, tuple) else [mixed, blended]

    def _draw_share(self) -> float:
        from ...distributions import Dirichlet

        return Dirichlet(as_tensor([self.alpha, self.alpha])).sample()[0].item()

    def mix(self, images: Tensor, share: float) -> tuple[Tensor, float]:
        """The blended images, and how much of each is its own."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}(alpha={self.alpha}, num_classes={self.num_classes})"


class MixUp(_Mix):
    r"""$\lambda x + (1 - \lambda) x'$ for images and labels, with $\lambda$ from Beta(alpha, alpha).

    Args:
        alpha: of the distribution; small values blend little.
        num_classes: how many there are, for class numbers as labels.

    Raises:
        ValueError: alpha not positive, or no batch of images with as many labels.

    >>> images, labels = MixUp(num_classes=3)(rand(4, 1, 2, 2), as_tensor([0, 1, 2, 0]))
    >>> labels.shape
    torch.Size([4, 3])

    Source: torchvision, `transforms.v2.MixUp`; Zhang et al. 2018.
    """

    def mix(self, images: Tensor, share: float) -> tuple[Tensor, float]:
        """The weighted sums."""
        if not images.is_floating_point():
            raise ValueError(
                f"MixUp needs images of floats, got {images.dtype}: ToDtype(float32, scale=True)"
            )
        return share * images + (1 - share) * images.roll(1, 0), share


class CutMix(_Mix):
    """A random rectangle of each image replaced by another image's; labels blend by the area.

    Args:
        alpha: of the Beta distribution of the area that is kept.
        num_classes: how many there are, for class numbers as labels.

    Raises:
        ValueError: alpha not positive, or no batch of images with as many labels.

    Source: torchvision, `transforms.v2.CutMix`; Yun et al. 2019.
    """

    def mix(self, images: Tensor, share: float) -> tuple[Tensor, float]:
        """The patched images."""
        rows, columns = images.shape[-2:]
        middle_x, middle_y = below(columns), below(rows)
        half = 0.5 * (1.0 - share) ** 0.5
        half_width, half_height = int(half * columns), int(half * rows)
        left, right = max(middle_x - half_width, 0), min(middle_x + half_width, columns)
        top, bottom = max(middle_y - half_height, 0), min(middle_y + half_height, rows)
        mixed = images.clone()
        mixed[..., top:bottom, left:right] = images.roll(1, 0)[..., top:bottom, left:right]
        return mixed, 1.0 - (right - left) * (bottom - top) / (rows * columns)


CenterCrop = _on_samples(first.CenterCrop)
ColorJitter = _on_samples(first.ColorJitter)
ConvertImageDtype = _on_samples(first.ConvertImageDtype)
ElasticTransform = _on_samples(first.ElasticTransform)
FiveCrop = _on_samples(first.FiveCrop)
GaussianBlur = _on_samples(first.GaussianBlur)
Grayscale = _on_samples(first.Grayscale)
Normalize = _on_samples(first.Normalize)
PILToTensor = _on_samples(first.PILToTensor)
Pad = _on_samples(first.Pad)
RandomAffine = _on_samples(first.RandomAffine)
RandomCrop = _on_samples(first.RandomCrop)
RandomErasing = _on_samples(first.RandomErasing)
RandomGrayscale = _on_samples(first.RandomGrayscale)
RandomHorizontalFlip = _on_samples(first.RandomHorizontalFlip)
RandomPerspective = _on_samples(first.RandomPerspective)
RandomResizedCrop = _on_samples(first.RandomResizedCrop)
RandomRotation = _on_samples(first.RandomRotation)
RandomVerticalFlip = _on_samples(first.RandomVerticalFlip)
Resize = _on_samples(first.Resize)
TenCrop = _on_samples(first.TenCrop)
ToPILImage = _on_samples(first.ToPILImage)
ToTensor = _on_samples(first.ToTensor)
GaussianNoise = _on_samples(jitter.GaussianNoise)
