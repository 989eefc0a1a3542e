"""PyTorch's place for the layers, `torch.nn.modules`, for programs that import from it.

`nn.modules.conv` is `nn.conv`, and so on: the same modules under the names that PyTorch gives them,
or the names of several together.
"""

from __future__ import annotations

import sys
from types import ModuleType

from .. import (
    activation,
    adaptive,
    attention,
    batchnorm,
    containers,
    conv,
    distance,
    dropout,
    embedding,
    fractional_pooling,
    hard_activation,
    lazy,
    linear,
    loss,
    margin_loss,
    module,
    normalization,
    padding,
    parameter_containers,
    pooling,
    recurrent,
    recurrent_cells,
    softmax,
    transformer,
    unpooling,
    upsampling,
)
from ..activation import *  # noqa: F403
from ..adaptive import *  # noqa: F403
from ..attention import *  # noqa: F403
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
from ..recurrent import *  # noqa: F403
from ..recurrent_cells import *  # noqa: F403
from ..softmax import *  # noqa: F403
from ..transformer import *  # noqa: F403
from ..unpooling import *  # noqa: F403
from ..upsampling import *  # noqa: F403
from . import utils as utils

_PLACES = {
    "activation": (activation, hard_activation, softmax, attention),
    "adaptive": (adaptive,),
    "batchnorm": (batchnorm,),
    "container": (containers, parameter_containers),
    "conv": (conv,),
    "distance": (distance,),
    "dropout": (dropout,),
    "flatten": (linear,),
    "fold": (upsampling,),
    "instancenorm": (batchnorm,),
    "lazy": (lazy,),
    "linear": (linear,),
    "loss": (loss, margin_loss),
    "module": (module,),
    "normalization": (normalization,),
    "padding": (padding,),
    "pixelshuffle": (upsampling,),
    "pooling": (pooling, fractional_pooling, unpooling),
    "rnn": (recurrent, recurrent_cells),
    "sparse": (embedding,),
    "transformer": (transformer,),
    "upsampling": (upsampling,),
}
for _name, _modules in _PLACES.items():
    _place = _modules[0]
    if len(_modules) > 1:  # one of PyTorch's files that is several here
        _place = ModuleType(f"{__name__}.{_name}", _modules[0].__doc__)
        for _module in reversed(_modules):
            _place.__dict__.update({key: value for key, value in vars(_module).items() if key[:2] != "__"})
    globals()[_name] = sys.modules[f"{__name__}.{_name}"] = _place
