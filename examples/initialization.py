"""Vanishing and exploding signals: what the initial weights do to activations and gradients, layer by layer.

    python examples/initialization.py

Ten dense layers of 256 units get the same standardised digits. For every pair of activation function and
initial distribution the first picture shows how the activations of five of the layers are distributed before
any training, and the second how large the gradient of the loss is in each layer.

Found: with N(0, 1) sigmoid and tanh sit at their ends, where their slope is 0: a sigmoid's gradient barely
changes from layer to layer, but tanh's explodes towards the input, by 10,000 over ten layers. With
N(0, 0.01²) the activations of all digits are the same and the gradient loses a factor of 20 per layer
(sigmoid), or both vanish (ReLU). Xavier's weights keep tanh alive, He's keep ReLU; a sigmoid's gradient
vanishes with Xavier's, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from common import digits, options, plt, save, table

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn

Initializer = Callable[[torch.Tensor], Any]

CASES: list[tuple[str, type[nn.Module], Initializer]] = [
    ("sigmoid, N(0, 1)", nn.Sigmoid, lambda w: nn.init.normal_(w, 0, 1)),
    ("sigmoid, N(0, 0.01²)", nn.Sigmoid, lambda w: nn.init.normal_(w, 0, 0.01)),
    ("sigmoid, Xavier", nn.Sigmoid, nn.init.xavier_normal_),
    ("tanh, N(0, 1)", nn.Tanh, lambda w: nn.init.normal_(w, 0, 1)),
    ("tanh, Xavier", nn.Tanh, nn.init.xavier_normal_),
    ("ReLU, N(0, 0.01²)", nn.ReLU, lambda w: nn.init.normal_(w, 0, 0.01)),
    ("ReLU, Xavier", nn.ReLU, nn.init.xavier_normal_),
    ("ReLU, He", nn.ReLU, lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu")),
]
LAYERS = 10


def signals(
    activation: type[nn.Module], initialize: Initializer, seed: int
) -> tuple[list[np.ndarray], list[float]]:
    """The activations of every layer, and the norm of the loss's gradient for every layer's weights."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for place in range(LAYERS):
        dense = nn.Linear(64 if place == 0 else 256, 256)
        initialize(dense.weight)
        nn.init.zeros_(dense.bias)
        layers += [dense, activation()]
    head = nn.Linear(256, 10)
    images, labels = digits(512, seed=seed).train
    x = images.flatten(1)
    x = (x - x.mean()) / x.std()
    seen = []
    for layer in layers:
        x = layer(x)
        if isinstance(layer, activation):
            seen.append(x.detach().numpy())
    F.cross_entropy(head(x), labels).backward()
    return seen, [layer.weight.grad.norm().item() for layer in layers[::2]]


def histograms(found: dict[str, tuple[list[np.ndarray], list[float]]]) -> Any:
    """A row for every case, a column for every second layer."""
    shown = range(0, LAYERS, 2)
    figure, axes = plt.subplots(len(found), len(shown), figsize=(13, 1.5 * len(found)), sharey="row")
    for layer, axis in zip(shown, axes[0]):
        axis.set_title(f"layer {layer + 1}")
    for row, (name, (seen, _)) in zip(axes, found.items()):
        low, high = (0, 1) if name.startswith("sigmoid") else (-1, 1) if name.startswith("tanh") else (0, 3)
        for axis, layer in zip(row, shown):
            axis.hist(np.clip(seen[layer].ravel(), low, high), bins=40, range=(low, high))
            axis.set(yticks=[])
            axis.grid(False)
        row[0].set_ylabel(name.replace(", ", "\n", 1), rotation=0, ha="right", va="center")
    return figure


def gradients(found: dict[str, tuple[list[np.ndarray], list[float]]]) -> Any:
    """The gradient's norm by layer, on a logarithmic scale."""
    figure, axis = plt.subplots(figsize=(8, 4.6))
    for name, (_, norms) in found.items():
        visible = np.maximum(norms, 1e-30)
        axis.plot(range(1, LAYERS + 1), visible, marker="o", markersize=3, label=name)
    axis.set(yscale="log", xlabel="layer", ylabel="norm of the gradient", xticks=range(1, LAYERS + 1))
    axis.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def main(given: Sequence[str] | None = None) -> dict[str, tuple[list[np.ndarray], list[float]]]:
    chosen = options(__doc__, given)
    found = {name: signals(activation, start, chosen.seed) for name, activation, start in CASES}
    rows = [("activation, weights", "std of layer 1", "std of layer 10", "gradient of layer 10 / layer 1")]
    for name, (seen, norms) in found.items():
        ratio = norms[-1] / norms[0] if norms[0] else float("inf")
        rows.append((name, f"{seen[0].std():.3g}", f"{seen[-1].std():.3g}", f"{ratio:.2g}"))
    print(table(rows))
    save(histograms(found), chosen.out, "activations.png")
    save(gradients(found), chosen.out, "gradients.png")
    return found


if __name__ == "__main__":
    main()
