"""Models of sequences of symbols. Each program is a generator: it trains on, and yields a loss per step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

SYMBOLS = 12


def counting(torch: Any, rows: int, length: int) -> Any:
    """Sequences that count on by a step of their own, modulo the number of symbols."""
    start = torch.randint(0, SYMBOLS, (rows, 1))
    step = torch.randint(1, 4, (rows, 1))
    return (start + step * torch.arange(length)) % SYMBOLS


def gpt(torch: Any) -> Iterator[float]:
    """Causal self-attention, tied embeddings, decayed and undecayed weights, warm-up, clipped gradients."""
    nn = torch.nn
    F = nn.functional

    class Block(nn.Module):
        def __init__(self, width: int, heads: int) -> None:
            super().__init__()
            self.heads = heads
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.attend, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
            self.drop = nn.Dropout(0.1)

        def forward(self, x: Any) -> Any:
            rows, length, width = x.shape
            q, k, v = (
                part.view(rows, length, self.heads, -1).transpose(1, 2)  # (rows, heads, length, depth)
                for part in self.attend(self.norm1(x)).chunk(3, dim=-1)
            )
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.drop(self.project(y.transpose(1, 2).contiguous().view(rows, length, width)))
            return x + self.drop(self.feed(self.norm2(x)))

    class GPT(nn.Module):
        def __init__(self, width: int = 16, length: int = 12) -> None:
            super().__init__()
            self.tokens, self.positions = nn.Embedding(SYMBOLS, width), nn.Embedding(length, width)
            self.blocks = nn.ModuleList([Block(width, 2) for _ in range(2)])
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, SYMBOLS, bias=False)
            self.head.weight = self.tokens.weight
            self.apply(self._draw)

        def _draw(self, module: Any) -> None:
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, mean=0.0, std=0.1)

        def forward(self, x: Any) -> Any:
            x = self.tokens(x) + self.positions(torch.arange(x.shape[1]))
            for block in self.blocks:
                x = block(x)
            return self.head(self.norm(x))

    model = GPT()
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=0.01, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 5))
    while True:
        text = counting(torch, 16, 13)
        logits = model(text[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, SYMBOLS), text[:, 1:].reshape(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        yield loss.item()


def lstm_language_model(torch: Any) -> Iterator[float]:
    """Two layers with dropout between them, the state carried from batch to batch."""
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.drop = nn.Dropout(0.1)
            self.embed = nn.Embedding(SYMBOLS, 12)
            self.lstm = nn.LSTM(12, 24, num_layers=2, dropout=0.1, batch_first=True)
            self.head = nn.Linear(24, SYMBOLS)
            nn.init.uniform_(self.embed.weight, -0.1, 0.1)

        def forward(self, x: Any, state: Any) -> Any:
            out, state = self.lstm(self.drop(self.embed(x)), state)
            return self.head(self.drop(out)), state

    model = Model()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    text = counting(torch, 8, 81)
    while True:
        state = None
        for start in range(0, 80, 8):
            inputs, targets = text[:, start : start + 8], text[:, start + 1 : start + 9]
            if state is not None:
                state = tuple(part.detach() for part in state)
            logits, state = model(inputs, state)
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            yield loss.item()


def sequence_to_sequence(torch: Any) -> Iterator[float]:
    """A bidirectional GRU over padded sequences, and a cell that attends to it, to say them backwards."""
    nn = torch.nn
    F = nn.functional

    class Model(nn.Module):
        def __init__(self, width: int = 16) -> None:
            super().__init__()
            self.source, self.target = (
                nn.Embedding(SYMBOLS, width, padding_idx=0),
                nn.Embedding(SYMBOLS, width),
            )
            self.encoder = nn.GRU(width, width, batch_first=True, bidirectional=True)
            self.bridge = nn.Linear(2 * width, width)
            self.keys = nn.Linear(2 * width, width, bias=False)
            self.cell = nn.GRUCell(3 * width, width)
            self.head = nn.Linear(width, SYMBOLS)

        def forward(self, source: Any, lengths: Any, target: Any) -> Any:
            packed = nn.utils.rnn.pack_padded_sequence(
                self.source(source), lengths, batch_first=True, enforce_sorted=False
            )
            out, last = self.encoder(packed)
            memory, _ = nn.utils.rnn.pad_packed_sequence(out, batch_first=True)
            h = torch.tanh(self.bridge(torch.cat([last[0], last[1]], dim=-1)))
            masked = source == 0
            logits = []
            for symbol in self.target(target).unbind(1):
                scores = torch.bmm(self.keys(memory), h.unsqueeze(-1)).squeeze(-1)
                weights = scores.masked_fill(masked, -1e9).softmax(-1)
                context = torch.bmm(weights.unsqueeze(1), memory).squeeze(1)
                h = self.cell(torch.cat([symbol, context], dim=-1), h)
                logits.append(self.head(h))
            return torch.stack(logits, dim=1)

    model = Model()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    while True:
        lengths = torch.randint(2, 6, (16,))
        lengths[0] = 5
        rows = [torch.randint(2, SYMBOLS, (int(length),)) for length in lengths]
        source = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        target = nn.utils.rnn.pad_sequence([row.flip(0) for row in rows], batch_first=True)
        shifted = torch.cat([torch.ones(16, 1, dtype=torch.long), target[:, :-1]], dim=1)
        logits = model(source, lengths, shifted)
        loss = F.cross_entropy(logits.transpose(1, 2), target, ignore_index=0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()
