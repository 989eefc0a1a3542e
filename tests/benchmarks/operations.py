"""Single operations: a call written against PyTorch's API, its inputs at three sizes, and bare NumPy's form.

    operation("add", lambda torch, x, y: x + y, like(2), numpy=lambda x, y: x + y)

The inputs are float32 arrays (which require gradients) or integer ones (which do not).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

SIZES = ("small", "medium", "large")

Shape = tuple[int, ...]
Inputs = Callable[[str, np.random.Generator], Sequence[np.ndarray]]


@dataclass(frozen=True)
class Operation:
    """One operation in both libraries, and in NumPy where there is one expression for it."""

    name: str
    call: Callable[..., Any]
    inputs: Inputs
    numpy: Callable[..., Any] | None

    def calls(self, library: str, torch: Any, size: str) -> dict[str, Callable[[], Any]]:
        """What to time for a library: "forward", and "both" where gradients flow."""
        arrays = self.inputs(size, np.random.default_rng(0))
        if library == "numpy":
            numpy = self.numpy
            return {} if numpy is None else {"forward": lambda: numpy(*arrays)}
        tensors = [torch.from_numpy(one) for one in arrays]

        def forward() -> Any:
            with torch.no_grad():
                return self.call(torch, *tensors)

        wanted = [
            torch.from_numpy(one).requires_grad_() if one.dtype.kind == "f" else torch.from_numpy(one)
            for one in arrays
        ]
        out = self.call(torch, *wanted)
        if not out.requires_grad:
            return {"forward": forward}
        g = torch.ones_like(out)

        def both() -> Any:
            for one in wanted:
                one.grad = None
            self.call(torch, *wanted).backward(g)

        return {"forward": forward, "both": both}


operations: dict[str, Operation] = {}


def operation(
    name: str, call: Callable[..., Any], inputs: Inputs, *, numpy: Callable[..., Any] | None = None
) -> None:
    """List an operation."""
    operations[name] = Operation(name, call, inputs, numpy)


# -- inputs ---------------------------------------------------------------------------------------


def shaped(small: Sequence[Shape], medium: Sequence[Shape], large: Sequence[Shape]) -> Inputs:
    """Normal float32 numbers in the given shapes."""
    shapes = dict(zip(SIZES, (small, medium, large)))
    return lambda size, rng: [rng.standard_normal(shape, np.float32) for shape in shapes[size]]


def like(count: int) -> Inputs:
    """`count` arrays of one shape: 12, 65,536 and 4,194,304 elements."""
    return shaped(*([shape] * count for shape in ((3, 4), (256, 256), (2048, 2048))))


def images(
    small: Shape = (2, 3, 8, 8), medium: Shape = (16, 32, 16, 16), large: Shape = (64, 64, 32, 32)
) -> Inputs:
    """A batch of images or feature maps."""
    return shaped([small], [medium], [large])


def positive(inputs: Inputs) -> Inputs:
    """The same, away from zero and above it."""
    return lambda size, rng: [np.abs(one) + 0.5 for one in inputs(size, rng)]


def with_labels(inputs: Inputs, *, dim: int = 1) -> Inputs:
    """Scores, and an integer label for each of their rows."""

    def draw(size: str, rng: np.random.Generator) -> Sequence[np.ndarray]:
        (scores,) = inputs(size, rng)
        shape = scores.shape[:dim] + scores.shape[dim + 1 :]
        return [scores, rng.integers(0, scores.shape[dim], shape)]

    return draw


def with_indices(inputs: Inputs, shape: Callable[[Shape], Shape]) -> Inputs:
    """An array, and indices into its first dimension."""

    def draw(size: str, rng: np.random.Generator) -> Sequence[np.ndarray]:
        (source,) = inputs(size, rng)
        return [source, rng.integers(0, len(source), shape(source.shape))]

    return draw


_square = like(1)
_rows = shaped([(4, 8)], [(1024, 128)], [(8192, 512)])
_product = shaped([(8, 8)] * 2, [(128, 128)] * 2, [(1024, 1024)] * 2)
_scores = with_labels(shaped([(8, 10)], [(1024, 65)], [(4096, 1000)]))
_table = shaped([(16, 8)], [(1000, 128)], [(10000, 300)])


def _conv_inputs(small: Any, medium: Any, large: Any) -> Inputs:
    return shaped(
        *([(n, c, side, side), (o, c // groups, k, k)] for n, c, side, o, k, groups in (small, medium, large))
    )


def _attention(torch: Any, q: Any, k: Any, v: Any) -> Any:
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)


# -- element-wise ---------------------------------------------------------------------------------

operation("add", lambda torch, x, y: x + y, like(2), numpy=lambda x, y: x + y)
operation("mul", lambda torch, x, y: x * y, like(2), numpy=lambda x, y: x * y)
operation("mul by number", lambda torch, x: x * 0.5, _square, numpy=lambda x: x * np.float32(0.5))
operation("div", lambda torch, x, y: x / y, positive(like(2)), numpy=lambda x, y: x / y)
operation("pow 2", lambda torch, x: x**2, _square, numpy=lambda x: x**2)
operation("exp", lambda torch, x: torch.exp(x), _square, numpy=np.exp)
operation("log", lambda torch, x: torch.log(x), positive(_square), numpy=np.log)
operation("sqrt", lambda torch, x: torch.sqrt(x), positive(_square), numpy=np.sqrt)
operation("tanh", lambda torch, x: torch.tanh(x), _square, numpy=np.tanh)
operation("sigmoid", lambda torch, x: torch.sigmoid(x), _square, numpy=lambda x: 1 / (1 + np.exp(-x)))
operation("relu", lambda torch, x: torch.relu(x), _square, numpy=lambda x: np.maximum(x, np.float32(0)))
operation("gelu", lambda torch, x: torch.nn.functional.gelu(x), _square)
operation("silu", lambda torch, x: torch.nn.functional.silu(x), _square, numpy=lambda x: x / (1 + np.exp(-x)))
operation("erf", lambda torch, x: torch.erf(x), _square)
operation(
    "where", lambda torch, x, y: torch.where(x > y, x, y), like(2), numpy=lambda x, y: np.where(x > y, x, y)
)
operation("clamp", lambda torch, x: torch.clamp(x, -1, 1), _square, numpy=lambda x: np.clip(x, -1, 1))

# -- reductions and scans -------------------------------------------------------------------------

operation("sum", lambda torch, x: x.sum(), _square, numpy=np.sum)
operation("sum of columns", lambda torch, x: x.sum(0), _square, numpy=lambda x: x.sum(0))
operation("mean of rows", lambda torch, x: x.mean(-1), _square, numpy=lambda x: x.mean(-1))
operation("max of rows", lambda torch, x: x.max(-1)[0], _square, numpy=lambda x: x.max(-1))
operation("var", lambda torch, x: x.var(-1), _square, numpy=lambda x: x.var(-1, ddof=1))
operation("argmax", lambda torch, x: x.argmax(-1), _square, numpy=lambda x: x.argmax(-1))
operation("cumsum", lambda torch, x: x.cumsum(-1), _square, numpy=lambda x: x.cumsum(-1))
operation("softmax", lambda torch, x: torch.softmax(x, -1), _rows)
operation("log_softmax", lambda torch, x: torch.log_softmax(x, -1), _rows)

# -- shape and indexing ---------------------------------------------------------------------------

operation("transpose, contiguous", lambda torch, x: x.t().contiguous(), _square, numpy=lambda x: x.T.copy())
operation(
    "cat", lambda torch, x, y: torch.cat([x, y], 1), like(2), numpy=lambda x, y: np.concatenate([x, y], 1)
)
operation("slice", lambda torch, x: x[1:], _square, numpy=lambda x: x[1:])
operation(
    "index rows",
    lambda torch, x, i: x[i],
    with_indices(_table, lambda shape: (shape[0],)),
    numpy=lambda x, i: x[i],
)
operation(
    "gather",
    lambda torch, x, i: x.gather(0, i),
    with_indices(_table, lambda shape: shape),
    numpy=lambda x, i: np.take_along_axis(x, i, 0),
)
operation(
    "embedding",
    lambda torch, x, i: torch.nn.functional.embedding(i, x),
    with_indices(_table, lambda shape: (4, shape[0])),
    numpy=lambda x, i: x[i],
)
operation("sort", lambda torch, x: x.sort(-1)[0], _rows, numpy=lambda x: np.sort(x, -1))

# -- products -------------------------------------------------------------------------------------

operation("matmul", lambda torch, x, y: x @ y, _product, numpy=lambda x, y: x @ y)
operation(
    "linear",
    lambda torch, x, w, b: torch.nn.functional.linear(x, w, b),
    shaped([(4, 8), (16, 8), (16,)], [(64, 256), (128, 256), (128,)], [(1024, 784), (1024, 784), (1024,)]),
    numpy=lambda x, w, b: x @ w.T + b,
)
operation(
    "bmm",
    lambda torch, x, y: torch.bmm(x, y),
    shaped([(2, 4, 4)] * 2, [(64, 64, 32), (64, 32, 64)], [(256, 128, 64), (256, 64, 128)]),
    numpy=lambda x, y: x @ y,
)
operation(
    "conv2d 3x3",
    lambda torch, x, w: torch.nn.functional.conv2d(x, w, padding=1),
    _conv_inputs((2, 3, 8, 8, 3, 1), (16, 32, 16, 32, 3, 1), (32, 64, 32, 64, 3, 1)),
)
operation(
    "conv2d 1x1",
    lambda torch, x, w: torch.nn.functional.conv2d(x, w),
    _conv_inputs((2, 3, 8, 8, 1, 1), (16, 32, 16, 64, 1, 1), (32, 64, 32, 128, 1, 1)),
)
operation(
    "conv2d depthwise",
    lambda torch, x, w: torch.nn.functional.conv2d(x, w, padding=1, groups=x.shape[1]),
    _conv_inputs((2, 4, 8, 4, 3, 4), (16, 32, 16, 32, 3, 32), (32, 64, 32, 64, 3, 64)),
)
operation(
    "conv_transpose2d",
    lambda torch, x, w: torch.nn.functional.conv_transpose2d(x, w, stride=2, padding=1),
    shaped(
        [(2, 4, 4, 4), (4, 3, 4, 4)], [(16, 32, 8, 8), (32, 16, 4, 4)], [(64, 128, 8, 8), (128, 64, 4, 4)]
    ),
)
operation("attention", _attention, shaped([(1, 2, 4, 8)] * 3, [(16, 4, 64, 32)] * 3, [(8, 8, 256, 64)] * 3))

# -- layers and losses ----------------------------------------------------------------------------

operation("max_pool2d", lambda torch, x: torch.nn.functional.max_pool2d(x, 2), images())
operation("avg_pool2d", lambda torch, x: torch.nn.functional.avg_pool2d(x, 2), images())
operation(
    "batch_norm", lambda torch, x: torch.nn.functional.batch_norm(x, None, None, training=True), images()
)
operation("layer_norm", lambda torch, x: torch.nn.functional.layer_norm(x, x.shape[-1:]), _rows)
operation("group_norm", lambda torch, x: torch.nn.functional.group_norm(x, 2), images((2, 4, 8, 8)))
operation("dropout", lambda torch, x: torch.nn.functional.dropout(x, 0.5), _square)
operation("cross_entropy", lambda torch, x, y: torch.nn.functional.cross_entropy(x, y), _scores)
operation(
    "cross_entropy of maps",
    lambda torch, x, y: torch.nn.functional.cross_entropy(x, y),
    with_labels(images((1, 3, 4, 4), (2, 21, 64, 64), (8, 21, 128, 128))),
)
operation(
    "mse_loss",
    lambda torch, x, y: torch.nn.functional.mse_loss(x, y),
    like(2),
    numpy=lambda x, y: ((x - y) ** 2).mean(),
)
operation(
    "bce with logits",
    lambda torch, x, y: torch.nn.functional.binary_cross_entropy_with_logits(x, y.detach().sigmoid()),
    like(2),
)
operation(
    "randn",
    lambda torch, x: torch.randn(x.shape),
    _square,
    numpy=lambda x: np.random.standard_normal(x.shape),
)
