"""The workloads: each is written once against PyTorch's API and runs in either library.

A workload is a function of `torch` (either library) that builds model, data and optimizer and returns
`step()`, which performs one step and returns its loss or prediction. `products` says which matrix products
(m, k, n) a step cannot do without; the roofline is the time that they alone take.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Step = Callable[[], Any]
Product = tuple[int, int, int]

SEED = 0


@dataclass(frozen=True)
class Workload:
    """A named program and the matrix products of its step."""

    name: str
    about: str
    build: Callable[..., Step]
    products: Callable[..., list[Product]]
    bar: float  # the ratio to reach


workloads: dict[str, Workload] = {}


def workload(
    name: str, about: str, *, bar: float = 1.0, products: Callable[..., list[Product]] = list
) -> Callable[[Callable[..., Step]], Callable[..., Step]]:
    """Decorator: list a function as a workload."""

    def register(build: Callable[..., Step]) -> Callable[..., Step]:
        workloads[name] = Workload(name, about, build, products, bar)
        return build

    return register


def training(forward: list[Product]) -> list[Product]:
    """The products of a training step: for each forward one, those of both gradients; the first layer's
    input needs none."""
    return [*forward, *forward, *forward[1:]]


def convolution(batch: int, size: int, channels: int, outputs: int, kernel: int = 3) -> Product:
    """A convolution with `size` x `size` outputs, as the product of its columns with its weight."""
    return (batch * size * size, channels * kernel * kernel, outputs)


def training_step(torch: Any, model: Any, optimizer: Any, batch: Any, target: Any) -> Step:
    """The loop's body as everyone writes it."""

    def step() -> Any:
        optimizer.zero_grad()
        output = model(batch)
        loss = torch.nn.functional.cross_entropy(output.reshape(-1, output.shape[-1]), target.reshape(-1))
        loss.backward()
        optimizer.step()
        return loss

    return step


# -- element-wise operations and dense layers -------------------------------------------------------


@workload("tiny-ops", "1,000 element-wise ops on 3 elements, forward and backward", bar=0.5)
def tiny_ops(torch: Any, depth: int = 1000) -> Step:
    torch.manual_seed(SEED)
    x = torch.rand(3, requires_grad=True)
    scale, shift = torch.rand(3), torch.rand(3)

    def step() -> Any:
        x.grad = None
        y = x
        for _ in range(depth // 5):
            y = torch.tanh(y * scale + shift) * 0.5 - x
        loss = y.sum()
        loss.backward()
        return loss

    return step


def _mlp_products(batch: int, *widths: int) -> list[Product]:
    return training([(batch, one, two) for one, two in pairwise(widths)])


@workload(
    "mlp-small",
    "MLP 64-128-64-10, batch 64, Adam",
    bar=0.6,
    products=lambda batch=64: _mlp_products(batch, 64, 128, 64, 10),
)
def mlp_small(torch: Any, batch: int = 64) -> Step:
    torch.manual_seed(SEED)
    nn = torch.nn
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    return training_step(torch, model, optimizer, torch.rand(batch, 64), torch.randint(0, 10, (batch,)))


@workload(
    "mlp-large",
    "MLP 784-1024-1024-10, batch 128, SGD with momentum",
    products=lambda batch=128: _mlp_products(batch, 784, 1024, 1024, 10),
)
def mlp_large(torch: Any, batch: int = 128) -> Step:
    torch.manual_seed(SEED)
    nn = torch.nn
    model = nn.Sequential(
        nn.Linear(784, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    return training_step(torch, model, optimizer, torch.rand(batch, 784), torch.randint(0, 10, (batch,)))


# -- convolutional networks -------------------------------------------------------------------------


def _cnn(torch: Any, size: int = 28) -> Any:
    nn = torch.nn
    side = ((size - 2) // 2 - 2) // 2
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * side * side, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def _cnn_products(batch: int, size: int = 28) -> list[Product]:
    first = size - 2
    second = first // 2 - 2
    return [
        convolution(batch, first, 1, 32),
        convolution(batch, second, 32, 64),
        (batch, 64 * (second // 2) ** 2, 128),
        (batch, 128, 10),
    ]


@workload(
    "cnn",
    "MNIST CNN (conv 32, pool, conv 64, pool, 128, 10), 28x28, batch 64, Adam",
    products=lambda batch=64, size=28: training(_cnn_products(batch, size)),
)
def cnn(torch: Any, batch: int = 64, size: int = 28) -> Step:
    torch.manual_seed(SEED)
    model = _cnn(torch, size)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    images, labels = torch.rand(batch, 1, size, size), torch.randint(0, 10, (batch,))
    return training_step(torch, model, optimizer, images, labels)


def _inference(torch: Any, batch: int) -> Step:
    torch.manual_seed(SEED)
    model = _cnn(torch).eval()
    images = torch.rand(batch, 1, 28, 28)

    def step() -> Any:
        with torch.no_grad():
            return model(images)

    return step


@workload(
    "cnn-predict-64", "the MNIST CNN, inference, batch 64", products=lambda batch=64: _cnn_products(batch)
)
def cnn_predict_64(torch: Any, batch: int = 64) -> Step:
    return _inference(torch, batch)


@workload("cnn-predict-1", "the MNIST CNN, inference, batch 1", products=lambda batch=1: _cnn_products(batch))
def cnn_predict_1(torch: Any, batch: int = 1) -> Step:
    return _inference(torch, batch)


@workload(
    "vgg",
    "VGG-style 32-64-128 with batch norm and dropout, 32x32, batch 64",
    products=lambda batch=64: training(
        [
            convolution(batch, 32, 3, 32),
            convolution(batch, 32, 32, 32),
            convolution(batch, 16, 32, 64),
            convolution(batch, 16, 64, 64),
            convolution(batch, 8, 64, 128),
            convolution(batch, 8, 128, 128),
            (batch, 2048, 10),
        ]
    ),
)
def vgg(torch: Any, batch: int = 64) -> Step:
    torch.manual_seed(SEED)
    nn = torch.nn
    layers: list[Any] = []
    channels = 3
    for width in (32, 64, 128):
        for _ in range(2):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
        layers += [nn.MaxPool2d(2), nn.Dropout(0.25)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 4 * 4, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    return training_step(
        torch, model, optimizer, torch.rand(batch, 3, 32, 32), torch.randint(0, 10, (batch,))
    )


def _residual_block(torch: Any, channels: int, width: int, stride: int) -> Any:
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
            self.norm1 = nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
            self.norm2 = nn.BatchNorm2d(width)
            self.shortcut = nn.Sequential()
            if stride != 1 or channels != width:
                self.shortcut = nn.Sequential(
                    nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width)
                )

        def forward(self, x: Any) -> Any:
            y = F.relu(self.norm1(self.conv1(x)))
            return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))

    return Block()


@workload(
    "resnet",
    "ResNet-8 (16-32-64), 32x32, batch 64",
    products=lambda batch=64: training(
        [
            convolution(batch, 32, 3, 16),
            *[convolution(batch, 32, 16, 16)] * 2,
            convolution(batch, 16, 16, 32),
            convolution(batch, 16, 32, 32),
            convolution(batch, 16, 16, 32, 1),
            convolution(batch, 8, 32, 64),
            convolution(batch, 8, 64, 64),
            convolution(batch, 8, 32, 64, 1),
            (batch, 64, 10),
        ]
    ),
)
def resnet(torch: Any, batch: int = 64) -> Step:
    torch.manual_seed(SEED)
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, 1, 1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        _residual_block(torch, 16, 16, 1),
        _residual_block(torch, 16, 32, 2),
        _residual_block(torch, 32, 64, 2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    return training_step(
        torch, model, optimizer, torch.rand(batch, 3, 32, 32), torch.randint(0, 10, (batch,))
    )


@workload(
    "two-convs",
    "two 3x3 convolutions 64-128-128 at 16x16, batch 32, forward and backward",
    products=lambda batch=32: training([convolution(batch, 16, 64, 128), convolution(batch, 16, 128, 128)]),
)
def two_convs(torch: Any, batch: int = 32) -> Step:
    torch.manual_seed(SEED)
    nn = torch.nn
    model = nn.Sequential(nn.Conv2d(64, 128, 3, padding=1), nn.Conv2d(128, 128, 3, padding=1))
    x = torch.rand(batch, 64, 16, 16)

    def step() -> Any:
        model.zero_grad()
        loss = model(x).sum()
        loss.backward()
        return loss

    return step


# -- sequences --------------------------------------------------------------------------------------


@workload(
    "lstm",
    "LSTM 128, 64 steps, batch 32, embedding and output layer, Adam",
    products=lambda batch=32: [
        *[(64 * batch, 128, 512)] * 6,  # the embedding wants the first layer's gradient, too
        *[(64 * batch, 128, 65)] * 3,
    ],
)
def lstm(torch: Any, batch: int = 32) -> Step:
    torch.manual_seed(SEED)
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(65, 128)
            self.lstm = nn.LSTM(128, 128, batch_first=True)
            self.head = nn.Linear(128, 65)

        def forward(self, tokens: Any) -> Any:
            return self.head(self.lstm(self.embedding(tokens))[0])

    model = Model()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    tokens = torch.randint(0, 65, (batch, 65))
    return training_step(torch, model, optimizer, tokens[:, :-1], tokens[:, 1:])


def _gpt_block(torch: Any, width: int, heads: int) -> Any:
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.attention = nn.Linear(width, 3 * width)
            self.projection = nn.Linear(width, width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x: Any) -> Any:
            batch, time, _ = x.shape
            q, k, v = (
                one.view(batch, time, heads, width // heads).transpose(1, 2)
                for one in self.attention(self.norm1(x)).split(width, dim=2)
            )
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.projection(y.transpose(1, 2).contiguous().view(batch, time, width))
            return x + self.mlp(self.norm2(x))

    return Block()


@workload(
    "gpt",
    "GPT: 3 layers, width 128, 4 heads, 64 tokens, batch 16, AdamW",
    products=lambda batch=16: [
        *[(64 * batch, 128, 12 * 128)] * 9,
        *[(4 * batch * 64, 32, 64)] * 9,  # scores and values, the causal half of each
        *[(64 * batch, 128, 65)] * 3,
    ],
)
def gpt(torch: Any, batch: int = 16) -> Step:
    torch.manual_seed(SEED)
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token, self.position = nn.Embedding(65, 128), nn.Embedding(64, 128)
            self.blocks = nn.Sequential(*[_gpt_block(torch, 128, 4) for _ in range(3)])
            self.norm = nn.LayerNorm(128)
            self.head = nn.Linear(128, 65, bias=False)

        def forward(self, tokens: Any) -> Any:
            x = self.token(tokens) + self.position(torch.arange(tokens.shape[1]))
            return self.head(self.norm(self.blocks(x)))

    model = Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    tokens = torch.randint(0, 65, (batch, 65))
    return training_step(torch, model, optimizer, tokens[:, :-1], tokens[:, 1:])
