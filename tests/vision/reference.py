"""torchvision itself, to compare with."""

from __future__ import annotations

from typing import Any

import pytest

# The compiled operators that torchvision describes to PyTorch when it is imported.
OPERATORS = (
    "deform_conv2d",
    "nms",
    "ps_roi_align",
    "ps_roi_pool",
    "qnms",
    "qroi_align",
    "roi_align",
    "roi_pool",
)


def torchvision() -> Any:
    """The package, or a skip.

    Its wheel on PyPI is compiled for CUDA; beside PyTorch's CPU build its operators are missing, and the
    import fails for want of their names. No model or transform uses one, so the names are declared.
    """
    torch = pytest.importorskip("torch")
    try:
        return pytest.importorskip("torchvision")
    except RuntimeError:
        library = torch.library.Library("torchvision", "FRAGMENT")
        names = [*OPERATORS, *(f"_{name}_backward" for name in OPERATORS)]
        for name in names:
            library.define(f"{name}(Tensor x) -> Tensor")
        return pytest.importorskip("torchvision")
