"""Building blocks and box arithmetic in torchvision's words.

What torchvision has compiled code for (regions of interest, deformable convolutions) is not here: importing
it works, calling it says so.
"""

from __future__ import annotations

from ...absent import absent
from . import misc as misc
from .boxes import box_area, box_convert, box_iou, nms
from .misc import Conv2dNormActivation, FrozenBatchNorm2d, SqueezeExcitation
from .stochastic_depth import StochasticDepth, stochastic_depth

__all__ = [
    "Conv2dNormActivation",
    "DeformConv2d",
    "FrozenBatchNorm2d",
    "SqueezeExcitation",
    "StochasticDepth",
    "box_area",
    "box_convert",
    "box_iou",
    "deform_conv2d",
    "nms",
    "roi_align",
    "roi_pool",
    "stochastic_depth",
]

_RESAMPLE = "sample the features with nn.functional.grid_sample"
roi_align = absent("vision.ops.roi_align", _RESAMPLE)
roi_pool = absent("vision.ops.roi_pool", _RESAMPLE)
deform_conv2d = absent("vision.ops.deform_conv2d", _RESAMPLE)
DeformConv2d = absent("vision.ops.DeformConv2d", _RESAMPLE)
