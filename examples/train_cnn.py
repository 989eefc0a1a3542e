"""Train a small convolutional network on real handwritten digits, and draw what it learned.

    python examples/train_cnn.py                      # scikit-learn's 8x8 digits, under a minute on two cores
    python examples/train_cnn.py --data mnist5k       # 5,000 digits of 28x28 pixels (extra mnist5k)
    python examples/train_cnn.py --data FOLDER        # MNIST, FashionMNIST or CIFAR-10 files that you have

Written as for PyTorch: change the import below to `import torch` and the training code stays as it is.
Of the training images a tenth is held out for validation; the weights of the epoch with the lowest validation
loss are kept, restored at the end, and judged once on the test images.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn
from tinygrad_kr.utils.data import DataLoader, TensorDataset, random_split
from tinygrad_kr.vision import datasets


class CNN(nn.Module):
    """Two blocks of convolutions with batch norm and pooling, then two dense layers with dropout."""

    def __init__(self, channels: int, height: int, width: int, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(channels, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout2d(0.1),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(64 * (height // 4) * (width // 4), 128),
            nn.ReLU(),
            nn.Dropout(0.4),
            nn.Linear(128, classes),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images))


@dataclass
class History:
    """Loss and accuracy after each epoch."""

    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)

    def add(self, train: tuple[float, float], val: tuple[float, float]) -> None:
        self.train_loss.append(train[0])
        self.train_accuracy.append(train[1])
        self.val_loss.append(val[0])
        self.val_accuracy.append(val[1])


def load(name: str) -> tuple[datasets.ImageDataset, datasets.ImageDataset]:
    """The training and the test part of a dataset, by name or by the folder of its files."""
    if name == "digits":
        return datasets.Digits(train=True), datasets.Digits(train=False)
    if name == "mnist5k":
        return datasets.MNIST5k(train=True), datasets.MNIST5k(train=False)
    folder = Path(name)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"--data {name!r}: expected 'digits', 'mnist5k' or a folder with dataset files"
        )
    binary = any(folder.glob("*.bin")) or (folder / "cifar-10-batches-bin").is_dir()
    dataset = datasets.CIFAR10 if binary else datasets.MNIST
    return dataset(folder, train=True), dataset(folder, train=False)


def shifted(images: torch.Tensor) -> torch.Tensor:
    """Each image moved by at most one pixel each way: a digit stays the same digit."""
    height, width = images.shape[-2:]
    windows = F.pad(images, (1, 1, 1, 1)).unfold(2, height, 1).unfold(3, width, 1)  # (N, C, 3, 3, H, W)
    down, right = torch.randint(0, 3, (2, len(images)))
    return windows[torch.arange(len(images)), :, down, right]


def train_epoch(
    model: nn.Module, batches: Iterable[Any], optimizer: torch.optim.Optimizer, scheduler: Any
) -> tuple[float, float]:
    """One pass over the training images; returns the mean loss and the accuracy."""
    model.train()
    total, correct, count = 0.0, 0, 0
    for images, labels in batches:
        optimizer.zero_grad()
        scores = model(shifted(images))
        loss = F.cross_entropy(scores, labels, label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item() * len(labels)
        correct += int((scores.argmax(1) == labels).sum())
        count += len(labels)
        if hasattr(batches, "set_postfix"):
            batches.set_postfix(loss=f"{total / count:.3f}", accuracy=f"{correct / count:.1%}")
    return total / count, correct / count


@torch.no_grad()
def evaluate(model: nn.Module, batches: Iterable[Any]) -> tuple[float, float]:
    """The mean loss and the accuracy, without dropout and with running statistics."""
    model.eval()
    total, correct, count = 0.0, 0, 0
    for images, labels in batches:
        scores = model(images)
        total += F.cross_entropy(scores, labels, reduction="sum").item()
        correct += int((scores.argmax(1) == labels).sum())
        count += len(labels)
    return total / count, correct / count


@torch.no_grad()
def predict(model: nn.Module, images: torch.Tensor, batch_size: int = 256) -> torch.Tensor:
    """The class of each image."""
    model.eval()
    return torch.cat([model(part).argmax(1) for part in images.split(batch_size)])


def write_checkpoint(
    path: Path, model: Any, optimizer: Any, scheduler: Any, history: History, best: dict[str, Any], epoch: int
) -> None:
    """All that going on needs. A process killed at any moment leaves the previous file whole."""
    state = {
        "model": model.state_dict(),
        "best": best,
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "history": vars(history),
        "epoch": epoch,
        "random": torch.get_rng_state(),
    }
    torch.save(state, path)


def resume(saved: dict[str, Any], model: Any, optimizer: Any, scheduler: Any, history: History) -> int:
    """Put a loaded checkpoint into the parts of a training run; returns how many epochs are done."""
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    scheduler.load_state_dict(saved["scheduler"])
    vars(history).update(saved["history"])
    torch.set_rng_state(saved["random"])
    return saved["epoch"]


def progress(batches: DataLoader, text: str) -> Iterable[Any]:
    """The batches behind a progress bar, where there is a terminal to draw it on."""
    if sys.stderr.isatty():
        try:
            from tqdm import tqdm
        except ModuleNotFoundError:
            return batches
        return tqdm(batches, desc=text, leave=False, unit="batch")
    return batches


def arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="digits", help="digits, mnist5k, or a folder with dataset files")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument(
        "--lr", type=float, default=3e-3, help="the highest learning rate of the one-cycle schedule"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("out"), help="where checkpoint and pictures go")
    parser.add_argument("--resume", type=Path, help="a checkpoint to go on from")
    options = parser.parse_args(given)
    for name in ("epochs", "batch_size"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1, got {getattr(options, name)}")
    if not options.lr > 0:
        parser.error(f"--lr must be positive, got {options.lr}")
    return options


def main(given: list[str] | None = None) -> float:
    options = arguments(given)
    torch.manual_seed(options.seed)
    train_images, test_images = load(options.data)
    held_out = len(train_images) // 10
    part, val = random_split(TensorDataset(*train_images.tensors()), [len(train_images) - held_out, held_out])
    test = TensorDataset(*test_images.tensors())
    loader = DataLoader(part, batch_size=options.batch_size, shuffle=True)
    val_loader, test_loader = (DataLoader(one, batch_size=256) for one in (val, test))

    channels, height, width = train_images[0][0].shape
    model = CNN(channels, height, width, len(train_images.classes))
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.lr, weight_decay=1e-2)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=options.lr, total_steps=options.epochs * len(loader)
    )
    history, best, start = History(), copy.deepcopy(model.state_dict()), 0
    if options.resume:
        saved = torch.load(options.resume)
        start = resume(saved, model, optimizer, scheduler, history)
        best = saved["best"]

    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(
        f"{train_images}\nseed {options.seed}: "
        f"{len(part)} training, {len(val)} validation, {len(test)} test images"
    )
    print(f"{parameters:,} parameters")
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / "checkpoint.pt"
    began = time.perf_counter()
    for epoch in range(start, options.epochs):
        text = f"epoch {epoch + 1:>{len(str(options.epochs))}}/{options.epochs}"
        history.add(
            train_epoch(model, progress(loader, text), optimizer, scheduler), evaluate(model, val_loader)
        )
        print(
            f"{text}  train loss {history.train_loss[-1]:.4f} accuracy {history.train_accuracy[-1]:6.2%}"
            f"  validation loss {history.val_loss[-1]:.4f} accuracy {history.val_accuracy[-1]:6.2%}"
        )
        if history.val_loss[-1] == min(history.val_loss):
            best = copy.deepcopy(model.state_dict())
        write_checkpoint(file, model, optimizer, scheduler, history, best, epoch + 1)
    if start < options.epochs:
        print(f"trained in {time.perf_counter() - began:.1f} s")

    model.load_state_dict(best)
    _, accuracy = evaluate(model, test_loader)
    chosen = history.val_loss.index(min(history.val_loss)) + 1
    print(
        f"test accuracy {accuracy:.2%} with the weights of epoch {chosen} "
        f"(seed {options.seed}); saved in {file}"
    )
    try:
        import cnn_pictures
    except ModuleNotFoundError as error:
        print(f"no pictures: {error.name} is not installed (pip install 'tinygrad_kr[examples]')")
        return accuracy
    images, labels = test.tensors
    drawn = cnn_pictures.draw(
        options.out, model, history, images, labels, predict(model, images), test_images.classes
    )
    print("pictures: " + ", ".join(str(path) for path in drawn))
    return accuracy


if __name__ == "__main__":
    main()
