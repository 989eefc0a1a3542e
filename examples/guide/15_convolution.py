# %% [markdown]
# # 15. 합성곱 · Convolution
#
# 합성곱은 작은 **필터**를 그림 위로 옮겨 가며, 겹친 자리의 값을 곱해 더합니다. 필터와 닮은 곳에서 값이
# 커지므로, 필터는 무늬를 찾는 탐지기입니다. 신경망에서 말하는 합성곱은 수학에서는 교차상관입니다(필터를
# 뒤집지 않습니다).
#
# A convolution moves a small **filter** over the image, multiplies what lies on top of each other, and adds
# up. Where the image looks like the filter the sum is large: a filter detects a pattern. What networks call
# convolution is cross-correlation in mathematics (the filter is not flipped).
#
# $$y_{o,i,j} = b_o + \sum_{c,u,v} w_{o,c,u,v}\; x_{c,\; i s + u d - p,\; j s + v d - p}$$
#
# ($s$ 스트라이드, $d$ 팽창, $p$ 패딩 · stride, dilation, padding)

# %%
import numpy as np
import show
from sklearn.datasets import load_sample_image

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train
from tinygrad_kr.ops import conv
from tinygrad_kr.vision import datasets

plt = show.plt
photo = torch.tensor(load_sample_image("china.jpg")[60:380, 180:600]) / 255.0  # (H, W, 3)
grey = (photo @ torch.tensor([0.299, 0.587, 0.114]))[None, None]  # (1, 1, H, W)

# %% [markdown]
# ## 사진에서 윤곽선 찾기 · Edges in a photograph
#
# 소벨 필터의 값은 한 방향으로 밝기가 변하는 곳에서 커집니다. 필터 세 개를 한 합성곱으로 계산하면 **특징 맵**
# 세 장이 채널 축으로 쌓입니다.
#
# Sobel's filters respond where brightness changes along one direction. Three filters are one convolution; its
# three **feature maps** are stacked along the channel axis.

# %%
vertical = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
filters = torch.stack([vertical, vertical.T, torch.full((3, 3), 1 / 9)]).unsqueeze(1)  # (3, 1, 3, 3)
maps = F.conv2d(grey, filters, padding=1)
print(tuple(grey.shape), "->", tuple(maps.shape))


def by_hand(x, w):
    """The formula above, without padding and stride: one image, one filter."""
    y = np.zeros((x.shape[0] - 2, x.shape[1] - 2))
    for i, j in np.ndindex(y.shape):
        y[i, j] = (x[i : i + 3, j : j + 3] * w).sum()
    return y


patch = grey[:, :, 100:130, 100:130]
assert np.allclose(by_hand(patch[0, 0].numpy(), vertical.numpy()), F.conv2d(patch, filters)[0, 0], atol=1e-5)

# %%
figure, axes = plt.subplots(1, 4, figsize=(13, 2.7), layout="constrained")
names = ["photograph", "vertical edges", "horizontal edges", "blur"]
for axis, name, values in zip(axes, names, [grey[0, 0], *maps[0]]):
    limit = 2 if "edges" in name else 1
    axis.imshow(
        values.numpy(), cmap="RdBu" if limit == 2 else "gray", vmin=-limit if limit == 2 else 0, vmax=limit
    )
    axis.set(title=name, xticks=[], yticks=[])
show.picture(figure, "15_photograph")

# %% [markdown]
# ## 모양 · Shapes
#
# $$\text{out} = \left\lfloor \frac{\text{in} + 2p - d(k-1) - 1}{s} \right\rfloor + 1$$
#
# 풀링도 같은 식을 따릅니다. 그룹은 채널을 나누어 따로따로 계산합니다. 가중치 수가 그룹 수만큼 줄어듭니다.
#
# Pooling follows the same formula. Groups split the channels among separate convolutions, and divide the
# number of weights by theirs.

# %%
x = torch.randn(1, 8, 28, 28)
settings = [
    {},
    {"padding": 1},
    {"padding": 1, "stride": 2},
    {"padding": 2, "dilation": 2},
    {"padding": 1, "groups": 4},
    {"padding": 1, "groups": 8},
]
for given in settings:
    layer = nn.Conv2d(8, 16, 3, **given)
    p, s, d = (given.get(name, default) for name, default in (("padding", 0), ("stride", 1), ("dilation", 1)))
    size = (28 + 2 * p - d * (3 - 1) - 1) // s + 1
    assert layer(x).shape == (1, 16, size, size)
    print(f"{given!s:32} {tuple(layer(x).shape)}  {layer.weight.numel():5} weights")
for pool in (nn.MaxPool2d(2), nn.AvgPool2d(3, stride=2, padding=1)):
    print(f"{pool.__class__.__name__:32} {tuple(pool(x).shape)}      0 weights")

# %% [markdown]
# ## 미분도 합성곱입니다 · Its derivatives are convolutions
#
# 합성곱은 $x$에 대해서도 $w$에 대해서도 선형입니다. 그래서 세 연산이 서로의 미분이 되고, 몇 번을 미분해도 이
# 셋을 벗어나지 않습니다.
#
# Convolution is linear in $x$ and in $w$. So three operations are each other's derivatives, and no order of
# differentiation leads out of the three.

# %%
show.rules(conv, "conv_")

# %% [markdown]
# ## 필터는 배울 수 있습니다 · Filters can be learned
#
# 사진과 그 윤곽선만 보여 주면 옵티마이저가 소벨 필터를 스스로 찾아냅니다. · Shown the photograph and its
# edges only, an optimizer finds Sobel's filter by itself.

# %%
torch.manual_seed(0)
layer = nn.Conv2d(1, 1, 3, bias=False, padding=1)
optimizer = torch.optim.LBFGS(layer.parameters(), lr=1.0, max_iter=100, tolerance_change=1e-12)


def closure():
    optimizer.zero_grad()
    loss = F.mse_loss(layer(grey), maps[:, :1])
    loss.backward()
    return loss


optimizer.step(closure)
found = layer.weight.detach()[0, 0]
print(found.round(decimals=2))
assert torch.allclose(found, vertical, atol=0.05)

# %% [markdown]
# ## 학습된 CNN이 보는 것 · What a trained CNN sees
#
# 이제 아무도 필터를 정해 주지 않습니다. 숫자를 맞히는 데 쓸모 있는 필터를 신경망이 정합니다. · Nobody gives
# filters now: the network chooses what helps to tell digits apart.

# %%
model = nn.Sequential(
    nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(192, 10)
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
data, test = datasets.Digits(train=True).tensors(), datasets.Digits(train=False).tensors()
train.fit(model, F.cross_entropy, optimizer, data, epochs=6, progress=False)
print(f"test accuracy {train.evaluate(model, test, metrics=['accuracy'])['accuracy']:.1%}")
figure, axes = plt.subplots(3, 13, figsize=(11, 2.7), layout="constrained")
with torch.no_grad():
    digit = test[0][2:3]
    rows = [model[0].weight[:, 0], model[:2](digit)[0], model[:3](digit)[0]]
for row, name, values in zip(axes, ["filters", "after ReLU", "after pooling"], rows):
    limit = values.abs().max().item()
    row[0].imshow(digit[0, 0].numpy(), cmap="gray_r")
    row[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for axis, one in zip(row[1:], values.numpy()):
        axis.imshow(
            one,
            cmap="RdBu" if name == "filters" else "gray_r",
            vmin=-limit if name == "filters" else 0,
            vmax=limit,
        )
    for axis in row:
        axis.set(xticks=[], yticks=[])
show.picture(figure, "15_feature_maps")

# %% [markdown]
# 윤곽선을 찾는 필터가 저절로 생깁니다. 다만 소벨처럼 가지런하지는 않습니다. · Edge detectors come by
# themselves, if less tidy than Sobel's.
#
# ## 해 보기 · Try it
#
# 1. 사진을 $3 \times 3$ 평균 필터로 다섯 번 흐리면, 어떤 크기의 필터를 한 번 쓴 것과 같습니까?
# 2. `dilation=2`인 $3 \times 3$ 필터가 보는 넓이는 얼마입니까? 가중치는 몇 개입니까?
#
# 1. Blurring five times with the $3 \times 3$ mean is one convolution with a filter of what size?
# 2. How wide does a $3 \times 3$ filter with `dilation=2` look, and how many weights has it?
