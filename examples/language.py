"""Writing like Python's manual: a character-level LSTM and a tiny GPT, side by side.

    python examples/language.py

Both read 300,000 characters of the texts behind `help()`, which come with Python, and learn to tell the next
character; gradients are clipped, the loss on text never seen is watched, and in the end each writes a few
lines. The picture shows the losses against steps and against time.

Found: after 1,000 steps, some 50 s each, both write lines that look like the manual and mean nothing; the
GPT, with fewer weights, predicts a little better (1.38 against 1.41 nats per character).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pydoc_data.topics import topics
from typing import Any

from common import options, plt, save, table

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn

CONTEXT = 64


class CharacterLSTM(nn.Module):
    """Embedding, two LSTM layers with dropout between them, and a layer back to characters."""

    def __init__(self, characters: int, width: int = 128) -> None:
        super().__init__()
        self.embedding = nn.Embedding(characters, width)
        self.lstm = nn.LSTM(width, width, num_layers=2, batch_first=True, dropout=0.1)
        self.head = nn.Linear(width, characters)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        hidden, _ = self.lstm(self.embedding(tokens))
        return self.head(hidden)


class Block(nn.Module):
    """Causal attention and a feed-forward layer, each with a norm before and a path around it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        qkv = self.qkv(self.norms[0](x)).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # (N, L, 3, heads, w) -> 3 of (N, heads, L, w)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.feed(self.norms[1](x))


class TinyGPT(nn.Module):
    """Embeddings of characters and places, two blocks, a norm, and a layer back to characters."""

    def __init__(self, characters: int, width: int = 96, heads: int = 4, blocks: int = 2) -> None:
        super().__init__()
        self.embedding = nn.Embedding(characters, width)
        self.places = nn.Embedding(CONTEXT, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(blocks)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, characters)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embedding(tokens) + self.places(torch.arange(tokens.shape[1]))
        return self.head(self.norm(self.blocks(x)))


@dataclass
class Run:
    """What was measured while training: at which step and second, and the loss on unseen text."""

    steps: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    largest_norm: float = 0.0


def corpus(size: int = 300_000) -> tuple[torch.Tensor, str]:
    """The manual as character numbers, and the characters in order."""
    text = "\n".join(topics[name] for name in sorted(topics))[:size]
    letters = "".join(sorted(set(text)))
    number = {letter: place for place, letter in enumerate(letters)}
    return torch.tensor([number[letter] for letter in text]), letters


def batch(text: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random pieces of the text (size, CONTEXT), and the same one character on."""
    starts = torch.randint(0, len(text) - CONTEXT - 1, (size, 1))
    places = starts + torch.arange(CONTEXT)
    return text[places], text[places + 1]


def cross_entropy(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(scores.flatten(0, 1), targets.flatten())


def learn(model: nn.Module, train: torch.Tensor, unseen: torch.Tensor, steps: int) -> Run:
    """Train with AdamW, a cosine schedule and clipping; measures ten times on the way."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    run, spent, began = Run(), 0.0, time.perf_counter()
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        inputs, targets = batch(train, 32)
        cross_entropy(model(inputs), targets).backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        run.largest_norm = max(run.largest_norm, float(norm))
        optimizer.step()
        scheduler.step()
        if step % max(1, steps // 10) == 0 or step == 1:
            spent += time.perf_counter() - began
            run.steps.append(step)
            run.seconds.append(spent)
            run.losses.append(measure(model, unseen))
            began = time.perf_counter()
    return run


@torch.no_grad()
def measure(model: nn.Module, text: torch.Tensor) -> float:
    """The loss on text never seen, in nats per character."""
    model.eval()
    pieces = text[: len(text) // (CONTEXT + 1) * (CONTEXT + 1)].view(-1, CONTEXT + 1)[:200]
    loss = cross_entropy(model(pieces[:, :-1]), pieces[:, 1:]).item()
    model.train()
    return loss


@torch.no_grad()
def write(model: nn.Module, start: str, letters: str, length: int) -> str:
    """Go on with a text, character by character."""
    model.eval()
    tokens = torch.tensor([[letters.index(letter) for letter in start]])
    for _ in range(length):
        scores = model(tokens[:, -CONTEXT:])[0, -1] / 0.7
        tokens = torch.cat([tokens, torch.multinomial(scores.softmax(0), 1)[None]], 1)
    return "".join(letters[token] for token in tokens[0].tolist())


def draw(runs: dict[str, Run]) -> Any:
    """Losses against steps and against seconds."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True)
    for name, run in runs.items():
        axes[0].plot(run.steps, run.losses, marker="o", markersize=3, label=name)
        axes[1].plot(run.seconds, run.losses, marker="o", markersize=3, label=name)
    axes[0].set(xlabel="step", ylabel="loss on unseen text, nats per character")
    axes[1].set(xlabel="seconds of training")
    axes[0].legend()
    return figure


def main(given: Sequence[str] | None = None) -> dict[str, Run]:
    chosen = options(__doc__, given, steps=1000, letters=400)
    text, letters = corpus()
    split = len(text) * 9 // 10
    runs, rows = {}, [("model", "parameters", "seconds", "loss on unseen text", "largest gradient norm")]
    for name, make in (("LSTM", CharacterLSTM), ("GPT", TinyGPT)):
        torch.manual_seed(chosen.seed)
        model = make(len(letters))
        runs[name] = run = learn(model, text[:split], text[split:], chosen.steps)
        size = sum(parameter.numel() for parameter in model.parameters())
        rows.append(
            (name, f"{size:,}", f"{run.seconds[-1]:.0f}", f"{run.losses[-1]:.3f}", f"{run.largest_norm:.1f}")
        )
        print(f"{name} writes:\n{write(model, 'The ', letters, chosen.letters)}\n")
    print(table(rows))
    save(draw(runs), chosen.out, "language.png")
    return runs


if __name__ == "__main__":
    main()
