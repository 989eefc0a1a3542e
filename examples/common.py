"""What the examples share: their options, the digits that they learn, and how their pictures look."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import tinygrad_kr as torch
from tinygrad_kr.vision import datasets

COLOURS = ["#2a6fbb", "#e07b39", "#3a8f5c", "#b3477a", "#7a5bb5", "#8a7a2d", "#4aa3a8", "#9a4f3a", "#777777"]
plt.rcParams.update(
    {
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "axes.prop_cycle": plt.cycler(color=COLOURS),
        "figure.dpi": 110,
        "figure.constrained_layout.use": True,
    }
)


def options(doc: str, given: Sequence[str] | None, **numbers: int) -> argparse.Namespace:
    """The command line that all examples have: `--out`, `--seed`, `--quick`, and whole numbers by name.

    Args:
        doc: the example's docstring, whose first line is its help.
        given: the arguments, `sys.argv` if None.
        numbers: further options with their defaults; `--quick` divides each by 10, to at least 2, for tests.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out"), help="the folder for pictures")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, to see that it runs")
    for name, default in numbers.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
    chosen = parser.parse_args(given)
    for name in numbers:
        value = getattr(chosen, name)
        if value < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1, got {value}")
        if chosen.quick:
            setattr(chosen, name, max(2, value // 10))
    chosen.out.mkdir(parents=True, exist_ok=True)
    return chosen


def save(figure: Any, out: Path, name: str) -> Path:
    """Write a picture, say so, and close it."""
    path = out / name
    figure.savefig(path)
    plt.close(figure)
    print(f"picture: {path}")
    return path


@dataclass(frozen=True)
class Split:
    """Images (N, 1, 8, 8) in [0, 1] and their labels, apart for training, validation and test."""

    train: tuple[torch.Tensor, torch.Tensor]
    val: tuple[torch.Tensor, torch.Tensor]
    test: tuple[torch.Tensor, torch.Tensor]


def digits(train: int, val: int = 300, seed: int = 0) -> Split:
    """Some of scikit-learn's 1,797 handwritten digits, drawn at random for training and validation.

    The test images are always the 296 that the dataset keeps apart.
    """
    images, labels = datasets.Digits(train=True).tensors()
    order = torch.tensor(np.random.default_rng(seed).permutation(len(images)))
    parts = order[:train], order[train : train + val]
    (first, second) = ((images[part], labels[part]) for part in parts)
    return Split(first, second, datasets.Digits(train=False).tensors())


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text with their columns aligned; the first row is the head.

    >>> print(table([("name", "value"), ("a", "1.50")]))
    name  value
    a      1.50
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths))
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)
