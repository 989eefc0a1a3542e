"""Pictures from folders, and pictures of noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.vision import datasets, transforms

from .reference import torchvision

Image = pytest.importorskip("PIL.Image", reason="Pillow (extra images) is not installed")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("dog/b.png", "dog/a.PNG", "cat/deep/c.png", "cat/z.bmp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (4, 5, 3)).astype(np.uint8)).save(tmp_path / name)
    (tmp_path / "cat" / "notes.txt").write_text("no picture")
    return tmp_path


def test_classes_are_folders(root: Path) -> None:
    data = datasets.ImageFolder(root, transforms.ToTensor(), target_transform=lambda label: -label)
    assert data.classes == ["cat", "dog"] and data.class_to_idx == {"cat": 0, "dog": 1}
    assert [Path(path).name for path, _ in data.imgs] == ["z.bmp", "c.png", "a.PNG", "b.png"]
    assert data.targets == [0, 0, 1, 1] and len(data) == 4
    picture, label = data[2]
    assert picture.shape == (3, 4, 5) and label == -1
    batch, _ = next(iter(torch.utils.data.DataLoader(data, batch_size=4)))
    assert batch.shape == (4, 3, 4, 5)
    only = datasets.ImageFolder(root, is_valid_file=lambda path: path.endswith("b.png"), allow_empty=True)
    assert [label for _, label in only.samples] == [1] and only[0][0].mode == "RGB"
    with pytest.raises(FileNotFoundError, match="of class"):
        datasets.ImageFolder(root, is_valid_file=lambda path: path.endswith("b.png"))
    with pytest.raises(FileNotFoundError, match="one folder of pictures per class"):
        datasets.ImageFolder(root / "dog")


def test_noise_is_the_same_each_time_and_leaves_the_generator() -> None:
    data = datasets.FakeData(3, (1, 4, 4), num_classes=2, transform=transforms.ToTensor())
    torch.manual_seed(5)
    first = torch.rand(1).item()
    torch.manual_seed(5)
    picture, label = data[1]
    assert torch.rand(1).item() == first and label in (0, 1)
    np.testing.assert_array_equal(picture.numpy(), data[1][0].numpy())
    with pytest.raises(IndexError, match="3 pictures"):
        data[3]


@pytest.mark.torch
def test_both_are_torchvisions(root: Path) -> None:
    theirs = torchvision().datasets
    mine, reference = datasets.ImageFolder(root), theirs.ImageFolder(root)
    assert mine.samples == reference.samples and mine.classes == reference.classes
    for (one, label), (two, expected) in zip(mine, reference):
        assert label == expected and (np.asarray(one) == np.asarray(two)).all()
    noise, expected_noise = datasets.FakeData(4, (3, 5, 6)), theirs.FakeData(4, (3, 5, 6))
    for index in range(4):
        (one, label), (two, expected) = noise[index], expected_noise[index]
        difference = np.asarray(one).astype(int) - np.asarray(two)
        assert label == expected and np.mean(difference != 0) < 0.05
