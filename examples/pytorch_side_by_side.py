"""The same CNN from the same seed, trained in PyTorch and here: two columns of losses that agree.

    pip install torch==2.13.0
    python examples/pytorch_side_by_side.py

Everything random takes part: the initial weights, the order of the images, the dropout masks. The model and
the training loop are written once; the framework is an argument.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import Any

from tinygrad_kr.vision.datasets import Digits


def build(torch: Any) -> Any:
    """A CNN with batch norm and both kinds of dropout."""
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout2d(0.1),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 2 * 2, 64),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(64, 10),
    )


def losses(torch: Any, seed: int, steps: int) -> list[float]:
    """Train for a number of steps and return the loss of each."""
    torch.manual_seed(seed)
    images, labels = (torch.from_numpy(one.numpy()) for one in Digits(train=True).tensors())
    data = importlib.import_module(f"{torch.__name__}.utils.data")
    loader = data.DataLoader(data.TensorDataset(images, labels), batch_size=64, shuffle=True)
    model = build(torch)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    found: list[float] = []
    while len(found) < steps:
        for batch, target in loader:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(batch), target)
            loss.backward()
            optimizer.step()
            found.append(loss.item())
            if len(found) == steps:
                break
    return found


def main(given: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument(
        "--tolerance", type=float, default=1e-4, help="the largest relative difference allowed"
    )
    options = parser.parse_args(given)
    try:
        torch = importlib.import_module("torch")
    except ModuleNotFoundError:
        print("PyTorch is not installed: pip install torch==2.13.0")
        return 2
    theirs = losses(torch, options.seed, options.steps)
    ours = losses(importlib.import_module("tinygrad_kr"), options.seed, options.steps)
    print(f"seed {options.seed}\n{'step':>5}{'PyTorch':>12}{'tinygrad_kr':>14}{'difference':>13}")
    worst = 0.0
    for step, (one, other) in enumerate(zip(theirs, ours), 1):
        difference = abs(one - other) / abs(one)
        worst = max(worst, difference)
        print(f"{step:5d}{one:12.6f}{other:14.6f}{difference:13.1e}")
    agree = worst <= options.tolerance
    print(f"largest relative difference {worst:.1e}: the losses {'agree' if agree else 'DIFFER'}")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
