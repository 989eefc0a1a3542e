"""Image classifiers with torchvision's names, arguments and state-dict keys, so that its weights load.

Nothing is downloaded: get a checkpoint yourself, then `model.load_state_dict(torch.load(path))`.
"""

from __future__ import annotations

from typing import Any as _Any

from ._build import weights_of as _weights_of
from .alexnet import *  # noqa: F403
from .densenet import *  # noqa: F403
from .mobilenet import *  # noqa: F403
from .resnet import *  # noqa: F403
from .squeezenet import *  # noqa: F403
from .vgg import *  # noqa: F403


def __getattr__(name: str) -> _Any:
    """`ResNet18_Weights` and the like, which programs import: asking a model for them says what to do."""
    model = name.removesuffix("_Weights").lower()
    if name.endswith("_Weights") and model in globals():
        return _weights_of(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
