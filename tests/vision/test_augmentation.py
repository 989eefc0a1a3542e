"""Augmentations on batches, across workers and epochs, and what they say about bad arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_kr as torch
from tinygrad_kr.kernels.warping import affine_places, warp
from tinygrad_kr.nn.functional import grid_sample
from tinygrad_kr.utils.data import DataLoader, Dataset
from tinygrad_kr.vision import transforms as T
from tinygrad_kr.vision.transforms import functional as F
from tinygrad_kr.vision.transforms import v2

SMOOTH = T.InterpolationMode.BILINEAR


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 5),
    st.integers(1, 3),
    st.tuples(*[st.integers(1, 9)] * 4),
    st.booleans(),
    st.booleans(),
    st.sampled_from([np.float32, np.float64]),
    st.integers(0, 2**32 - 1),
)
def test_warping_agrees_with_its_twin_grid_sample(
    count, channels, sizes, nearest, filled, kind, seed
) -> None:
    random = np.random.default_rng(seed)
    old, new = sizes[:2], sizes[2:]
    x = random.random((count, channels, *old[::-1])).astype(kind).swapaxes(2, 3)  # not contiguous
    before = x.copy()
    matrices = (np.eye(2, 3) + random.normal(size=(count, 2, 3))).astype(kind)
    fill = random.random(channels) if filled else None
    places = affine_places(matrices, old, new)
    out = warp(x, places, new, nearest, fill)
    assert out.dtype == kind and out.shape == (count, channels, *new)
    np.testing.assert_array_equal(x, before)
    rows, columns = places(0, count)
    halves = [kind(size / 2) for size in old]
    grid = np.stack([(columns + kind(0.5)) / halves[1] - 1, (rows + kind(0.5)) / halves[0] - 1], -1)
    both = torch.tensor(np.concatenate([x, np.ones_like(x[:, :1])], 1))
    how = {"mode": "nearest" if nearest else "bilinear", "align_corners": False}
    expected = grid_sample(both, torch.tensor(grid), **how).numpy()
    within = expected[:, -1:]
    expected = expected[:, :-1]
    if filled:
        expected = expected * within + fill[:, None, None] * (1 - within)
    np.testing.assert_allclose(out, expected, atol=2e-5 if kind == np.float32 else 1e-12)


def test_a_batch_is_moved_as_each_picture_by_itself() -> None:
    images = torch.rand(5, 2, 7, 9)
    angles, scales = np.array([0.0, 10, -40, 90, 5]), np.array([1, 0.5, 2, 1, 1.2])
    right, slant = np.array([0.0, 1, -2, 3, 0]), np.array([0.0, 5, -5, 0, 20])
    whole = F.affine(images, angles, (right, 0), scales, (slant, 0.0), SMOOTH, fill=0.5)
    for index in range(5):
        how = (angles[index], (right[index], 0), scales[index], (slant[index], 0.0), SMOOTH, 0.5)
        np.testing.assert_allclose(whole[index].numpy(), F.affine(images[index], *how).numpy(), atol=1e-5)
    turned = F.rotate(images, angles)
    assert torch.equal(turned[3], F.rotate(images[3], 90)) and torch.equal(turned[0], images[0])


BATCHES = [
    T.RandomAffine(30, (0.2, 0.2), (0.7, 1.3), 10, SMOOTH, batch=True),
    T.RandomRotation(60, SMOOTH, batch=True),
    T.ElasticTransform(20.0, 1.0, batch=True),
    T.RandomErasing(1.0, value=3, batch=True),
    T.RandomCrop(6, padding=2, batch=True),
    T.RandomHorizontalFlip(batch=True),
    T.RandomVerticalFlip(batch=True),
    v2.GaussianNoise(),
]


@pytest.mark.parametrize("transform", BATCHES, ids=str)
def test_each_picture_of_a_batch_has_its_own_draws(transform: Any) -> None:
    images = torch.rand(2, 10, 10).expand(16, 2, 10, 10).clone()
    before = images.clone()
    torch.manual_seed(4)
    out = transform(images)
    different = {one.tobytes() for one in out.numpy()}
    assert len(different) == 2 if "Flip" in str(transform) else len(different) > 8
    assert out.dtype is images.dtype and torch.equal(images, before)
    torch.manual_seed(4)
    assert torch.equal(transform(images), out) and not torch.equal(transform(images), out)


class Same(Dataset):
    """One picture, many times."""

    def __len__(self) -> int:
        return 24

    def __getitem__(self, index: int) -> torch.Tensor:
        array = np.arange(64, dtype=np.float32).reshape(1, 8, 8)
        return T.RandomAffine(40, (0.2, 0.2), interpolation=SMOOTH)(torch.tensor(array))


def test_workers_and_epochs_draw_differently() -> None:
    torch.manual_seed(0)
    loader = DataLoader(Same(), batch_size=4, num_workers=2)
    seen = [one.tobytes() for _ in range(2) for batch in loader for one in batch.numpy()]
    assert len(set(seen)) == len(seen) == 48
    torch.manual_seed(0)
    again = [
        one.tobytes() for batch in DataLoader(Same(), batch_size=4, num_workers=2) for one in batch.numpy()
    ]
    assert again == seen[:24]


def test_samples_keep_their_labels_and_pictures_share_draws() -> None:
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    sample = {"image": picture, "mask": picture[:, :, 0], "label": 3}
    for _ in range(4):
        out = v2.RandomHorizontalFlip()(sample)
        assert out["label"] == 3 and (out["image"][:, :, 0] == out["mask"]).all()
    image, label = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])(picture, 7)
    assert label == 7 and image.shape == (3, 4, 4) and image.max().item() == pytest.approx(47 / 255)
    target = torch.tensor([1, 2])
    assert v2.RandomRotation(30)(torch.rand(2, 1, 4, 4), target)[1] is target


def test_mixing_keeps_shares() -> None:
    images, labels = torch.arange(4).reshape(4, 1, 1, 1).expand(4, 1, 6, 6).to(torch.float32), torch.arange(4)
    for mix in (v2.MixUp(num_classes=4), v2.CutMix(num_classes=4)):
        mixed, shares = mix(images, labels)
        torch.testing.assert_close(mixed.mean((1, 2, 3)), shares @ torch.arange(4).to(torch.float32))


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: T.RandomAffine(-1), ValueError, "degrees must not be negative.*-1"),
        (lambda: T.RandomAffine(0, translate=(0, 1.5)), ValueError, "from 0 to 1"),
        (lambda: T.RandomAffine(0, scale=(0, 1)), ValueError, "scale must be positive"),
        (lambda: T.RandomAffine(0, shear=(1, 2, 3)), ValueError, "shear"),
        (
            lambda: T.RandomAffine(5, batch=True)(torch.ones(1, 3, 3)),
            ValueError,
            r"\(N, C, H, W\).*\(1, 3, 3\)",
        ),
        (lambda: T.RandomRotation(5, expand=True, batch=True), ValueError, "different sizes"),
        (lambda: T.RandomPerspective(1.5), ValueError, "distortion_scale.*1.5"),
        (lambda: T.RandomPerspective(p=-1), ValueError, "probability"),
        (lambda: T.RandomErasing(1.2), ValueError, "p must be a probability.*1.2"),
        (lambda: T.RandomErasing(scale=(0.5, 2)), ValueError, "scale"),
        (lambda: T.RandomErasing(value="noise"), ValueError, "noise"),
        (lambda: T.RandomErasing(1.0, value=(1, 2))(torch.ones(3, 8, 8)), ValueError, "one per channel"),
        (lambda: T.RandomApply([], p=3), ValueError, "probability"),
        (lambda: v2.RandomApply([abs], p=3), ValueError, "probability"),
        (lambda: T.RandomCrop(-2), ValueError, "positive, got -2"),
        (lambda: T.RandomResizedCrop(4, scale=(1, 0.5)), ValueError, "scale"),
        (lambda: T.ColorJitter(-0.1), ValueError, "brightness"),
        (lambda: T.ColorJitter(hue=0.6), ValueError, "hue"),
        (lambda: T.GaussianBlur(4), ValueError, "odd"),
        (lambda: T.GaussianBlur(3, (0, 1)), ValueError, "sigma"),
        (lambda: F.gaussian_blur(torch.ones(1, 3, 3), 9), ValueError, "mirrored"),
        (lambda: v2.GaussianNoise(sigma=-1), ValueError, "sigma"),
        (lambda: T.ElasticTransform(-1.0), ValueError, "alpha"),
        (lambda: F.adjust_hue(torch.ones(3, 2, 2), 0.7), ValueError, "0.7"),
        (lambda: F.adjust_contrast(torch.ones(2, 2, 2), 1), TypeError, "1 or 3 channels"),
        (lambda: F.affine(torch.ones(1, 2, 2), 0, (0, 0), 0, 0), ValueError, "scale must be positive"),
        (lambda: F.affine(torch.ones(2, 1, 2, 2), [1, 2, 3], (0, 0), 1, 0), ValueError, "3 pictures"),
        (lambda: F.affine(torch.ones(1, 2, 2).requires_grad_(), 0, (0, 0), 1, 0), RuntimeError, "detach"),
        (lambda: F.rotate(torch.ones(3, 2, 2), 5, fill=[1, 2]), ValueError, "fill"),
        (lambda: F.perspective(torch.ones(1, 2, 2), [[0, 0]], [[1, 1]]), ValueError, "four points"),
        (
            lambda: F.elastic_transform(torch.ones(1, 2, 2), torch.ones(1, 3, 3, 2)),
            ValueError,
            "displacement",
        ),
        (lambda: v2.MixUp(alpha=0), ValueError, "alpha"),
        (lambda: v2.MixUp()(torch.ones(2, 1, 2, 2), torch.tensor([0, 1])), ValueError, "num_classes"),
        (lambda: v2.CutMix(num_classes=2)(torch.ones(1, 2, 2), torch.tensor([0])), ValueError, "batch"),
        (lambda: v2.MixUp(num_classes=2)(torch.ones(2, 1, 2, 2), torch.tensor([0])), ValueError, "labels"),
        (lambda: v2.RandomChoice([abs], p=[-1]), ValueError, "weight"),
        (lambda: v2.ToDtype("float"), TypeError, "dtype"),
    ],
)
def test_errors(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
