"""The same words said to this package and to PyTorch: what comes out, or the kind of error, must be the same.

    check("x.sum(0, keepdim=True)")
    check("x[0] = torch.ones(4)")

The words see `torch` (each package in turn), and fresh tensors: `x` (float32, 2 by 3: 0 to 5), `i` (the same
as int64), `b` (`i > 2`), `u` (uint8), `e` (empty, 0 by 3), `s` (0-d, 5.), `nan` and `inf`.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

import tinygrad_kr


def names(torch: Any) -> dict[str, Any]:
    """What the words can name."""
    i = torch.arange(6).reshape(2, 3)
    return {
        "torch": torch,
        "np": np,
        "x": torch.arange(6.0).reshape(2, 3),
        "i": i,
        "b": i > 2,
        "u": i.to(torch.uint8),
        "e": torch.zeros(0, 3),
        "s": torch.tensor(5.0),
        "nan": math.nan,
        "inf": math.inf,
    }


def outcome(torch: Any, words: str) -> Any:
    """What an expression gives, what a statement leaves in `x`, or the type of the error."""
    space = names(torch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            try:
                code = compile(words, words, "eval")
            except SyntaxError:
                exec(words, space)
                return space["x"]
            return eval(code, space)
        except Exception as error:
            return type(error)


def check(words: str) -> None:
    """Both packages do the same."""
    import torch

    equal(outcome(tinygrad_kr, words), outcome(torch, words))


def equal(mine: Any, theirs: Any) -> None:
    """Values, shapes and dtypes of two outcomes are equal."""
    if isinstance(theirs, (tuple, list)) and not hasattr(theirs, "numel"):
        assert len(mine) == len(theirs)
        assert all(hasattr(theirs, name) for name in getattr(mine, "_fields", ()))
        for one, other in zip(mine, theirs):
            equal(one, other)
    elif hasattr(theirs, "detach"):
        assert not isinstance(mine, type), f"raised {mine}, expected {theirs}"
        assert tuple(mine.shape) == tuple(theirs.shape)
        assert str(mine.dtype) == str(theirs.dtype)
        np.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), rtol=1e-5, atol=1e-6)
    elif isinstance(theirs, type):
        assert mine is theirs
    else:
        assert str(mine) == str(theirs)


def check_gradient(words: str, values: list[float]) -> None:
    """Both packages give the same value, and the same gradient at `x` with these values."""
    import torch

    found = []
    for package in (tinygrad_kr, torch):
        x = package.tensor(values, requires_grad=True)
        result = eval(words, {"torch": package, "x": x, "inf": math.inf})
        result.backward()
        found.append((result.detach(), x.grad))
    equal(*found)
