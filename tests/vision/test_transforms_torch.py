"""Transforms against torchvision's, under one seed."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import tinygrad_kr
from tinygrad_kr.vision import transforms as ours

from .reference import torchvision

pytestmark = pytest.mark.torch
Image = pytest.importorskip("PIL.Image", reason="Pillow (extra images) is not installed")

GEOMETRY = [
    "CenterCrop(6)",
    "CenterCrop((4, 20))",
    "Pad((1, 2, 3, 4), fill=9)",
    "Pad((2, 1), padding_mode='reflect')",
    "Pad(3, padding_mode='symmetric')",
    "Pad(3, padding_mode='edge')",
    "RandomHorizontalFlip()",
    "RandomVerticalFlip(0.3)",
    "RandomGrayscale(0.5)",
    "RandomCrop(7, padding=2)",
    "RandomCrop((12, 15), pad_if_needed=True)",
    "RandomApply([T.RandomHorizontalFlip(), T.RandomCrop(5)], p=0.4)",
    "RandomResizedCrop(8)",
    "RandomResizedCrop((5, 9), scale=(0.5, 0.9), ratio=(1, 3))",
    "RandomChoice([T.CenterCrop(3), T.CenterCrop(4)])",
    "RandomOrder([T.RandomHorizontalFlip(), T.RandomCrop(5)])",
    "Resize(5)",
    "Resize((20, 7))",
    "Resize(30, max_size=31)",
    "Resize((4, 5), T.InterpolationMode.BICUBIC)",
    "Resize((4, 5), T.InterpolationMode.NEAREST)",
    "Grayscale(3)",
    "TenCrop(4)",
]


def values(picture: Any) -> np.ndarray:
    return np.asarray(picture if hasattr(picture, "mode") else picture.numpy())


@pytest.mark.parametrize("form", ["pillow", "bytes", "floats"])
@pytest.mark.parametrize("transform", GEOMETRY)
def test_same_picture_from_the_same_seed(transform: str, form: str) -> None:
    theirs = torchvision().transforms
    torch = pytest.importorskip("torch")
    array = np.random.default_rng(1).integers(0, 256, (9, 12, 3)).astype(np.uint8)
    results = []
    for module, library in ((ours, tinygrad_kr), (theirs, torch)):
        library.manual_seed(5)
        random.seed(5)
        if form == "pillow":
            picture = Image.fromarray(array)
        else:
            picture = library.tensor(array.transpose(2, 0, 1))
            picture = picture / 255 if form == "floats" else picture
        made = eval(f"T.{transform}", {"T": module})
        assert str(made) == str(eval(f"T.{transform}", {"T": theirs}))
        for _ in range(4):
            out = made(picture)
            results.append([values(one) for one in (out if isinstance(out, tuple) else (out,))])
        assert library.rand(1).item() >= 0
    for mine, reference in zip(results[:4], results[4:]):
        for one, two in zip(mine, reference, strict=True):
            assert one.dtype == two.dtype
            if form == "floats":
                np.testing.assert_allclose(one, two, atol=1e-6)
            elif form == "bytes" and "Resize" in transform:  # halves are rounded after float32 sums
                np.testing.assert_allclose(one.astype(int), two.astype(int), atol=1)
                assert np.mean(one != two) < 0.02
            else:
                np.testing.assert_array_equal(one, two)


def test_conversions() -> None:
    torch, theirs = pytest.importorskip("torch"), torchvision().transforms.functional
    F = ours.functional
    for mode in ("L", "RGB", "RGBA", "1", "I", "F"):
        image = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(2, 4, 3)).convert(mode)
        for name in ("to_tensor", "pil_to_tensor"):
            mine, reference = getattr(F, name)(image), getattr(theirs, name)(image)
            assert str(mine.dtype) == str(reference.dtype)
            np.testing.assert_array_equal(mine.numpy(), reference.numpy())
    image = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
    for kind in ("uint8", "int16", "float64"):
        mine = F.convert_image_dtype(tinygrad_kr.tensor(image), getattr(tinygrad_kr, kind))
        reference = theirs.convert_image_dtype(torch.tensor(image), getattr(torch, kind))
        np.testing.assert_array_equal(mine.numpy(), reference.numpy())
        back = F.convert_image_dtype(mine, tinygrad_kr.int32 if kind == "int16" else tinygrad_kr.float32)
        wide = theirs.convert_image_dtype(reference, torch.int32 if kind == "int16" else torch.float32)
        np.testing.assert_array_equal(back.numpy(), wide.numpy())
    mine = F.to_pil_image(tinygrad_kr.tensor(image))
    np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs.to_pil_image(torch.tensor(image))))
    mine = F.normalize(tinygrad_kr.tensor(image), [0.1, 0.2, 0.3], [0.5, 0.6, 0.7])
    reference = theirs.normalize(torch.tensor(image), [0.1, 0.2, 0.3], [0.5, 0.6, 0.7])
    np.testing.assert_array_equal(mine.numpy(), reference.numpy())
