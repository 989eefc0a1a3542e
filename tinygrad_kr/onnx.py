"""`torch.onnx`: models are not exported."""

from __future__ import annotations

from .absent import absent

__all__ = ["export"]

export = absent("onnx.export", "save the state dict with torch.save and export it where PyTorch is installed")
