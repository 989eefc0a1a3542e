"""Backpropagation by hand: a two-layer network fitted to a curve, its gradients derived on paper and checked.

    python examples/by_hand.py

The network is ŷ = W₂ tanh(W₁ x + b₁) + b₂, the loss the mean of (ŷ - y)² over n points. From the last layer
back:

    δ₂  = 2 (ŷ - y) / n             gradient for ŷ
    ∂W₂ = δ₂ᵀ h      ∂b₂ = Σ δ₂     h = tanh(a), a = x W₁ᵀ + b₁
    δ₁  = (δ₂ W₂) ∘ (1 - h²)        since tanh' = 1 - tanh²
    ∂W₁ = δ₁ᵀ x      ∂b₁ = Σ δ₁

These lines are the NumPy code below. The program compares them with the engine's gradients and with finite
differences, then trains with them, and fits networks of 1 to 64 hidden units: with enough of them any curve
can be met.

Found: the derived gradients are the engine's to the last bit or two, and those of finite differences to
1e-9. Four hidden units cannot follow the curve, sixteen can.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from common import options, plt, save, table

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train

Weights = dict[str, np.ndarray]


def curve(x: np.ndarray) -> np.ndarray:
    """What is to be fitted."""
    return np.sin(2 * x) + 0.5 * np.sin(5 * x) * (x > 0)


def forward(w: Weights, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outputs (n, 1) and hidden activations (n, hidden)."""
    h = np.tanh(x @ w["w1"].T + w["b1"])
    return h @ w["w2"].T + w["b2"], h


def gradients(w: Weights, x: np.ndarray, y: np.ndarray) -> Weights:
    """The lines of the docstring."""
    out, h = forward(w, x)
    d2 = 2 * (out - y) / y.size
    d1 = (d2 @ w["w2"]) * (1 - h**2)
    return {"w1": d1.T @ x, "b1": d1.sum(0), "w2": d2.T @ h, "b2": d2.sum(0)}


def differences(w: Weights, x: np.ndarray, y: np.ndarray, step: float = 1e-6) -> Weights:
    """The same by two-sided finite differences, one weight after the other."""
    found = {name: np.zeros_like(value) for name, value in w.items()}
    for name, value in w.items():
        for place in np.ndindex(value.shape):
            kept, losses = value[place], []
            for value[place] in (kept + step, kept - step):
                losses.append(np.mean((forward(w, x)[0] - y) ** 2))
            value[place] = kept
            found[name][place] = (losses[0] - losses[1]) / (2 * step)
    return found


def engine(w: Weights, x: np.ndarray, y: np.ndarray) -> Weights:
    """The same by the engine."""
    t = {name: torch.tensor(value, requires_grad=True) for name, value in w.items()}
    h = torch.tanh(torch.tensor(x) @ t["w1"].T + t["b1"])
    loss = ((h @ t["w2"].T + t["b2"] - torch.tensor(y)) ** 2).mean()
    loss.backward()
    return {name: tensor.grad.numpy() for name, tensor in t.items()}


def check(seed: int) -> dict[str, tuple[float, float]]:
    """By name, how far the derived gradients are from the engine's, and from finite differences."""
    random = np.random.default_rng(seed)
    w = {
        "w1": random.normal(size=(8, 1)),
        "b1": random.normal(size=8),
        "w2": random.normal(size=(1, 8)),
        "b2": random.normal(size=1),
    }
    x = random.uniform(-3, 3, (50, 1))
    y = curve(x)
    mine, engines, numeric = gradients(w, x, y), engine(w, x, y), differences(w, x, y)
    return {
        name: (np.abs(mine[name] - engines[name]).max(), np.abs(mine[name] - numeric[name]).max())
        for name in w
    }


def fit(units: int, epochs: int, seed: int) -> tuple[np.ndarray, float]:
    """A network of some hidden units, trained on 200 points; its curve and its loss."""
    torch.manual_seed(seed)
    x = torch.linspace(-3, 3, 200).unsqueeze(1)
    y = torch.tensor(curve(x.numpy()))
    model = nn.Sequential(nn.Linear(1, units), nn.Tanh(), nn.Linear(units, 1))
    nn.init.uniform_(model[0].weight, -4, 4)
    nn.init.uniform_(model[0].bias, -6, 6)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    rate = train.Schedule(torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs))
    train.fit(
        model, F.mse_loss, optimizer, (x, y), epochs=epochs, batch_size=200, callbacks=[rate], progress=False
    )
    return train.predict(model, x).numpy()[:, 0], train.evaluate(model, (x, y), F.mse_loss)["loss"]


def draw(fits: dict[int, tuple[np.ndarray, float]]) -> Any:
    """The curve, and what networks of growing size make of it."""
    figure, axes = plt.subplots(1, len(fits), figsize=(3 * len(fits), 2.9), sharey=True)
    x = np.linspace(-3, 3, 200)
    for axis, (units, (values, loss)) in zip(axes, fits.items()):
        axis.plot(x, curve(x), color="#bbbbbb", linewidth=4)
        axis.plot(x, values)
        axis.set(
            title=f"{units} hidden unit{'s' if units > 1 else ''}\nmean squared error {loss:.2g}", xlabel="x"
        )
    return figure


def main(given: Sequence[str] | None = None) -> dict[str, tuple[float, float]]:
    chosen = options(__doc__, given, epochs=3000)
    found = check(chosen.seed)
    rows = [("gradient", "from the engine's", "from finite differences")]
    rows += [(name, f"{one:.1e}", f"{other:.1e}") for name, (one, other) in found.items()]
    print(table(rows))
    fits = {units: fit(units, chosen.epochs, chosen.seed) for units in (1, 2, 4, 16, 64)}
    save(draw(fits), chosen.out, "curve.png")
    return found


if __name__ == "__main__":
    main()
