"""Images: datasets in torchvision's words."""

from __future__ import annotations

from . import datasets as datasets
