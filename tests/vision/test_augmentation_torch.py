"""Augmentations against torchvision's, under one seed."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import tinygrad_kr
from tinygrad_kr.vision import transforms as ours
from tinygrad_kr.vision.transforms import v2

from .reference import torchvision

pytestmark = pytest.mark.torch
Image = pytest.importorskip("PIL.Image", reason="Pillow (extra images) is not installed")

BOTH = [
    "RandomAffine(30)",
    "RandomAffine((10, 50), (0.2, 0.1), (0.7, 1.3), (-10, 10, -5, 5), T.InterpolationMode.BILINEAR, fill=1)",
    "RandomAffine(0, translate=(0.3, 0.3), shear=10, center=(2, 3))",
    "RandomRotation(45, T.InterpolationMode.BILINEAR)",
    "RandomRotation((80, 100), expand=True)",
    "RandomRotation(20, center=(1, 2), fill=1)",
    "RandomPerspective(0.6, 0.8)",
    "ColorJitter(0.4, 0.5, 0.6, 0.2)",
    "ColorJitter(contrast=(0.5, 2))",
    "GaussianBlur(5)",
    "GaussianBlur((3, 5), 1.5)",
    "ElasticTransform(30.0, 0.8)",
    "ElasticTransform((30.0, 10.0), (0.5, 0.7), fill=1)",
]
TENSORS = [
    "RandomErasing(0.7)",
    "RandomErasing(1.0, (0.1, 0.2), (1, 2), (0.1, 0.2, 0.3))",
    "RandomErasing(1.0, value='random')",
]


def pictures(form: str) -> list[Any]:
    array = np.random.default_rng(1).integers(0, 256, (14, 17, 3)).astype(np.uint8)
    if form == "pillow":
        return [Image.fromarray(array)] * 2
    made = [library.tensor(array.transpose(2, 0, 1).copy()) for library in libraries()]
    return [one / 255 for one in made] if form == "floats" else made


def libraries() -> tuple[Any, Any]:
    return tinygrad_kr, pytest.importorskip("torch")


def values(picture: Any) -> np.ndarray:
    return np.asarray(picture if hasattr(picture, "mode") else picture.numpy())


def compare(mine: Any, reference: Any, form: str) -> None:
    one, two = values(mine), values(reference)
    assert one.dtype == two.dtype and one.shape == two.shape
    if form == "floats":
        np.testing.assert_allclose(one, two, atol=2e-5)
    else:  # halves are rounded after float32 sums
        assert np.abs(one.astype(int) - two).max() <= 1 and np.mean(one != two) < 0.01


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("form", ["pillow", "bytes", "floats"])
@pytest.mark.parametrize("transform", [*BOTH, *TENSORS])
def test_same_picture_from_the_same_seed(transform: str, form: str, version: str) -> None:
    if transform in TENSORS and form != "floats":
        pytest.skip("covers tensors of floats")
    theirs = torchvision().transforms
    modules = (ours, theirs) if version == "v1" else (v2, pytest.importorskip("torchvision.transforms.v2"))
    results = []
    for module, library, picture in zip(modules, libraries(), pictures(form)):
        library.manual_seed(5)
        made = eval(f"T.{transform}", {"T": module})
        if version == "v1":
            assert str(made) == str(eval(f"T.{transform}", {"T": theirs})) or "Interpolation" in str(made)
        results.append([made(picture) for _ in range(4)] + [library.rand(3).tolist()])
    assert results[0].pop() == results[1].pop()  # as many numbers were drawn
    for mine, reference in zip(*results):
        compare(mine, reference, form)


@pytest.mark.parametrize("form", ["pillow", "bytes", "floats"])
@pytest.mark.parametrize(
    "call",
    [
        "F.affine(x, 30, [1, -2], 0.8, [10.0, 5.0], B, fill=[1.0])",
        "F.affine(x, 90, [0, 0], 1.0, [0.0, 0.0])",
        "F.rotate(x, 90, expand=True)",
        "F.rotate(x, 37, B, expand=True)",
        "F.perspective(x, [[0, 0], [16, 0], [16, 13], [0, 13]], [[1, 2], [13, 1], [14, 11], [0, 10]])",
        "F.adjust_brightness(x, 1.4)",
        "F.adjust_contrast(x, 0.4)",
        "F.adjust_saturation(x, 1.8)",
        "F.adjust_hue(x, 0.3)",
        "F.adjust_hue(x, -0.4)",
        "F.adjust_gamma(x, 0.7, 1.1)",
        "F.invert(x)",
        "F.gaussian_blur(x, [5, 3])",
        "F.gaussian_blur(x, 7, [1.5, 0.7])",
    ],
)
def test_functions(call: str, form: str) -> None:
    theirs = torchvision().transforms
    results = []
    for module, picture in zip((ours, theirs), pictures(form)):
        names = {"F": module.functional, "x": picture, "B": module.InterpolationMode.BILINEAR}
        results.append(eval(call, names))
    compare(*results, form)


def test_noise_mixup_cutmix_and_the_choices_of_v2() -> None:
    torchvision()
    reference = pytest.importorskip("torchvision.transforms.v2")
    results = []
    for library, module in zip(libraries(), (v2, reference)):
        library.manual_seed(7)
        images, labels = library.rand(4, 3, 8, 8), library.tensor([0, 2, 1, 1])
        chance = module.RandomChoice([module.RandomRotation(30), module.RandomHorizontalFlip()], p=[1, 3])
        order = module.RandomOrder([module.RandomCrop(7), module.RandomErasing(1.0)])
        mix = [module.MixUp(num_classes=3), module.CutMix(alpha=0.5, num_classes=3)]
        noise = module.GaussianNoise(0.1, 0.2)
        pipeline = module.Compose(
            [chance, order, noise, module.RandomApply([module.RandomVerticalFlip(1.0)])]
        )
        made = [pipeline(images, labels) for _ in range(4)]
        made += [one(images, labels) for one in mix for _ in range(3)]
        bytes_ = (images * 255).to(library.uint8)
        made += [(noise(bytes_), labels)]
        made += [module.ToDtype(library.float32, scale=True)(bytes_, labels)]
        results.append([[part.numpy() for part in sample] for sample in made])
    for mine, theirs in zip(*results, strict=True):
        for one, two in zip(mine, theirs, strict=True):
            assert one.dtype == two.dtype
            np.testing.assert_allclose(one, two, atol=2e-5)


def test_get_params_draw_alike() -> None:
    theirs = torchvision().transforms
    for name, arguments in (
        ("RandomAffine", ([-10.0, 20.0], (0.1, 0.2), (0.5, 2.0), [-5.0, 5.0], [30, 20])),
        ("RandomPerspective", (30, 21, 0.5)),
        ("RandomRotation", ([-10.0, 20.0],)),
        ("GaussianBlur", (0.1, 2.0)),
    ):
        drawn = []
        for library, module in zip(libraries(), (ours, theirs)):
            library.manual_seed(3)
            random.seed(3)
            drawn.append([getattr(module, name).get_params(*arguments) for _ in range(5)])
        assert drawn[0] == drawn[1], name
