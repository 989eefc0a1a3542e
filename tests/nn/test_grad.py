"""`torch.nn.grad`: gradients of convolutions as functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr
import tinygrad_kr.nn.grad


@pytest.mark.torch
@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1}, {"dilation": 2, "groups": 2}])
def test_gradients_of_convolutions_are_pytorchs(dims: int, options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 4, *[6] * dims))
    weight = rng.normal(size=(2, 4 // options.get("groups", 1), *[2] * dims))
    out = getattr(torch, f"conv{dims}d")(torch.from_numpy(x), torch.from_numpy(weight), **options)
    g = rng.normal(size=out.shape)
    results = []
    for library in (tinygrad_kr, torch):
        arrays = [library.from_numpy(one) for one in (x, weight, g)]
        for_input = getattr(library.nn.grad, f"conv{dims}d_input")(x.shape, *arrays[1:], **options)
        with library.no_grad():
            for_weight = getattr(library.nn.grad, f"conv{dims}d_weight")(
                arrays[0], weight.shape, arrays[2], **options
            )
        results.append((for_input.numpy(), for_weight.numpy()))
    for mine, theirs in zip(*results):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-10)
