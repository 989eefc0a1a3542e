"""Transforms made of transforms."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from ...nn.module import Module
from ...ops.random import rand
from .randomized import require_probability

Transform = Callable[[Any], Any]


class _Several:
    """What has a list of transforms and prints it."""

    def __init__(self, transforms: Sequence[Transform]) -> None:
        if not isinstance(transforms, Sequence):
            raise TypeError(f"transforms must be a sequence of them, got {type(transforms).__name__}")
        self.transforms = transforms

    def __repr__(self) -> str:
        return "\n".join([f"{type(self).__name__}(", *[f"    {one}" for one in self.transforms], ")"])


class Compose(_Several):
    """One transform after the other.

    >>> Compose([lambda x: x + 1, lambda x: 2 * x])(3)
    8

    Source: torchvision, `Compose`.
    """

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img


class Lambda:
    """A function of the user's as a transform.

    Source: torchvision, `Lambda`.
    """

    def __init__(self, lambd: Transform) -> None:
        if not callable(lambd):
            raise TypeError(f"lambd must be callable, got {type(lambd).__name__}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)

    def __repr__(self) -> str:
        return "Lambda()"


class RandomApply(Module):
    """All of the transforms with probability `p`, else none.

    Source: torchvision, `RandomApply`.
    """

    transforms: Sequence[Transform]

    def __init__(self, transforms: Sequence[Transform], p: float = 0.5) -> None:
        super().__init__()
        self.__dict__["transforms"] = transforms  # a plain list: nothing in it is to be registered
        self.p = require_probability(p, "p")

    def forward(self, img: Any) -> Any:
        """The picture, transformed or not."""
        if self.p < rand(1).item():
            return img
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        inside = [f"    p={self.p}", *[f"    {one}" for one in self.transforms]]
        return "\n".join(["RandomApply(", *inside, ")"])


class RandomOrder(_Several):
    """All of the transforms in a random order, drawn from Python's `random` as torchvision does.

    Source: torchvision, `RandomOrder`.
    """

    def __call__(self, img: Any) -> Any:
        order = list(range(len(self.transforms)))
        random.shuffle(order)
        for index in order:
            img = self.transforms[index](img)
        return img


class RandomChoice(_Several):
    """One of the transforms, drawn from Python's `random` as torchvision does.

    Args:
        transforms: to choose from.
        p: their weights; equal ones by default.

    Source: torchvision, `RandomChoice`.
    """

    def __init__(self, transforms: Sequence[Transform], p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        if p is not None and not isinstance(p, Sequence):
            raise TypeError(f"p must be a sequence of weights, got {type(p).__name__}")
        self.p = p

    def __call__(self, img: Any) -> Any:
        return random.choices(self.transforms, weights=self.p)[0](img)

    def __repr__(self) -> str:
        return f"{super().__repr__()}(p={self.p})"
