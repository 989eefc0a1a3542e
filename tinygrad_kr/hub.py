"""`torch.hub`: nothing is downloaded."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlparse as urlparse

from .absent import absent

__all__ = ["download_url_to_file", "get_dir", "load", "load_state_dict_from_url"]

HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")  # the part of a file's name that says what its contents hash to

_LOCAL = "download the file yourself and open it with torch.load(path)"

load = absent("hub.load", "build the model from its own source")
load_state_dict_from_url = absent("hub.load_state_dict_from_url", _LOCAL)
download_url_to_file = absent("hub.download_url_to_file", _LOCAL)


def get_dir() -> str:
    """Where PyTorch keeps what it has downloaded.

    Source: PyTorch, `torch.hub.get_dir`.
    """
    return os.path.join(_get_torch_home(), "hub")


def _get_torch_home() -> str:
    cache = os.getenv("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return os.path.expanduser(os.getenv("TORCH_HOME", os.path.join(cache, "torch")))
