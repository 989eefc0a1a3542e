"""`torch.utils.model_zoo`, the older name of `torch.hub`: nothing is downloaded."""

from __future__ import annotations

from ..absent import absent

__all__ = ["load_url"]

load_url = absent("utils.model_zoo.load_url", "download the file yourself and open it with torch.load(path)")
