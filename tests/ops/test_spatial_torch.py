"""Operations on images and signals beside PyTorch: large inputs, running estimates, ties, kinds of errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_kr

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

RNG = np.random.default_rng(0)


def both(call: Callable[..., Any], *arrays: np.ndarray) -> None:
    """The same call in both packages gives the same results and gradients, in float32."""
    got, want = [], []
    for package, results in ((tinygrad_kr, got), (torch, want)):
        inputs = [package.from_numpy(array.astype(np.float32)).requires_grad_() for array in arrays]
        out = call(package, *inputs)
        g = np.random.default_rng(1).standard_normal(tuple(out.shape)).astype(np.float32)
        results.append(out.detach().numpy())
        results += [one.numpy() for one in package.autograd.grad(out, inputs, package.from_numpy(g))]
    for one, other in zip(got, want):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3 * max(1.0, np.abs(other).max()))


def draw(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape)


CALLS = {
    "conv1d": (lambda t, x, w, b: t.conv1d(x, w, b, 2, 1), (4, 6, 300), (8, 6, 5), (8,)),
    "conv2d": (lambda t, x, w, b: t.conv2d(x, w, b, 1, 1), (6, 16, 33, 31), (24, 16, 3, 3), (24,)),
    "conv2d grouped": (
        lambda t, x, w, b: t.conv2d(x, w, b, 2, 2, 2, 4),
        (3, 16, 20, 20),
        (8, 4, 3, 3),
        (8,),
    ),
    "conv2d depthwise": (
        lambda t, x, w, b: t.conv2d(x, w, b, 1, 1, 1, 16),
        (3, 16, 20, 20),
        (16, 1, 3, 3),
        (16,),
    ),
    "conv3d": (lambda t, x, w, b: t.conv3d(x, w, b, 1, 1), (2, 4, 9, 10, 11), (6, 4, 3, 3, 3), (6,)),
    "conv_transpose2d": (
        lambda t, x, w, b: t.conv_transpose2d(x, w, b, 2, 1, 1),
        (4, 12, 15, 16),
        (12, 8, 4, 4),
        (8,),
    ),
    "max_pool2d": (lambda t, x: t.max_pool2d(x, 3, 2, 1), (4, 8, 33, 35)),
    "avg_pool2d": (lambda t, x: t.nn.functional.avg_pool2d(x, 3, 2, 1), (4, 8, 33, 35)),
    "batch_norm": (
        lambda t, x, w, b: t.nn.functional.batch_norm(x, None, None, w, b, True),
        (32, 20, 28, 28),
        (20,),
        (20,),
    ),
    "group_norm": (lambda t, x, w, b: t.group_norm(x, 4, w, b), (16, 24, 24, 24), (24,), (24,)),
    "instance_norm": (
        lambda t, x, w, b: t.nn.functional.instance_norm(x, None, None, w, b),
        (16, 24, 24, 24),
        (24,),
        (24,),
    ),
    "layer_norm": (lambda t, x, w, b: t.layer_norm(x, (96,), w, b), (64, 50, 96), (96,), (96,)),
    "attention": (
        lambda t, q, k, v: t.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True),
        (2, 3, 300, 16),
        (2, 3, 300, 16),
        (2, 3, 300, 16),
    ),
    "bilinear": (
        lambda t, x: t.nn.functional.interpolate(x, (90, 41), mode="bilinear"),
        (2, 3, 40, 50),
    ),
    "unfold": (lambda t, x: t.nn.functional.unfold(x, 5, 2, 3, 2), (2, 3, 40, 50)),
}


@pytest.mark.parametrize("name", CALLS)
def test_large_inputs(name: str) -> None:
    call, *shapes = CALLS[name]
    both(call, *[draw(*shape) for shape in shapes])


@pytest.mark.parametrize("norm", ["batch_norm", "instance_norm"])
def test_running_estimates(norm: str) -> None:
    x = draw(5, 3, 4, 4).astype(np.float32)
    found = []
    for package in (tinygrad_kr, torch):
        mean, var = package.zeros(3), package.ones(3)
        for _ in range(3):
            getattr(package.nn.functional, norm)(package.from_numpy(x), mean, var, None, None, True, 0.2)
        found.append([mean.numpy(), var.numpy()])
    np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kernel", [2, 3])
@pytest.mark.parametrize("kind", ["ties", "nan", "-inf"])
def test_maxima_of_equal_and_unordered_values(kind: str, kernel: int) -> None:
    x = draw(2, 2, 7, 7).round() if kind == "ties" else draw(2, 2, 7, 7)
    if kind != "ties":
        x[RNG.random(x.shape) < 0.4] = float(kind)
    found = []
    for package in (tinygrad_kr, torch):
        tensor = package.from_numpy(x).requires_grad_()
        out, indices = package.nn.functional.max_pool2d(tensor, kernel, 2, return_indices=True)
        found.append([indices.numpy(), *(g.numpy() for g in package.autograd.grad(out.sum(), [tensor]))])
    for one, other in zip(*found):
        np.testing.assert_array_equal(one, other)


BAD: dict[str, Callable[[Any, Callable[..., Any]], Any]] = {
    "channels": lambda t, x: t.conv2d(x(1, 4, 8, 8), x(8, 3, 3, 3)),
    "groups": lambda t, x: t.conv2d(x(1, 4, 8, 8), x(7, 2, 3, 3), groups=2),
    "kernel larger than input": lambda t, x: t.conv2d(x(1, 4, 2, 2), x(8, 4, 3, 3)),
    "dimensions": lambda t, x: t.conv2d(x(4, 8), x(8, 4, 3, 3)),
    "bias": lambda t, x: t.conv2d(x(1, 4, 8, 8), x(8, 4, 3, 3), x(7)),
    "dtypes": lambda t, x: t.conv2d(x(1, 4, 8, 8), x(8, 4, 3, 3).double()),
    "stride": lambda t, x: t.conv2d(x(1, 4, 8, 8), x(8, 4, 3, 3), stride=0),
    "same with stride": lambda t, x: t.conv2d(x(1, 4, 8, 8), x(8, 4, 3, 3), stride=2, padding="same"),
    "transposed channels": lambda t, x: t.conv_transpose2d(x(1, 4, 8, 8), x(3, 8, 3, 3)),
    "output_padding": lambda t, x: t.conv_transpose2d(x(1, 4, 8, 8), x(4, 8, 3, 3), output_padding=1),
    "pool size": lambda t, x: t.max_pool2d(x(1, 1, 4, 4), 5),
    "pool padding": lambda t, x: t.max_pool2d(x(1, 1, 4, 4), 2, padding=2),
    "pool of booleans": lambda t, x: t.max_pool2d(x(1, 1, 4, 4).bool(), 2),
    "one value": lambda t, x: t.nn.functional.batch_norm(x(1, 4), None, None, training=True),
    "no estimates": lambda t, x: t.nn.functional.batch_norm(x(3, 4), None, None),
    "half the estimates": lambda t, x: t.nn.functional.batch_norm(x(3, 4), x(4), None, training=True),
    "integers": lambda t, x: t.nn.functional.batch_norm(x(3, 4).long(), None, None, training=True),
    "number of groups": lambda t, x: t.group_norm(x(3, 4), 3),
    "normalized_shape": lambda t, x: t.layer_norm(x(3, 4), (5,)),
    "normalized_shape is a number": lambda t, x: t.layer_norm(x(3, 4), 4),
    "odd padding": lambda t, x: t.nn.functional.pad(x(3, 4), (1,)),
    "reflection too wide": lambda t, x: t.nn.functional.pad(x(1, 3, 4), (4, 1), mode="reflect"),
    "padding mode": lambda t, x: t.nn.functional.pad(x(3, 4), (1, 1), mode="edge"),
    "cut too much": lambda t, x: t.nn.functional.pad(x(3, 4), (-5, 1)),
    "interpolation to nothing": lambda t, x: t.nn.functional.interpolate(x(1, 1, 4, 4)),
    "interpolation mode": lambda t, x: t.nn.functional.interpolate(x(1, 1, 4, 4), 2, mode="linear"),
    "attention dtypes": lambda t, x: t.nn.functional.scaled_dot_product_attention(
        x(2, 3, 4), x(2, 3, 4).double(), x(2, 3, 4)
    ),
    "attention shapes": lambda t, x: t.nn.functional.scaled_dot_product_attention(
        x(2, 3, 4), x(2, 3, 5), x(2, 3, 4)
    ),
    "unfold": lambda t, x: t.nn.functional.unfold(x(1, 4, 2, 2), 3),
    "fold": lambda t, x: t.nn.functional.fold(x(1, 36, 35), 8, 3),
    "pixel_shuffle": lambda t, x: t.pixel_shuffle(x(1, 3, 2, 2), 2),
    "channel_shuffle": lambda t, x: t.channel_shuffle(x(1, 4, 2), 3),
    "unpooling": lambda t, x: t.nn.functional.max_unpool2d(x(1, 1, 1), x(1, 1, 1).long() * 9, 2),
    "grid": lambda t, x: t.nn.functional.grid_sample(x(1, 1, 4, 4), x(1, 2, 2, 3), align_corners=False),
}


@pytest.mark.parametrize("name", BAD)
def test_kinds_of_errors(name: str) -> None:
    with pytest.raises(Exception) as theirs:
        BAD[name](torch, torch.ones)
    with pytest.raises(type(theirs.value)):
        BAD[name](tinygrad_kr, tinygrad_kr.ones)
