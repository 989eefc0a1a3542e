"""Models of images. Each program is a generator: it trains on, and yields a loss per step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any


def blobs(torch: Any, count: int, size: int, classes: int) -> tuple[Any, Any]:
    """Noisy images with a bright square in one of `classes` places, and which place it is."""
    labels = torch.randint(0, classes, (count,))
    images = 0.3 * torch.randn(count, 1, size, size)
    side = size // 2
    for image, label in zip(images, labels.tolist()):
        top, left = divmod(label, 2)
        image[0, top * side : (top + 1) * side, left * side : (left + 1) * side] += 1
    return images, labels


def train(
    torch: Any, model: Any, optimizer: Any, x: Any, y: Any, loss: Any, batch: int = 16
) -> Iterator[float]:
    """Endless steps over shuffled batches."""
    data = torch.utils.data.TensorDataset(x, y)
    loader = torch.utils.data.DataLoader(data, batch_size=batch, shuffle=True, drop_last=True)
    model.train()
    while True:
        for inputs, targets in loader:
            optimizer.zero_grad()
            value = loss(model(inputs), targets)
            value.backward()
            optimizer.step()
            yield value.item()


def cnn(torch: Any) -> Iterator[float]:
    """Convolutions with batch normalization, pooling and dropout."""
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3),
        nn.ReLU(),
        nn.Dropout2d(0.2),
        nn.Flatten(),
        nn.Linear(16 * 4 * 4, 32),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(32, 4),
    )
    x, y = blobs(torch, 64, 12, 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return train(torch, model, optimizer, x, y, nn.CrossEntropyLoss(label_smoothing=0.05))


def resnet(torch: Any) -> Iterator[float]:
    """Residual blocks, SGD with Nesterov momentum, a cosine schedule."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, channels: int, planes: int, stride: int) -> None:
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(channels, planes, 3, stride, 1, bias=False),
                nn.BatchNorm2d(planes),
                nn.ReLU(inplace=True),
                nn.Conv2d(planes, planes, 3, 1, 1, bias=False),
                nn.BatchNorm2d(planes),
            )
            same = stride == 1 and channels == planes
            self.skip = nn.Identity() if same else nn.Conv2d(channels, planes, 1, stride, bias=False)

        def forward(self, x: Any) -> Any:
            out = self.body(x)
            out += self.skip(x)
            return nn.functional.relu(out)

    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        Block(8, 8, 1),
        Block(8, 16, 2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 4),
    )
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    x, y = blobs(torch, 64, 12, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)
    for loss in train(torch, model, optimizer, x, y, nn.CrossEntropyLoss()):
        yield loss
        schedule.step()


def unet(torch: Any) -> Iterator[float]:
    """Down, up by transposed convolution, and skips; a loss per pixel."""
    nn = torch.nn

    def twice(channels: int, planes: int) -> Any:
        return nn.Sequential(
            *(nn.Conv2d(channels, planes, 3, padding=1), nn.GroupNorm(2, planes), nn.SiLU()),
            *(nn.Conv2d(planes, planes, 3, padding=1), nn.GroupNorm(2, planes), nn.SiLU()),
        )

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down, self.middle, self.up = twice(1, 4), twice(4, 8), twice(8, 4)
            self.rise = nn.ConvTranspose2d(8, 4, 2, stride=2)
            self.out = nn.Conv2d(4, 1, 1)

        def forward(self, x: Any) -> Any:
            kept = self.down(x)
            x = self.rise(self.middle(nn.functional.max_pool2d(kept, 2)))
            return self.out(self.up(torch.cat([x, kept], dim=1)))

    model = UNet()
    x, _ = blobs(torch, 32, 12, 4)
    y = (torch.nn.functional.avg_pool2d(x, 3, 1, 1) > 0.5).float()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    return train(torch, model, optimizer, x, y, nn.BCEWithLogitsLoss(), batch=8)


def vision_transformer(torch: Any) -> Iterator[float]:
    """Patches, a class token, learned positions, pre-norm encoder layers."""
    nn = torch.nn

    class ViT(nn.Module):
        def __init__(self, size: int, patch: int, width: int) -> None:
            super().__init__()
            self.patches = nn.Conv2d(1, width, patch, stride=patch)
            self.token = nn.Parameter(torch.zeros(1, 1, width))
            self.positions = nn.Parameter(torch.randn(1, 1 + (size // patch) ** 2, width) * 0.02)
            layer = nn.TransformerEncoderLayer(
                width, 4, 2 * width, dropout=0.1, activation="gelu", batch_first=True, norm_first=True
            )
            self.encoder = nn.TransformerEncoder(
                layer, 2, norm=nn.LayerNorm(width), enable_nested_tensor=False
            )
            self.head = nn.Linear(width, 4)

        def forward(self, x: Any) -> Any:
            x = self.patches(x).flatten(2).transpose(1, 2)  # (N, patches, width)
            x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1) + self.positions
            return self.head(self.encoder(x)[:, 0])

    model = ViT(12, 4, 16)
    x, y = blobs(torch, 64, 12, 4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.005, weight_decay=0.05)
    return train(torch, model, optimizer, x, y, nn.CrossEntropyLoss())


def autoencoder(torch: Any) -> Iterator[float]:
    """A denoising autoencoder: convolutions down, upsampling and convolutions up."""
    nn = torch.nn
    model = nn.Sequential(
        *(nn.Conv2d(1, 6, 3, stride=2, padding=1), nn.ELU()),
        *(nn.Conv2d(6, 3, 3, stride=2, padding=1), nn.Tanh()),
        *(
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            nn.Conv2d(3, 6, 3, padding=1),
            nn.ELU(),
        ),
        *(nn.Upsample(scale_factor=2), nn.Conv2d(6, 1, 3, padding=1)),
    )
    clean, _ = blobs(torch, 48, 12, 4)
    noisy = clean + 0.2 * torch.randn_like(clean)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.003)
    return train(torch, model, optimizer, noisy, clean, nn.SmoothL1Loss())


def variational_autoencoder(torch: Any) -> Iterator[float]:
    """Reconstruction and divergence, with samples drawn inside the model."""
    nn = torch.nn
    F = nn.functional

    class VAE(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encode = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU())
            self.mean, self.log_variance = nn.Linear(32, 4), nn.Linear(32, 4)
            self.decode = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 64), nn.Sigmoid())

        def forward(self, x: Any) -> Any:
            h = self.encode(x)
            mean, log_variance = self.mean(h), self.log_variance(h)
            z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
            return self.decode(z), mean, log_variance

    def loss(out: Any, x: Any) -> Any:
        picture, mean, log_variance = out
        error = F.binary_cross_entropy(picture, x.flatten(1), reduction="sum")
        divergence = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
        return (error + divergence) / math.prod(x.shape)

    model = VAE()
    x = (blobs(torch, 64, 8, 4)[0] > 0.5).float()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return train(torch, model, optimizer, x, x, loss)
