"""`torch.distributed.nn`: collective functions with gradients, of which there are none."""

from __future__ import annotations

from . import all_gather as all_gather
from . import all_reduce as all_reduce
from . import broadcast as broadcast
from . import reduce as reduce

__all__ = ["all_gather", "all_reduce", "broadcast", "reduce"]
