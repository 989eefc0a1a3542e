"""Declarations of `ops/interpolation.py`; what the modes mean is compared with PyTorch."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.declared import SEEDS, declare, real

FACTORS = (1.0, 1.3, 1.5, 2.0, 2.4)


@st.composite
def resized(
    draw: Any, dims: int, *, aligned: bool = False, antialias: bool = False, factors: Any = FACTORS
) -> list[Any]:
    """Inputs and options; sizes that grow, shrink and stay."""
    rng = np.random.default_rng(draw(SEEDS))
    # PyTorch's smoothing of images one pixel wide reads the wrong rows.
    size = [draw(st.integers(1 + antialias, 5)) for _ in range(dims)]
    x = real().fill((draw(st.integers(0, 2)), draw(st.integers(1, 2)), *size), rng)
    options: dict[str, Any] = {}
    if draw(st.booleans()):
        options["size"] = tuple(draw(st.integers(1 + antialias, 7)) for _ in size)
    else:
        options["scale_factor"] = tuple(draw(st.sampled_from(factors)) for _ in size)
        options["recompute_scale_factor"] = draw(st.booleans())
    if aligned:
        options["align_corners"] = draw(st.booleans())
    if antialias:
        options["antialias"] = True
    return [x, options]


for _mode, _dims in (
    ("nearest", 2),
    ("nearest-exact", 2),
    ("area", 2),
    ("linear", 1),
    ("bilinear", 2),
    ("bicubic", 2),
    ("trilinear", 3),
):
    declare(
        "interpolate",
        lambda torch, x, options, mode=_mode: torch.nn.functional.interpolate(x, mode=mode, **options),
        # PyTorch's bicubic gradient is wrong where a fractional factor leaves the sizes as they are.
        resized(
            _dims,
            aligned=_mode.endswith(("linear", "cubic")),
            factors=(1.0, 2.0, 2.5) if _mode == "bicubic" else FACTORS,
        ),
    )
for _dims in (1, 3):
    # PyTorch's gradients for signals and volumes belong to another forward where factors are no integers.
    for _factors, _torch in ((FACTORS, False), ((1.0, 2.0, 3.0), True)):
        declare(
            "interpolate",
            lambda torch, x, options: torch.nn.functional.interpolate(x, **options),
            resized(_dims, factors=_factors),
            torch=_torch,
        )
for _mode in ("bilinear", "bicubic"):
    declare(
        "interpolate",
        lambda torch, x, options, mode=_mode: torch.nn.functional.interpolate(x, mode=mode, **options),
        resized(2, aligned=True, antialias=True, factors=(1.0, 1.5, 2.0)),
    )
declare(
    "interpolate",
    lambda torch, x, options: torch.nn.functional.interpolate(x, mode="lanczos", **options),
    resized(2, antialias=True, factors=(1.0, 1.5, 2.0)),
)


def old(function: Any, *args: Any, **options: Any) -> Any:
    """The call without its deprecation warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **options)


for _name in ("upsample", "upsample_nearest", "upsample_bilinear"):
    declare(
        _name,
        lambda torch, x, options, name=_name: old(
            getattr(torch.nn.functional, name), x, options.get("size"), options.get("scale_factor")
        ),
        resized(2),
    )

# Squared, so that the derivatives of the gradients count.
for _mode in ("nearest", "bilinear"):
    declare(
        "interpolate",
        lambda torch, x, options, mode=_mode: torch.square(
            torch.nn.functional.interpolate(x, mode=mode, **options)
        ),
        resized(2),
    )
