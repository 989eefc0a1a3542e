"""A model as a table: layers, output shapes, parameters, multiply-adds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .autograd.modes import no_grad
from .nn.attention import MultiheadAttention
from .nn.conv import _ConvNd, _ConvTransposeNd
from .nn.linear import Bilinear, Linear
from .nn.module import Module
from .nn.recurrent import RNNBase
from .ops.creation import zeros
from .tensor import Tensor

__all__ = ["Row", "Summary", "summary"]


@dataclass
class Row:
    """One module of a summary.

    Attributes:
        name: its path in the model, "" for the model itself.
        kind: its class.
        depth: how deep it stands.
        shape: of its output; None for a module that was not called.
        parameters: how many it owns itself, without those of its parts.
        trainable: how many of those need gradients.
        multiply_adds: of its own products in one forward pass.
    """

    name: str
    kind: str
    depth: int
    shape: tuple[int, ...] | None = None
    parameters: int = 0
    trainable: int = 0
    multiply_adds: int = 0


@dataclass
class Summary:
    """What `summary` found; printing it gives the table.

    Attributes:
        rows: a `Row` for every module, parts after the whole.
        parameters, trainable, multiply_adds: totals. A parameter that several modules share counts once.
    """

    rows: list[Row]
    parameters: int
    trainable: int
    multiply_adds: int = field(init=False)

    def __post_init__(self) -> None:
        self.multiply_adds = sum(row.multiply_adds for row in self.rows)

    def __str__(self) -> str:
        head = ("layer", "output shape", "parameters", "multiply-adds")
        cells = [
            (
                "  " * row.depth + (f"{row.name.rpartition('.')[2]}: " if row.name else "") + row.kind,
                "not called" if row.shape is None else str(row.shape),
                f"{row.parameters:,}" if row.parameters else "",
                f"{row.multiply_adds:,}" if row.multiply_adds else "",
            )
            for row in self.rows
        ]
        widths = [max(len(line[column]) for line in [head, *cells]) for column in range(4)]
        lines = [
            f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}".rstrip()
            for a, b, c, d in [head, *cells]
        ]
        rule = "-" * (sum(widths) + 6)
        return "\n".join(
            [
                lines[0],
                rule,
                *lines[1:],
                rule,
                f"parameters: {self.parameters:,} ({self.trainable:,} trainable), "
                f"{4 * self.parameters / 2**20:.2f} MiB as float32",
                f"multiply-adds of one forward pass: {self.multiply_adds:,}",
            ]
        )

    __repr__ = __str__


def summary(model: Module, *inputs: Any, input_size: Sequence[int] | None = None) -> Summary:
    r"""Run a model once and list its layers, their output shapes, parameters and multiply-adds.

    A multiply-add is one product and one sum. Counted are those of dense, convolutional, recurrent and
    attention layers: with the weights, and between the sequences in attention. Element-wise operations, and
    products that a module's `forward` calls as functions, are not.

    Args:
        model: a module. It runs in evaluation mode, without a graph, and is as before afterwards.
        inputs: what to call it with; or
        input_size: the shape of one input of zeros, batch included, such as (1, 1, 28, 28).

    Raises:
        ValueError: neither inputs nor an input size, or both.

    >>> from tinygrad_kr.summary import summary
    >>> model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 10))
    >>> print(summary(model, input_size=(1, 1, 8, 8)))
    layer         output shape  parameters  multiply-adds
    -----------------------------------------------------
    Sequential    (1, 10)
      0: Conv2d   (1, 8, 6, 6)          80          2,592
      1: ReLU     (1, 8, 6, 6)
      2: Flatten  (1, 288)
      3: Linear   (1, 10)            2,890          2,880
    -----------------------------------------------------
    parameters: 2,970 (2,970 trainable), 0.01 MiB as float32
    multiply-adds of one forward pass: 5,472
    """
    if (input_size is None) == (not inputs):
        raise ValueError("give either the inputs to call the model with, or input_size=(1, channels, ...)")
    rows: dict[int, Row] = {}
    for name, part in model.named_modules():
        own = list(part.parameters(recurse=False))
        rows[id(part)] = Row(
            name,
            type(part).__name__,
            name.count(".") + 1 if name else 0,
            parameters=sum(one.numel() for one in own),
            trainable=sum(one.numel() for one in own if one.requires_grad),
        )

    def seen(part: Module, args: Any, out: Any) -> None:
        row = rows[id(part)]
        first = _first(out)
        row.shape = None if first is None else tuple(first.shape)
        row.multiply_adds += _multiply_adds(part, args, first)

    hooks = [part.register_forward_hook(seen) for part in model.modules()]
    modes = [(part, part.training) for part in model.modules()]
    if input_size is not None:
        dtype = next((one.dtype for one in model.parameters()), None)
        inputs = (zeros(tuple(input_size), dtype=dtype),)
    try:
        with no_grad():
            model.eval()(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
        for part, training in modes:
            part.training = training
    weights = list(model.parameters())
    return Summary(
        list(rows.values()),
        sum(one.numel() for one in weights),
        sum(one.numel() for one in weights if one.requires_grad),
    )


def _first(out: Any) -> Tensor | None:
    """The first tensor of a module's output."""
    while isinstance(out, (tuple, list)) and out:
        out = out[0]
    return out if isinstance(out, Tensor) else None


def _multiply_adds(part: Module, args: Any, out: Tensor | None) -> int:
    """Of the products that a module computes itself."""
    for kinds, count in _COUNTS:
        if isinstance(part, kinds) and out is not None:
            return count(part, args, out)
    return 0


def _of_linear(part: Any, args: Any, out: Tensor) -> int:
    return out.numel() * part.in_features


def _of_bilinear(part: Any, args: Any, out: Tensor) -> int:
    return out.numel() * part.in1_features * (part.in2_features + 1)


def _of_convolution(part: Any, args: Any, out: Tensor) -> int:
    """Every element of the output takes the weights of its channel; of a transposed one, of the input."""
    kernel = math.prod(part.kernel_size)
    if isinstance(part, _ConvTransposeNd):
        return args[0].numel() * part.out_channels // part.groups * kernel
    return out.numel() * part.in_channels // part.groups * kernel


def _of_recurrent(part: Any, args: Any, out: Tensor) -> int:
    """Every step of every sequence takes all weights once."""
    input = args[0]
    steps = len(input.data) if hasattr(input, "batch_sizes") else input.numel() // input.shape[-1]
    return steps * sum(one.numel() for name, one in part.named_parameters() if "weight" in name)


def _of_attention(part: Any, args: Any, out: Tensor) -> int:
    """The projections of queries, keys, values and outputs, and the two products between the sequences."""
    query, key = args[0], args[1]
    width = part.embed_dim
    queries, keys = query.numel() // width, key.numel() // key.shape[-1]
    batch = 1 if query.dim() == 2 else query.shape[0 if part.batch_first else 1]
    between = 2 * queries * (keys // batch) * width
    return queries * width * 2 * width + keys * (part.kdim + part.vdim) * width + between


_COUNTS: list[tuple[Any, Callable[[Any, Any, Tensor], int]]] = [
    (Linear, _of_linear),
    (Bilinear, _of_bilinear),
    (_ConvNd, _of_convolution),
    (RNNBase, _of_recurrent),
    (MultiheadAttention, _of_attention),
]
