"""Pictures of the user's own, in one folder per class."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...utils.data import Dataset
from ..transforms.pictures import pillow

EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def read_picture(path: str | Path) -> Any:
    """The picture in a file, as a Pillow image in colour."""
    with Path(path).open("rb") as file:
        return pillow("reading pictures").open(file).convert("RGB")


class ImageFolder(Dataset):
    """The pictures below `root/name_of_class/`, classes and files in alphabetical order (extra `images`).

    A sample is `(picture, label)`; the picture is a Pillow image, or what the transform makes of it.

    Args:
        root: the folder with a folder for each class.
        transform, target_transform: applied to each picture and to each label.
        loader: reads a file; a Pillow image in colour by default.
        is_valid_file: says which files count, by path; by default those with a picture's extension.
        allow_empty: whether a class may have no file.

    Raises:
        FileNotFoundError: there is no folder of a class, or one without a file that counts.

    Source: torchvision, `ImageFolder`.
    """

    def __init__(
        self,
        root: str | Path,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        loader: Callable[[str], Any] = read_picture,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        self.root = root
        self.transform, self.target_transform, self.loader = transform, target_transform, loader
        self.classes = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
        if not self.classes:
            raise FileNotFoundError(f"{root} has no folders; it must hold one folder of pictures per class")
        self.class_to_idx = {name: label for label, name in enumerate(self.classes)}
        counts = is_valid_file or (lambda path: path.lower().endswith(EXTENSIONS))
        self.samples: list[tuple[str, int]] = []
        for name, label in self.class_to_idx.items():
            found = [
                (os.path.join(folder, file), label)
                for folder, _, files in sorted(os.walk(os.path.join(root, name), followlinks=True))
                for file in sorted(files)
                if counts(os.path.join(folder, file))
            ]
            if not found and not allow_empty:
                raise FileNotFoundError(
                    f"the folder of class {name!r} in {root} has no file that counts; expected extensions "
                    f"are {', '.join(EXTENSIONS)} (allow_empty=True lets it be empty)"
                )
            self.samples += found
        self.imgs, self.targets = self.samples, [label for _, label in self.samples]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, label = self.samples[index]
        picture = self.loader(path)
        picture = picture if self.transform is None else self.transform(picture)
        return picture, label if self.target_transform is None else self.target_transform(label)
