"""PyTorch's place for the layers, `torch.nn.modules`, for programs that import from it.

`nn.modules.conv` is `nn.conv`, and so on: the same modules under the names that PyTorch gives them.
"""

from __future__ import annotations

import sys

from .. import (
    activation,
    adaptive,
    batchnorm,
    containers,
    conv,
    distance,
    dropout,
    embedding,
    lazy,
    linear,
    loss,
    module,
    normalization,
    padding,
    pooling,
    upsampling,
)
from ..activation import *  # noqa: F403
from ..adaptive import *  # noqa: F403
from ..batchnorm import *  # noqa: F403
from ..containers import *  # noqa: F403
from ..conv import *  # noqa: F403
from ..distance import *  # noqa: F403
from ..dropout import *  # noqa: F403
from ..embedding import *  # noqa: F403
from ..fractional_pooling import *  # noqa: F403
from ..hard_activation import *  # noqa: F403
from ..lazy import *  # noqa: F403
from ..linear import *  # noqa: F403
from ..loss import *  # noqa: F403
from ..margin_loss import *  # noqa: F403
from ..module import Module as Module
from ..normalization import *  # noqa: F403
from ..padding import *  # noqa: F403
from ..parameter_containers import *  # noqa: F403
from ..pooling import *  # noqa: F403
from ..softmax import *  # noqa: F403
from ..unpooling import *  # noqa: F403
from ..upsampling import *  # noqa: F403
from . import utils as utils

_SAME = {
    "activation": activation,
    "adaptive": adaptive,
    "batchnorm": batchnorm,
    "container": containers,
    "conv": conv,
    "distance": distance,
    "dropout": dropout,
    "flatten": linear,
    "fold": upsampling,
    "instancenorm": batchnorm,
    "lazy": lazy,
    "linear": linear,
    "loss": loss,
    "module": module,
    "normalization": normalization,
    "padding": padding,
    "pixelshuffle": upsampling,
    "pooling": pooling,
    "sparse": embedding,
    "upsampling": upsampling,
}
for _name, _module in _SAME.items():
    globals()[_name] = sys.modules[f"{__name__}.{_name}"] = _module
