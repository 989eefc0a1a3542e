"""Learning without labels: features of an RBM and of autoencoders, and a stack that starts a classifier.

    python examples/pretraining.py

A restricted Boltzmann machine and three autoencoders (plain, denoising, sparse) learn 64 features each from
1,200 digits without their labels; the first picture shows the features as images, and the second digits,
their noisy versions and what the denoising autoencoder makes of them. Then a network of two hidden layers is
trained on few labelled digits, from random weights and from greedily pretrained ones.

Found: with few labels pretraining helps clearly: 50 labelled digits reach 82 % from stacked autoencoders, 69
% from stacked RBMs and 65 % from random weights; with 200 the RBMs' advantage is gone. Denoising makes
features of strokes, a plain autoencoder of 64 units on 64 pixels need not learn any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from common import digits, options, plt, save, table

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train, unsupervised

LABELLED = (20, 50, 100, 200)


def features(images: torch.Tensor, epochs: int) -> dict[str, nn.Module]:
    """An RBM and three autoencoders, trained on images (N, 64)."""
    rbm = unsupervised.RBM(64, 64, particles=64)
    optimizer: Any = torch.optim.SGD(rbm.parameters(), lr=0.05, momentum=0.5)
    train.fit(rbm, rbm.loss, optimizer, images, epochs=epochs, progress=False)
    found: dict[str, nn.Module] = {"RBM": rbm}
    kinds: dict[str, dict[str, Any]] = {
        "autoencoder": {},
        "denoising autoencoder": {"noise": 0.3},
        "sparse autoencoder": {"sparsity": 0.1, "strength": 0.01},
    }
    for name, kind in kinds.items():
        coder = unsupervised.dense_autoencoder([64, 64], code=nn.Sigmoid, **kind)
        optimizer = torch.optim.Adam(coder.parameters(), lr=5e-3)
        train.fit(coder, coder.loss, optimizer, images, epochs=epochs, progress=False)
        found[name] = coder.eval()
    return found


def draw_features(found: dict[str, nn.Module]) -> Any:
    """The weights of every hidden unit as an image."""
    figure, axes = plt.subplots(1, len(found), figsize=(4 * len(found), 4.3))
    for axis, (name, model) in zip(axes, found.items()):
        weight = model.weight if isinstance(model, unsupervised.RBM) else model.encoder[0].weight
        tiles = np.pad(
            weight.detach().numpy().reshape(64, 8, 8), ((0, 0), (0, 1), (0, 1)), constant_values=np.nan
        )
        limit = np.nanpercentile(np.abs(tiles), 99)
        board = (
            tiles.reshape(8, 8, 9, 9).transpose(0, 2, 1, 3).reshape(72, 72)
        )  # (rows, columns, 9, 9) -> image
        axis.imshow(board, cmap="RdBu", vmin=-limit, vmax=limit)
        axis.set(title=name)
        axis.set_axis_off()
    return figure


def draw_denoising(coder: Any, images: torch.Tensor) -> Any:
    """Digits, with noise, and given back."""
    noisy = images + 0.3 * torch.randn_like(images)
    with torch.no_grad():
        rows = {"digit": images, "with noise": noisy, "given back": coder(noisy)}
    figure, axes = plt.subplots(3, len(images), figsize=(len(images), 3.3))
    for row, (name, values) in zip(axes, rows.items()):
        row[0].set_ylabel(name)
        for axis, image in zip(row, values.reshape(-1, 8, 8).numpy()):
            axis.imshow(image, cmap="gray_r", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
            axis.grid(False)
    return figure


def classify(hidden: nn.Module, size: int, labelled: Any, test: Any, epochs: int) -> float:
    """Put a head on and train all of it; returns the test accuracy."""
    model = nn.Sequential(hidden, nn.Linear(size, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    train.fit(model, F.cross_entropy, optimizer, labelled, epochs=epochs, progress=False)
    return train.evaluate(model, test, metrics=["accuracy"])["accuracy"]


def compare(seed: int, epochs: int) -> dict[str, list[float]]:
    """Test accuracies of networks that begin at random, with stacked RBMs and with stacked autoencoders."""
    torch.manual_seed(seed)
    data = digits(1200, seed=seed)
    images, labels = data.train[0].flatten(1), data.train[1]
    test = data.test[0].flatten(1), data.test[1]
    sizes = [64, 128, 64]
    stacks = {
        "RBMs": unsupervised.stack_rbms(sizes, images, epochs=epochs),
        "autoencoders": unsupervised.stack_autoencoders(sizes, images, epochs=epochs, lr=3e-3, masking=0.2),
    }
    found: dict[str, list[float]] = {"random weights": [], "RBMs": [], "autoencoders": []}
    for count in LABELLED:
        few = images[:count], labels[:count]
        for name in found:
            hidden: Any = nn.Sequential(nn.Linear(64, 128), nn.Sigmoid(), nn.Linear(128, 64), nn.Sigmoid())
            if name != "random weights":
                hidden.load_state_dict(stacks[name].encoder.state_dict())
            found[name].append(classify(hidden, 64, few, test, 2 * epochs))
    return found


def main(given: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    chosen = options(__doc__, given, epochs=40, seeds=4)
    torch.manual_seed(chosen.seed)
    data = digits(1200, seed=chosen.seed)
    found = features(data.train[0].flatten(1), chosen.epochs)
    save(draw_features(found), chosen.out, "features.png")
    save(
        draw_denoising(found["denoising autoencoder"], data.test[0][:12].flatten(1)),
        chosen.out,
        "denoising.png",
    )
    runs = [compare(chosen.seed + one, chosen.epochs) for one in range(chosen.seeds)]
    results = {name: np.array([run[name] for run in runs]) for name in runs[0]}  # (seeds, counts)
    rows = [("test accuracy, %", *(f"{count} labelled" for count in LABELLED))]
    for name, values in results.items():
        rows.append((name, *(f"{100 * one.mean():.1f} ± {100 * one.std():.1f}" for one in values.T)))
    print(table(rows))
    return results


if __name__ == "__main__":
    main()
