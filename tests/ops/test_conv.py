"""Convolution: errors, dtypes, memory, and which kernels a backward pass runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.kernels import convolution as kernel

F = torch.nn.functional


@pytest.mark.parametrize(
    ("x", "weight", "options", "error", "words"),
    [
        (
            (1, 4, 8, 8),
            (8, 3, 3, 3),
            {},
            RuntimeError,
            "Given groups=1, weight of size [8, 3, 3, 3], expected input[1, 4, 8, 8] to have 3 channels, "
            "but got 4 channels instead",
        ),
        ((1, 4, 8, 8), (7, 2, 3, 3), {"groups": 2}, RuntimeError, "divisible by 2 at dimension 0"),
        ((1, 4, 8, 8), (8, 4, 3, 3), {"groups": 0}, RuntimeError, "groups=0"),
        ((1, 4, 2, 2), (8, 4, 3, 3), {}, RuntimeError, "Kernel size can't be greater than actual input size"),
        ((4, 8), (8, 4, 3, 3), {}, RuntimeError, "Expected 3D (unbatched) or 4D (batched) input to conv2d"),
        ((1, 4, 8, 8), (8, 4, 3), {}, RuntimeError, "4-dimensional weight for conv2d"),
        ((1, 4, 8, 8), (8, 4, 0, 3), {}, RuntimeError, "kernel size should be greater than zero"),
        ((1, 4, 8, 8), (0, 4, 3, 3), {}, RuntimeError, "at least 1 at dimension 0"),
        ((1, 4, 8, 8), (8, 4, 3, 3), {"stride": 0}, RuntimeError, "stride=[0, 0]"),
        ((1, 4, 8, 8), (8, 4, 3, 3), {"stride": (1, 1, 1)}, RuntimeError, "stride=[1, 1, 1]"),
        (
            (1, 4, 8, 8),
            (8, 4, 3, 3),
            {"stride": 1.5},
            TypeError,
            "'stride' must be an int or a tuple of 2 ints",
        ),
        ((1, 4, 8, 8), (8, 4, 3, 3), {"dilation": 0}, RuntimeError, "dilation=[0, 0]"),
        ((1, 4, 8, 8), (8, 4, 3, 3), {"padding": -1}, RuntimeError, "negative padding"),
        ((1, 4, 8, 8), (8, 4, 3, 3), {"padding": "full"}, RuntimeError, "Invalid padding string: 'full'"),
        ((1, 4, 8, 8), (8, 4, 3, 3), {"padding": "same", "stride": 2}, RuntimeError, "strided"),
        (
            (1, 4, 8, 8),
            (8, 4, 3, 3),
            {"bias": torch.ones(7)},
            RuntimeError,
            "8 elements, but got bias of size [7]",
        ),
    ],
)
def test_arguments_that_do_not_fit(
    x: Any, weight: Any, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as caught:
        torch.conv2d(torch.ones(x), torch.ones(weight), **options)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("x", "weight", "options", "words"),
    [
        ((1, 4, 8, 8), (3, 8, 3, 3), {}, "Given transposed=1, weight of size [3, 8, 3, 3]"),
        ((1, 4, 8, 8), (4, 8, 3, 3), {"output_padding": 1}, "output padding must be smaller"),
        ((1, 4, 8, 8), (4, 8, 3, 3), {"padding": 5}, "Output size is too small"),
        ((1, 4, 8, 8), (4, 8, 3, 3), {"bias": torch.ones(4)}, "8 elements, but got bias of size [4]"),
        ((1, 4, 8, 8), (4, 8, 3, 3), {"groups": 3}, "divisible by 3"),
    ],
)
def test_arguments_of_transposed_convolution(
    x: Any, weight: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.conv_transpose2d(torch.ones(x), torch.ones(weight), **options)
    assert words in str(caught.value)


def test_dtypes_must_agree() -> None:
    with pytest.raises(RuntimeError, match=r"weight is torch\.float64.*\.to\(torch\.float32\)"):
        torch.conv1d(torch.ones(1, 1, 3), torch.ones(1, 1, 2).double())
    with pytest.raises(TypeError, match="'weight' must be Tensor, not list"):
        torch.conv1d(torch.ones(1, 1, 3), [1.0])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="'bias' must be Tensor, not list"):
        torch.conv1d(torch.ones(1, 1, 3), torch.ones(1, 1, 2), [1.0])  # type: ignore[arg-type]


def test_integers_convolve_exactly() -> None:
    out = torch.conv1d(torch.tensor([[[1, 2, 3]]]), torch.tensor([[[10, 1]]]))
    assert out.dtype is torch.int64 and out.tolist() == [[[12, 23]]]


def test_only_wanted_gradients_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("nobody asked for this gradient")

    x, weight = torch.ones(1, 1, 4, 4), torch.ones(1, 1, 2, 2, requires_grad=True)
    with monkeypatch.context() as patch:
        patch.setattr(kernel, "input_gradient", forbidden)
        torch.conv2d(x, weight).sum().backward()
    assert weight.grad is not None
    x.requires_grad_()
    with monkeypatch.context() as patch:
        patch.setattr(kernel, "weight_gradient", forbidden)
        torch.conv2d(x, weight.detach()).sum().backward()


def channels_last(array: np.ndarray) -> bool:
    """Whether the channels of (N, C, H, W) lie side by side, and everything without gaps."""
    return array.transpose(0, 2, 3, 1).flags.c_contiguous


def test_a_network_stays_channels_last() -> None:
    x = torch.randn(2, 3, 8, 8, requires_grad=True)
    weight = torch.randn(8, 3, 3, 3, requires_grad=True)
    steps = [torch.conv2d(x, weight, padding=1)]
    steps.append(F.batch_norm(steps[-1], None, None, torch.ones(8), torch.zeros(8), training=True))
    steps.append(torch.relu(steps[-1]))
    steps.append(steps[-1] + steps[0])
    steps.append(F.pad(steps[-1], (1, 1, 1, 1)))
    steps.append(F.pad(steps[-1], (1, 1, 1, 1), mode="reflect"))
    steps.append(torch.max_pool2d(steps[-1], 2))
    steps.append(F.group_norm(steps[-1], 2))
    steps.append(F.interpolate(steps[-1], scale_factor=2, mode="bilinear"))
    steps.append(F.interpolate(steps[-1], scale_factor=2))
    steps.append(F.pixel_shuffle(steps[-1], 2))
    steps.append(F.avg_pool2d(steps[-1], 2))
    for step in steps:
        step.retain_grad()
    steps[-1].square().sum().backward()
    assert [channels_last(step.detach().numpy()) for step in steps] == [True] * len(steps)
    for step in steps[:-1]:
        assert step.grad is not None and channels_last(step.grad.numpy())


def test_a_large_convolution_equals_its_definition() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((5, 6, 30, 31)), rng.standard_normal((7, 6, 3, 3))
    columns = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (2, 3))
    expected = np.einsum("nchwij,ocij->nohw", columns, w)
    out = torch.conv2d(torch.from_numpy(x), torch.from_numpy(w))
    np.testing.assert_allclose(out.numpy(), expected, atol=1e-10)
