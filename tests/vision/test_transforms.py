"""Transforms: what they do to tensors, arrays and Pillow images, and what they say about anything else."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import extras
from tinygrad_kr.vision import transforms as T
from tinygrad_kr.vision.transforms import functional as F

Image = pytest.importorskip("PIL.Image", reason="Pillow (extra images) is not installed")

PICTURE = np.random.default_rng(0).integers(0, 256, (9, 12, 3)).astype(np.uint8)


def forms() -> dict[str, Any]:
    return {
        "array": PICTURE,
        "pillow": Image.fromarray(PICTURE),
        "tensor": torch.tensor(PICTURE.transpose(2, 0, 1)),
    }


def values(picture: Any) -> np.ndarray:
    """(H, W, C), whatever it is."""
    return picture.numpy().transpose(1, 2, 0) if torch.is_tensor(picture) else np.asarray(picture)


GEOMETRY = [
    T.CenterCrop(6),
    T.CenterCrop((4, 20)),
    T.Pad((1, 2, 3, 4), fill=9),
    T.Pad(2, padding_mode="edge"),
    T.Pad((2, 1), padding_mode="reflect"),
    T.Pad(3, padding_mode="symmetric"),
    T.RandomHorizontalFlip(1.0),
    T.RandomVerticalFlip(1.0),
    T.RandomCrop(7, padding=2),
    T.RandomCrop((12, 15), pad_if_needed=True),
    T.RandomApply([T.RandomHorizontalFlip(1.0)], p=0.5),
    T.Lambda(F.hflip),
]


@pytest.mark.parametrize("transform", GEOMETRY, ids=str)
def test_all_forms_of_a_picture_are_moved_alike(transform: Any) -> None:
    moved = {}
    for form, picture in forms().items():
        torch.manual_seed(3)
        moved[form] = transform(picture)
        assert type(moved[form]) is type(picture) or form == "pillow"
    for form, picture in moved.items():
        np.testing.assert_array_equal(values(picture), values(moved["tensor"]), err_msg=form)
    height, width = values(moved["array"]).shape[:2]
    assert F.get_dimensions(moved["pillow"]) == [3, height, width]


def test_crop_reaches_over_the_edge() -> None:
    expected = np.zeros((4, 4, 3), np.uint8)
    expected[1:, 2:] = PICTURE[:3, :2]
    for picture in forms().values():
        np.testing.assert_array_equal(values(F.crop(picture, -1, -2, 4, 4)), expected)
    assert F.crop(PICTURE, 30, 0, 2, 2).tolist() == [[[0] * 3] * 2] * 2


def test_five_and_ten_crops_are_corners_and_middle() -> None:
    for picture in forms().values():
        crops = [values(one) for one in T.TenCrop(4)(picture)]
        assert len(crops) == 10
        np.testing.assert_array_equal(crops[0], PICTURE[:4, :4])
        np.testing.assert_array_equal(crops[3], PICTURE[-4:, -4:])
        np.testing.assert_array_equal(crops[5], PICTURE[:4, ::-1][:, :4])
    with pytest.raises(ValueError, match="does not fit"):
        T.FiveCrop(10)(PICTURE)


def test_resize_agrees_between_forms_and_keeps_the_shape_of_the_shorter_edge() -> None:
    for size, expected in ((6, (6, 8)), ((5, 5), (5, 5)), ((18,), (18, 24))):
        results = [values(T.Resize(size)(picture)) for picture in forms().values()]
        assert all(one.shape[:2] == expected for one in results)
        np.testing.assert_array_equal(results[0], results[1])
        assert np.abs(results[1].astype(int) - results[2]).max() <= 1
    assert F.get_image_size(T.Resize(8, max_size=9)(PICTURE)) == [9, 7]
    assert T.Resize((9, 12))(PICTURE) is PICTURE
    with pytest.raises(ValueError, match="max_size=4"):
        F.resize(PICTURE, 6, max_size=4)


def test_to_tensor_and_back() -> None:
    for form in ("array", "pillow"):
        tensor = T.ToTensor()(forms()[form])
        assert tensor.shape == (3, 9, 12) and tensor.dtype is torch.float32
        np.testing.assert_array_equal(tensor.numpy(), PICTURE.transpose(2, 0, 1).astype(np.float32) / 255)
    back = T.ToPILImage()(tensor)
    assert back.mode == "RGB"
    assert np.abs(np.asarray(back).astype(int) - PICTURE).max() <= 1
    assert T.ToTensor()(np.ones((2, 2))).dtype is torch.float64
    assert T.ToTensor()(Image.new("1", (2, 1), 1)).tolist() == [[[1.0, 1.0]]]
    assert T.PILToTensor()(forms()["pillow"]).dtype is torch.uint8
    assert T.ToPILImage()(np.ones((2, 3), np.float32)).getpixel((0, 0)) == 255
    assert T.ToPILImage("F")(torch.ones(1, 2, 3)).mode == "F"


def test_normalize_leaves_its_input() -> None:
    image = torch.ones(3, 2, 2)
    normalized = T.Normalize((0.5, 0, 1), (0.5, 2, 1))(image)
    assert normalized[:, 0, 0].tolist() == [1, 0.5, 0] and image.sum().item() == 12
    assert F.normalize(image, [1] * 3, [1] * 3, inplace=True) is image and not image.any()


def test_dtypes_are_scaled() -> None:
    image = torch.tensor([0, 128, 255], dtype=torch.uint8)
    assert F.convert_image_dtype(image).tolist() == pytest.approx([0, 128 / 255, 1])
    assert F.convert_image_dtype(image, torch.int16).tolist() == [0, 128 * 128, 255 * 128]
    assert F.convert_image_dtype(F.convert_image_dtype(image), torch.uint8).tolist() == [0, 128, 255]
    assert F.convert_image_dtype(image, torch.bool).tolist() == [False, True, True]


def test_grey() -> None:
    results = [values(T.Grayscale(3)(picture)) for picture in forms().values()]
    assert all(one.shape == (9, 12, 3) and (one[..., 0] == one[..., 2]).all() for one in results)
    assert all(np.abs(one.astype(int) - results[0]).max() <= 1 for one in results)
    assert F.get_dimensions(T.RandomGrayscale(1.0)(PICTURE)) == [3, 9, 12]


def test_random_choices_follow_their_generators() -> None:
    random.seed(1)
    choice = T.RandomChoice([T.Lambda(lambda x: 1), T.Lambda(lambda x: 2)], p=[0.0, 1.0])
    assert choice(0) == 2
    order = T.RandomOrder([lambda x: x + 1, lambda x: 2 * x])
    assert {order(1) for _ in range(20)} == {3, 4}
    torch.manual_seed(0)
    drawn = {tuple(T.RandomResizedCrop.get_params(PICTURE, (0.1, 1), (0.5, 2))) for _ in range(20)}
    assert len(drawn) > 10
    assert all(0 < height <= 9 and 0 < width <= 12 for _, _, height, width in drawn)
    assert values(T.RandomResizedCrop(4)(PICTURE)).shape == (4, 4, 3)
    assert T.RandomResizedCrop.get_params(np.zeros((2, 40)), (4, 5), (1, 1.5)) == (0, 18, 2, 3)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: T.ToTensor()(torch.ones(1)), TypeError, "Pillow image or an array, got Tensor"),
        (lambda: T.ToTensor()(np.ones(3)), ValueError, "2 or 3 dimensions"),
        (lambda: T.PILToTensor()(PICTURE), TypeError, "to_tensor takes arrays"),
        (lambda: T.ToPILImage()(torch.ones(5, 2, 2)), ValueError, "at most 4 channels"),
        (lambda: T.ToPILImage()(torch.ones(1, 1, 2, 2)), ValueError, "2 or 3 dimensions"),
        (lambda: T.ToPILImage()([1]), TypeError, "tensor or an array"),
        (lambda: T.ToPILImage("RGB")(torch.ones(1, 2, 2)), ValueError, "does not fit 1 channels"),
        (lambda: T.ToPILImage()(np.ones((2, 2, 3), np.int64)), TypeError, "no Pillow mode"),
        (lambda: T.Normalize([0], [1])(PICTURE), TypeError, "ToTensor"),
        (lambda: F.normalize(torch.ones(1, 2, 2, dtype=torch.uint8), [0], [1]), TypeError, "floats"),
        (lambda: F.normalize(torch.ones(2, 2), [0], [1]), ValueError, "shape"),
        (lambda: F.normalize(torch.ones(1, 2, 2), [0], [0]), ValueError, "std must not be 0"),
        (lambda: F.convert_image_dtype(torch.ones(1), torch.int64), RuntimeError, "cannot count"),
        (lambda: F.rgb_to_grayscale(torch.ones(2, 2, 2)), TypeError, "1 or 3 channels"),
        (lambda: T.Grayscale(2)(PICTURE), ValueError, "num_output_channels"),
        (lambda: F.pad(PICTURE, (1, 2, 3)), ValueError, "1, 2 or 4"),
        (lambda: F.pad(PICTURE, 1, padding_mode="mirror"), ValueError, "padding_mode"),
        (lambda: F.resize(PICTURE, (1, 2, 3)), ValueError, "size must be"),
        (lambda: T.RandomCrop(20)(PICTURE), ValueError, "pad_if_needed"),
        (lambda: T.CenterCrop((1, 2, 3)), ValueError, "size must be"),
        (lambda: F.get_dimensions("picture"), TypeError, "got str"),
        (lambda: F.get_dimensions(torch.ones(3)), TypeError, "no picture"),
        (lambda: T.Compose(None), TypeError, "sequence"),
        (lambda: T.Lambda(3), TypeError, "callable"),
        (lambda: T.RandomHorizontalFlip(2), ValueError, "probability"),
    ],
)
def test_errors(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_a_missing_pillow_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name="PIL")

    monkeypatch.setattr(extras.importlib, "import_module", missing)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'tinygrad_kr\[images\]'"):
        T.Resize(3)(PICTURE)


def test_a_pipeline_prints_as_it_is_built_and_feeds_a_loader(tmp_path: Path) -> None:
    pipeline = T.Compose([T.RandomCrop(8, padding=1), T.ToTensor(), T.Normalize((0.5,), (0.5,))])
    text = """
Compose(
    RandomCrop(size=(8, 8), padding=1)
    ToTensor()
    Normalize(mean=(0.5,), std=(0.5,))
)"""
    assert str(pipeline) == text[1:]
    data = torch.vision.datasets.Digits(transform=pipeline)
    batch, _ = next(iter(torch.utils.data.DataLoader(data, batch_size=5)))
    assert batch.shape == (5, 1, 8, 8) and batch.min().item() == -1
