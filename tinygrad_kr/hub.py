"""`torch.hub`: nothing is downloaded."""

from __future__ import annotations

from .absent import absent

__all__ = ["download_url_to_file", "get_dir", "load", "load_state_dict_from_url"]

_LOCAL = "download the file yourself and open it with torch.load(path)"

load = absent("hub.load", "build the model from its own source")
load_state_dict_from_url = absent("hub.load_state_dict_from_url", _LOCAL)
download_url_to_file = absent("hub.download_url_to_file", _LOCAL)
get_dir = absent("hub.get_dir", _LOCAL)
