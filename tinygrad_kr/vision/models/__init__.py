"""Image classifiers with torchvision's names, arguments and state-dict keys, so that its weights load.

Nothing is downloaded: get a checkpoint yourself, then `model.load_state_dict(torch.load(path))`.
"""

from __future__ import annotations

from .alexnet import *  # noqa: F403
from .densenet import *  # noqa: F403
from .mobilenet import *  # noqa: F403
from .resnet import *  # noqa: F403
from .squeezenet import *  # noqa: F403
from .vgg import *  # noqa: F403
