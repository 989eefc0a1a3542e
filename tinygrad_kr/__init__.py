"""A small deep-learning framework in pure NumPy with PyTorch's API: `import tinygrad_kr as torch`.

What `torch.` offers stands here; each name comes from the page that defines it.
"""

# ruff: noqa: F403
from __future__ import annotations

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from . import autograd as autograd
from . import dtypes as _dtypes
from .autograd.anomaly import is_anomaly_check_nan_enabled as is_anomaly_check_nan_enabled
from .autograd.anomaly import is_anomaly_enabled as is_anomaly_enabled
from .autograd.anomaly import set_anomaly_enabled as set_anomaly_enabled
from .autograd.modes import enable_grad as enable_grad
from .autograd.modes import inference_mode as inference_mode
from .autograd.modes import is_grad_enabled as is_grad_enabled
from .autograd.modes import is_inference_mode_enabled as is_inference_mode_enabled
from .autograd.modes import no_grad as no_grad
from .autograd.modes import set_grad_enabled as set_grad_enabled
from .constants import *
from .devices import device as device
from .dtypes import can_cast as can_cast
from .dtypes import dtype as dtype
from .dtypes import finfo as finfo
from .dtypes import get_default_dtype as get_default_dtype
from .dtypes import iinfo as iinfo
from .dtypes import promote_types as promote_types
from .dtypes import set_default_dtype as set_default_dtype
from .kernels.memory import keep_freed_memory as _keep_freed_memory
from .kernels.threads import get_num_threads as get_num_threads
from .kernels.threads import set_num_threads as set_num_threads
from .legacy import *
from .ops.activation import *
from .ops.adaptive_pooling import *
from .ops.arithmetic import *
from .ops.arrangement import *
from .ops.bessel import *
from .ops.bitwise import *
from .ops.broadcasting import *
from .ops.comparison import *
from .ops.complex import *
from .ops.conv import *
from .ops.conversion import *
from .ops.counting import *
from .ops.creation import *
from .ops.decomposition import *
from .ops.diagonal import *
from .ops.distance import *
from .ops.dropout import *
from .ops.einsum import *
from .ops.elementwise import *
from .ops.exponential import *
from .ops.extremes import *
from .ops.factorization import *
from .ops.fractional_pooling import *
from .ops.gamma import *
from .ops.gathering import *
from .ops.inverse import *
from .ops.joining import *
from .ops.linalg import *
from .ops.matmul import *
from .ops.memory import *
from .ops.normalization import *
from .ops.norms import *
from .ops.number_theory import *
from .ops.padding import *
from .ops.parts import *
from .ops.permutation import *
from .ops.piecewise import *
from .ops.pixels import *
from .ops.pooling import *
from .ops.random import *
from .ops.recurrent import *
from .ops.reduction import *
from .ops.sampling import *
from .ops.scans import *
from .ops.scattering import *
from .ops.selection import *
from .ops.shape import *
from .ops.softmax import *
from .ops.solving import *
from .ops.sorting import *
from .ops.splitting import *
from .ops.statistics import *
from .ops.trigonometry import *
from .printing import set_printoptions as set_printoptions
from .settings import *
from .size import Size as Size
from .tensor import Tensor as Tensor
from .torch_version import __version__ as __version__

from .inner_functions import *  # isort: skip
from .method_functions import *  # isort: skip
from . import _C as _C  # isort: skip
from .deprecated import *  # isort: skip
from . import linalg as linalg  # isort: skip  (after the pages, whose names these namespaces gather)
from . import random as random  # isort: skip

if _TYPE_CHECKING:
    from . import accelerator as accelerator
    from . import amp as amp
    from . import backends as backends
    from . import compiler as compiler
    from . import cuda as cuda
    from . import distributed as distributed
    from . import distributions as distributions
    from . import fft as fft
    from . import func as func
    from . import fx as fx
    from . import hub as hub
    from . import jit as jit
    from . import mps as mps
    from . import multiprocessing as multiprocessing
    from . import nn as nn
    from . import onnx as onnx
    from . import optim as optim
    from . import overrides as overrides
    from . import profiler as profiler
    from . import regularization as regularization
    from . import serialization as serialization
    from . import signal as signal
    from . import sparse as sparse
    from . import special as special
    from . import testing as testing
    from . import train as train
    from . import transfer as transfer
    from . import types as types
    from . import uncertainty as uncertainty
    from . import unsupervised as unsupervised
    from . import utils as utils
    from . import version as version
    from . import vision as vision
    from . import xpu as xpu
    from . import zoo as zoo
    from .func import cond as cond
    from .func import vmap as vmap
    from .ops.sparse import sparse_coo_tensor as sparse_coo_tensor
    from .ops.sparse import spmm as spmm
    from .ops.spectrogram import istft as istft
    from .ops.spectrogram import stft as stft
    from .ops.windows import bartlett_window as bartlett_window
    from .ops.windows import blackman_window as blackman_window
    from .ops.windows import hamming_window as hamming_window
    from .ops.windows import hann_window as hann_window
    from .ops.windows import kaiser_window as kaiser_window
    from .serialization import load as load
    from .serialization import save as save
    from .utils.dlpack import from_dlpack as from_dlpack
    from .utils.dlpack import to_dlpack as to_dlpack

# Namespaces that not every program needs, imported when they are first asked for.
_LATER = frozenset(
    ["accelerator", "amp", "backends", "compiler", "cuda", "distributed", "distributions", "fft", "func"]
    + ["fx", "hub", "jit", "mps", "multiprocessing", "nn", "onnx", "optim", "regularization", "serialization"]
    + ["signal", "sparse", "special", "testing", "train", "transfer", "uncertainty", "unsupervised", "utils"]
    + ["overrides", "profiler", "types", "version", "vision", "xpu", "zoo"]
)
_LATER_NAMES = {"compile": "compiler", "autocast": "amp", "OutOfMemoryError": "cuda"}
_LATER_NAMES |= {"TypedStorage": "raw_storage", "UntypedStorage": "raw_storage", "GradScaler": "amp"}
_LATER_NAMES |= {"load": "serialization", "save": "serialization", "cond": "func", "vmap": "func"}
_LATER_NAMES |= dict.fromkeys(
    ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"], "ops.windows"
)
_LATER_NAMES |= {"spmm": "ops.sparse", "sparse_coo_tensor": "ops.sparse"}
_LATER_NAMES |= {"from_dlpack": "utils.dlpack", "to_dlpack": "utils.dlpack"}
_LATER_NAMES |= {"stft": "ops.spectrogram", "istft": "ops.spectrogram"}


def __getattr__(name: str) -> _Any:
    if name in _LATER:
        return _import_module(f"{__name__}.{name}")
    if name in _LATER_NAMES:
        return getattr(_import_module(f"{__name__}.{_LATER_NAMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, *_LATER_NAMES})


_keep_freed_memory()

float16 = half = _dtypes.float16
float32 = float = _dtypes.float32
float64 = double = _dtypes.float64
bfloat16 = _dtypes.bfloat16
complex64 = cfloat = _dtypes.complex64
complex128 = cdouble = _dtypes.complex128
uint8 = _dtypes.uint8
int8 = _dtypes.int8
int16 = short = _dtypes.int16
int32 = int = _dtypes.int32
int64 = long = _dtypes.int64
bool = _dtypes.bool
