"""Grids of pictures, and pictures as files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.vision.utils import make_grid, save_image

from .reference import torchvision

OPTIONS: list[dict[str, Any]] = [
    {},
    {"nrow": 3, "padding": 1, "pad_value": 0.5},
    {"normalize": True},
    {"normalize": True, "value_range": (-1, 1)},
    {"normalize": True, "scale_each": True, "padding": 0},
]


@pytest.mark.torch
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("shape", [(7, 3, 4, 5), (2, 1, 3, 3), (1, 3, 4, 4), (3, 4, 4), (1, 4, 4), (4, 4)])
def test_grids_are_torchvisions(options: dict[str, Any], shape: tuple[int, ...]) -> None:
    theirs, pytorch = torchvision().utils, pytest.importorskip("torch")
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    mine = make_grid(torch.tensor(values), **options)
    np.testing.assert_array_equal(mine.numpy(), theirs.make_grid(pytorch.tensor(values), **options).numpy())


def test_a_grid_is_made_of_its_pictures() -> None:
    pictures = torch.arange(5.0).reshape(5, 1, 1, 1).expand(5, 3, 2, 2)
    grid = make_grid(pictures, nrow=3, padding=1, pad_value=9)
    assert grid.shape == (3, 7, 10)
    assert grid[0, 1::3, 1::3].tolist() == [[0, 1, 2], [3, 4, 9]]
    assert (grid[:, 0] == 9).all() and (grid[:, :, -1] == 9).all()
    np.testing.assert_array_equal(grid.numpy(), make_grid(list(pictures), 3, 1, pad_value=9).numpy())
    weights = torch.ones(2, 3, 2, 2, requires_grad=True)
    assert not make_grid(weights).requires_grad
    for wrong in ("pictures", [1, 2]):
        with pytest.raises(TypeError, match="tensor or a list of tensors"):
            make_grid(wrong)
    with pytest.raises(TypeError, match="value_range"):
        make_grid(pictures, normalize=True, value_range=[0, 1])


def test_a_picture_is_written_as_bytes(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow (extra images) is not installed")
    picture = torch.tensor([[[-1.0, 0.0, 0.5, 1.0, 2.0]]]).expand(3, 1, 5)
    save_image(picture, tmp_path / "out.png")
    assert np.asarray(image.open(tmp_path / "out.png"))[0, :, 0].tolist() == [0, 0, 128, 255, 255]
    file = io.BytesIO()
    save_image([picture, picture], file, format="png", padding=1)
    assert image.open(file).size == (13, 3)
