"""The functions behind the transforms, as `torchvision.transforms.functional` names them."""

from __future__ import annotations

from .colour import *  # noqa: F403
from .conversion import *  # noqa: F403
from .geometry import *  # noqa: F403
from .pictures import InterpolationMode as InterpolationMode
from .pictures import get_dimensions as get_dimensions
from .warping import *  # noqa: F403


def get_image_size(img: object) -> list[int]:
    """[width, height] of a picture.

    Source: torchvision, `get_image_size`.
    """
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: object) -> int:
    """How many channels a picture has.

    Source: torchvision, `get_image_num_channels`.
    """
    return get_dimensions(img)[0]
