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

import pkgutil as _pkgutil

from . import ops as _ops

_pages = [m.name for m in _pkgutil.iter_modules(_ops.__path__) if not m.name.startswith("_")]
for _page in _pages:
    try:
        _m = _importlib.import_module(f".ops.{_page}", __name__)
    except Exception as _e:
        import sys as _sys
        print(f"[being written] ops.{_page}: {_e}", file=_sys.stderr)
        continue
    globals().update({n: getattr(_m, n) for n in getattr(_m, '__all__', []) if hasattr(_m, n)})
for _page in ["linalg", "random", "nn", "optim", "utils", "vision"]:
    try:
        _importlib.import_module(f".{_page}", __name__)
    except ImportError as _e:
        import sys as _sys
        print(f"[being written] {_page}: {_e}", file=_sys.stderr)
if "manual_seed" not in globals():
    def manual_seed(s): pass
