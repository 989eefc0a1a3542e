"""Declarations of `ops/conv.py`: gradients of convolutions are convolutions, so order two is part of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, real

DOMAIN = real(-1, 1)


def convolved(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, options: dict[str, Any]
) -> np.ndarray:
    """Convolution by its definition: a sum over windows for every output position."""
    if x.ndim < weight.ndim:
        return convolved(x[None], weight, bias, options)[0]
    dims, groups = weight.ndim - 2, options.get("groups", 1)
    stride, padding, dilation = (
        (entry,) * dims if isinstance(entry, int) else entry
        for entry in (options.get("stride", 1), options.get("padding", 0), options.get("dilation", 1))
    )
    reach = [d * (k - 1) for k, d in zip(weight.shape[2:], dilation)]
    if padding == "same":
        pairs = [(r // 2, r - r // 2) for r in reach]
    else:
        pairs = [(p, p) for p in ((0,) * dims if padding == "valid" else padding)]
    padded = np.pad(x, [(0, 0), (0, 0), *pairs])
    size = [(n - r - 1) // s + 1 for n, r, s in zip(padded.shape[2:], reach, stride)]
    out = np.empty((len(x), len(weight), *size))
    per_group = len(weight) // groups
    for place in np.ndindex(*size):
        at = tuple(
            slice(p * s, p * s + r + 1, d) for p, s, r, d in zip(place, stride, reach, dilation, strict=True)
        )
        window = padded[(slice(None), slice(None), *at)]
        for o in range(len(weight)):
            first = (o // per_group) * weight.shape[1]
            part = window[:, first : first + weight.shape[1]]
            out[(slice(None), o, *place)] = (part * weight[o]).sum(axis=tuple(range(1, part.ndim)))
    return out if bias is None else out + bias.reshape(-1, *(1,) * dims)


@st.composite
def convolutions(draw: Any, dims: int, transposed: bool = False) -> list[Any]:
    """Input, weight, bias or None, and options; unbatched and empty batches among the inputs."""
    rng = np.random.default_rng(draw(SEEDS))
    groups = draw(st.sampled_from([1, 1, 2]))
    inputs, outputs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    kernel = [draw(st.integers(1, 3)) for _ in range(dims)]
    options: dict[str, Any] = {
        "stride": tuple(draw(st.integers(1, 3)) for _ in kernel),
        "dilation": tuple(draw(st.integers(1, 2)) for _ in kernel),
        "groups": groups,
    }
    options["padding"] = tuple(draw(st.integers(0, 2)) for _ in kernel)
    if transposed:
        most = [max(s, d) - 1 for s, d in zip(options["stride"], options["dilation"])]
        options["output_padding"] = tuple(draw(st.integers(0, one)) for one in most)
        reach = [(k - 1) * d + e for k, d, e in zip(kernel, options["dilation"], options["output_padding"])]
        least = [
            max(1, -(-(2 * p - r) // s) + 1) for p, r, s in zip(options["padding"], reach, options["stride"])
        ]
    else:
        if draw(st.integers(0, 3)) == 0:
            options.update(padding=draw(st.sampled_from(["same", "valid"])), stride=1)
        same = options["padding"] == "same"
        width = (0,) * dims if isinstance(options["padding"], str) else options["padding"]
        reach = [(k - 1) * d for k, d in zip(kernel, options["dilation"])]
        least = [1 if same else max(1, r + 1 - 2 * p) for r, p in zip(reach, width)]
    size = [one + draw(st.integers(0, 2)) for one in least]
    batch = draw(st.sampled_from([(2,), (1,), (), (0,)]))
    weight = (inputs, outputs // groups, *kernel) if transposed else (outputs, inputs // groups, *kernel)
    arrays = [DOMAIN.fill((*batch, inputs, *size), rng), DOMAIN.fill(weight, rng)]
    return [*arrays, DOMAIN.fill((outputs,), rng) if draw(st.booleans()) else None, options]


for _dims in (1, 2, 3):
    declare(
        f"conv{_dims}d",
        lambda torch, x, weight, bias, options, name=f"conv{_dims}d": getattr(torch, name)(
            x, weight, bias, **options
        ),
        convolutions(_dims),
        reference=convolved,
    )
    declare(
        f"conv_transpose{_dims}d",
        lambda torch, x, weight, bias, options, name=f"conv_transpose{_dims}d": getattr(torch, name)(
            x, weight, bias, **options
        ),
        convolutions(_dims, transposed=True),
    )

# Squared, so that the derivatives of the gradients count with respect to the gradient that arrives too.
for _name, _transposed in (("conv2d", False), ("conv_transpose2d", True)):
    declare(
        _name,
        lambda torch, x, weight, bias, options, name=_name: torch.square(
            getattr(torch, name)(x, weight, bias, **options)
        ),
        convolutions(2, transposed=_transposed),
    )


def convolved_by_time(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, pad: int) -> np.ndarray:
    """Convolution over the first dimension, the channels last."""
    out = convolved(x.transpose(1, 2, 0), weight.transpose(2, 1, 0), bias, {"padding": pad})
    return out.transpose(2, 0, 1)


declare(
    "conv_tbc",
    None,
    st.integers(0, 2).map(
        lambda pad: [
            *(DOMAIN.fill(shape, np.random.default_rng(pad)) for shape in ((4, 2, 3), (2, 3, 2), (2,))),
            pad,
        ]
    ),
    reference=convolved_by_time,
)
