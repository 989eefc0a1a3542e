"""`torch.version`: the release of PyTorch whose behaviour is followed, and no accelerators."""

from __future__ import annotations

from .torch_version import __version__ as __version__

__all__ = ["cuda", "debug", "git_version", "hip", "xpu"]

debug = False
cuda: str | None = None
hip: str | None = None
xpu: str | None = None
git_version = "unknown"
