"""CIFAR-10, from its binary version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .files import find, read_exactly
from .images import ImageDataset

RECORD = 1 + 3 * 32 * 32  # a label, then the red, green and blue planes


class CIFAR10(ImageDataset):
    """60,000 colour pictures of 32x32 pixels in 10 classes, from the *binary* version of the dataset.

    Args:
        root: the folder with `data_batch_1.bin` ... and `test_batch.bin`, or the one above
            `cifar-10-batches-bin`.
        train: the 50,000 training images, or the 10,000 test images.
        transform, target_transform: applied to each image and label.
        download: accepted; nothing is downloaded.

    Raises:
        FileNotFoundError: a file is missing. The Python version of the dataset is a pickle, which could run
            any code
            and is not read; the message says so where that version is found.
        ValueError: a file is truncated or foreign.

    Source: A. Krizhevsky, Learning multiple layers of features from tiny images, 2009.
    """

    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        names = [f"data_batch_{number}.bin" for number in range(1, 6)] if train else ["test_batch.bin"]
        try:
            paths = [find(root, ("cifar-10-batches-bin",), name) for name in names]
        except FileNotFoundError as error:
            if (Path(root).expanduser() / "cifar-10-batches-py").is_dir():
                raise FileNotFoundError(
                    f"{error} The folder cifar-10-batches-py is there, but pickles are not read: get the "
                    f"binary version."
                ) from None
            raise
        records = np.concatenate([read_exactly(path, record=RECORD) for path in paths])
        # (N, 3 * 32 * 32) -> (N, 32, 32, 3)
        images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        super().__init__(
            np.ascontiguousarray(images), records[:, 0], self.classes, transform, target_transform
        )
