"""`torch.distributed`: one process alone. Programs that ask `is_available()` go on without it."""

from __future__ import annotations

from ..absent import absent

__all__ = [
    "all_gather",
    "all_reduce",
    "barrier",
    "broadcast",
    "destroy_process_group",
    "get_rank",
    "get_world_size",
    "init_process_group",
    "is_available",
    "is_initialized",
    "is_torchelastic_launched",
    "reduce",
]

_ALONE = "run the program in one process (guard the call with torch.distributed.is_available())"


def is_available() -> bool:
    """False.

    >>> torch.distributed.is_available()
    False
    """
    return False


is_initialized = is_torchelastic_launched = is_nccl_available = is_gloo_available = is_mpi_available = (
    is_available
)

init_process_group = absent("distributed.init_process_group", _ALONE)
destroy_process_group = absent("distributed.destroy_process_group", _ALONE)
get_rank = absent("distributed.get_rank", _ALONE)
get_world_size = absent("distributed.get_world_size", _ALONE)
barrier = absent("distributed.barrier", _ALONE)
all_reduce = absent("distributed.all_reduce", _ALONE)
all_gather = absent("distributed.all_gather", _ALONE)
broadcast = absent("distributed.broadcast", _ALONE)
reduce = absent("distributed.reduce", _ALONE)
