"""A small deep-learning framework in pure NumPy with PyTorch's API: `import tinygrad_kr as torch`."""

from __future__ import annotations

import importlib as _importlib

from . import autograd as autograd
from .autograd.anomaly import is_anomaly_enabled as is_anomaly_enabled
from .autograd.modes import enable_grad as enable_grad
from .autograd.modes import inference_mode as inference_mode
from .autograd.modes import is_grad_enabled as is_grad_enabled
from .autograd.modes import is_inference_mode_enabled as is_inference_mode_enabled
from .autograd.modes import no_grad as no_grad
from .autograd.modes import set_grad_enabled as set_grad_enabled
from .devices import device as device
from .dtypes import *  # noqa: F403
from .size import Size as Size
from .tensor import Tensor as Tensor
from .ops.arithmetic import *  # noqa: F403
from .ops.creation import *  # noqa: F403
from .ops.conversion import *  # noqa: F403

_pages = ["elementwise", "comparison", "activation", "reduction", "sorting", "shape", "indexing", "joining", "matmul", "linear", "linalg", "einsum", "decomposition", "distance", "conv", "pooling",
    "normalization", "attention", "padding", "interpolation", "loss", "loss_classification", "loss_margin", "dropout", "embedding", "random"]
for _page in _pages:
    try:
        _m = _importlib.import_module(f".ops.{_page}", __name__)
    except ModuleNotFoundError as _e:
        if f"ops.{_page}" not in str(_e): raise
        continue
    globals().update({n: getattr(_m, n) for n in _m.__all__ if hasattr(_m, n)})
for _page in ["linalg", "random", "nn", "optim", "utils", "vision"]:
    try:
        _importlib.import_module(f".{_page}", __name__)
    except (ModuleNotFoundError, ImportError):
        pass
if "manual_seed" not in globals():
    def manual_seed(s): pass
