"""Interpolation, pixel shuffles and grids: errors, dtypes, warnings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch

F = torch.nn.functional
IMAGE = torch.ones(1, 1, 4, 4)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: F.interpolate(IMAGE), ValueError, "either size or scale_factor"),
        (lambda: F.interpolate(IMAGE, 2, 2), ValueError, "only one of size or scale_factor"),
        (lambda: F.interpolate(IMAGE, (2, 2, 2)), ValueError, "output size of (2, 2, 2)"),
        (lambda: F.interpolate(IMAGE, scale_factor=(2, 2, 2)), ValueError, "scale_factor of (2, 2, 2)"),
        (lambda: F.interpolate(IMAGE, 2, mode="sinc"), NotImplementedError, "(got sinc)"),
        (lambda: F.interpolate(IMAGE, 2, mode="linear"), NotImplementedError, "linear mode needs 3D input"),
        (lambda: F.interpolate(IMAGE, 2, align_corners=True), ValueError, "align_corners"),
        (lambda: F.interpolate(IMAGE[0, 0], 2), NotImplementedError, "(got 2D)"),
        (lambda: F.interpolate(IMAGE, scale_factor=0.1), RuntimeError, "greater than 0"),
        (lambda: F.interpolate(IMAGE, 2, antialias=True), ValueError, "Anti-alias"),
        (lambda: F.interpolate(IMAGE, 2, mode="lanczos"), ValueError, "requires antialias=True"),
        (lambda: F.interpolate(IMAGE, 2, recompute_scale_factor=True), ValueError, "explicit size"),
        (lambda: F.interpolate(IMAGE.long(), 2, mode="bilinear"), NotImplementedError, "int64"),
        (lambda: F.pixel_shuffle(torch.ones(1, 3, 2, 2), 2), RuntimeError, "3 is not divisible by 4"),
        (lambda: F.pixel_shuffle(torch.ones(2, 2), 2), RuntimeError, "2 dimension(s)"),
        (lambda: F.pixel_shuffle(IMAGE, 0), RuntimeError, "positive upscale_factor, but got 0"),
        (lambda: F.pixel_unshuffle(torch.ones(1, 3, 4), 2), RuntimeError, "height to be divisible"),
        (lambda: F.channel_shuffle(torch.ones(1, 4, 2), 3), RuntimeError, "4 channels and 3 groups"),
        (lambda: F.channel_shuffle(torch.ones(1, 4), 2), RuntimeError, "> 2 dims"),
        (lambda: F.channel_shuffle(torch.ones(1, 4, 2), 0), RuntimeError, "must be positive"),
        (
            lambda: F.grid_sample(IMAGE, torch.ones(1, 2, 2, 3), align_corners=False),
            RuntimeError,
            "size 2 in last",
        ),
        (
            lambda: F.grid_sample(IMAGE, torch.ones(2, 2, 2, 2), align_corners=False),
            RuntimeError,
            "batch size",
        ),
        (lambda: F.grid_sample(IMAGE, torch.ones(1, 2, 2, 2), mode="cubic"), ValueError, "'cubic'"),
        (lambda: F.grid_sample(IMAGE, torch.ones(1, 2, 2, 2), padding_mode="wrap"), ValueError, "'wrap'"),
        (lambda: F.affine_grid(torch.ones(1, 2, 2), (1, 1, 2, 2)), ValueError, "1x2x3"),
        (lambda: F.affine_grid(torch.ones(1, 2, 3), (1, 1, 2)), NotImplementedError, "4D and 5D"),
        (lambda: F.affine_grid(torch.ones(1, 2, 3), (1, 1, 0, 2)), ValueError, "positive output size"),
        (lambda: F.affine_grid(torch.ones(1, 2, 3).long(), (1, 1, 2, 2)), ValueError, "floating point"),
        (lambda: F.unfold(torch.ones(1, 4, 2, 2), 3), RuntimeError, "must be at least one"),
        (lambda: F.unfold(IMAGE, 3, stride=0), RuntimeError, "stride=[0, 0]"),
        (lambda: F.unfold(IMAGE.long(), 2), NotImplementedError, "int64"),
        (lambda: F.fold(torch.ones(1, 36, 35), 8, 3), RuntimeError, "6 * 6 = 36, but got input.size(2)=35"),
        (
            lambda: F.fold(torch.ones(1, 35, 36), 8, 3),
            RuntimeError,
            "divisible by the product of kernel_size",
        ),
        (lambda: F.fold(torch.ones(1, 9, 36), 2, 3), RuntimeError, "sliding blocks 0 * 0 = 0"),
        (lambda: F.fold(torch.ones(36), 8, 3), RuntimeError, "Expected 2D or 3D"),
    ],
)
def test_arguments_that_do_not_fit(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)


def test_nearest_takes_bytes() -> None:
    out = F.interpolate(torch.tensor([[[1, 255]]], dtype=torch.uint8), 4)
    assert out.dtype is torch.uint8 and out.tolist() == [[[1, 1, 255, 255]]]


def test_defaults_that_changed_are_announced() -> None:
    with pytest.warns(UserWarning, match="align_corners=False"):
        F.affine_grid(torch.ones(1, 2, 3), (1, 1, 2, 2))
    with pytest.warns(UserWarning, match="interpolate"):
        F.upsample(IMAGE, scale_factor=2)


def test_the_identity_grid_gives_the_image() -> None:
    x = torch.randn(2, 3, 4, 5)
    theta = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]).expand(2, 2, 3)
    for align in (False, True):
        grid = F.affine_grid(theta, x.shape, align)
        np.testing.assert_allclose(F.grid_sample(x, grid, align_corners=align).numpy(), x.numpy(), atol=1e-5)


def test_unfold_then_fold_counts_windows() -> None:
    x = torch.randn(2, 3, 6, 6)
    counts = F.fold(F.unfold(torch.ones(1, 1, 6, 6), 3, padding=1), 6, 3, padding=1)
    np.testing.assert_allclose(
        F.fold(F.unfold(x, 3, padding=1), 6, 3, padding=1).numpy(), (x * counts).numpy(), atol=1e-5
    )
