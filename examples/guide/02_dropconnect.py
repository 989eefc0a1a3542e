# %% [markdown]
# # 2. 드롭커넥트 · DropConnect
#
# 드롭아웃은 뉴런을 끄고, 드롭커넥트는 뉴런 사이의 **연결**, 곧 가중치를 하나하나 끕니다. 뉴런 하나를 끄는
# 것은 거기서 나가는 가중치를 한꺼번에 끄는 것과 같으니, 드롭커넥트는 드롭아웃을 더 잘게 나눈 것입니다.
#
# Dropout switches units off, DropConnect their **connections**: each weight by itself. Switching a unit off
# is the same as switching all of its outgoing weights off at once, so DropConnect is dropout in finer grain.
#
# $$y = a\big((M \odot W)\,x + b\big), \qquad M_{ij} \sim \text{Bernoulli}(1 - p)$$
#
# 프레임워크는 드롭아웃과 마찬가지로 살아남은 가중치를 $1/(1-p)$배 합니다(inverted). 원논문의 방식은
# `mode="classic"`입니다.
#
# As with dropout, the framework multiplies the weights that remain with $1/(1-p)$ (inverted); the paper's way
# is `mode="classic"`.

# %%
import math

import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train
from tinygrad_kr.ops import dropout
from tinygrad_kr.vision import datasets

plt = show.plt

# %% [markdown]
# ## 프레임워크의 코드 · The framework's code
#
# 마스크는 순전파 때마다 새로 뽑습니다. 배치 전체가 마스크 하나를 함께 쓰는 것이 기본이고,
# `per_example=True`이면 예제마다 따로 뽑습니다. 기울기는 덜 흔들리지만 마스크가 차지하는 메모리가 예제 수만큼
# 늘어납니다.
#
# The mask is drawn anew in every forward pass: one for the whole batch, or with `per_example=True` one for
# each example. Gradients are less noisy then, and the masks take as many times the memory.

# %%
show.source(dropout._drop_weights)

# %%
torch.manual_seed(0)
same = torch.ones(3, 4)
for per_example in (False, True):
    layer = nn.DropConnectLinear(4, 1, p=0.5, per_example=per_example)
    outputs = layer(same).flatten()
    print(f"per_example={per_example!s:5}  three equal examples give", outputs.detach().numpy().round(3))
    assert per_example or outputs.std() == 0

# %% [markdown]
# ## 평가할 때 무엇을 쓸까 · What to use in evaluation
#
# 활성화 함수에 들어가는 값 $u = (M \odot W)x / (1-p)$은 마스크에 따라 달라지는 확률 변수입니다. 항이 많으면
# 중심 극한 정리에 따라 정규 분포에 가까워지고, 그 평균과 분산은 바로 계산할 수 있습니다.
#
# What enters the activation, $u = (M \odot W)x / (1-p)$, is a random variable. As a sum of many terms it is
# nearly normal, and its mean and variance can be written down:
#
# $$E[u_i] = \sum_j W_{ij} x_j, \qquad \text{Var}[u_i] = \frac{p}{1-p} \sum_j (W_{ij} x_j)^2$$
#
# 평균 가중치만 쓰면 $a(E[u])$를 얻습니다. 그런데 우리가 알고 싶은 것은 $E[a(u)]$이고, $a$가 ReLU처럼 직선이
# 아니면 둘은 다릅니다. 논문은 위의 정규 분포에서 표본을 뽑아 $a$를 **거친 다음** 평균합니다.
# `inference="gaussian"`이 그것입니다.
#
# The mean weights give $a(E[u])$. What we want is $E[a(u)]$, which is something else unless $a$ is linear.
# The paper samples from that normal distribution and averages **behind** $a$: `inference="gaussian"`.

# %%
images, labels = datasets.Digits(train=True).tensors()
x = images[:1].flatten(1)
weight, p = nn.Linear(64, 32, bias=False).weight.detach(), 0.5
masks = F.dropconnect(x.expand(5000, 64), weight, p=p, per_example=True)
mean = F.linear(x, weight)[0]
deviation = (p / (1 - p) * F.linear(x**2, weight**2)[0]).sqrt()
print("mean:      largest error", (masks.mean(0) - mean).abs().max().item())
print("deviation: largest error", (masks.std(0) - deviation).abs().max().item())
assert torch.allclose(masks.mean(0), mean, atol=0.03) and torch.allclose(masks.std(0), deviation, atol=0.03)

truth = masks.relu().mean(0)
sampled = F.dropconnect(x, weight, p=p, training=False, inference="gaussian", samples=5000)[:, 0]
by_mean, by_samples = ((guess - truth).abs().mean().item() for guess in (mean.relu(), sampled.relu().mean(0)))
print(f"distance to E[relu(u)]: mean weights {by_mean:.4f}, Gaussian {by_samples:.4f}")
assert by_samples < by_mean / 5

# %%
unit = mean.abs().argmin().item()
figure, axis = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
axis.hist(masks[:, unit].numpy(), bins=80, density=True, alpha=0.5, label="5,000 masks")
place = torch.linspace(-4, 4, 200) * deviation[unit] + mean[unit]
normal = (-((place - mean[unit]) ** 2) / (2 * deviation[unit] ** 2)).exp() / (
    deviation[unit] * math.sqrt(2 * math.pi)
)
axis.plot(place.numpy(), normal.numpy(), color="#e07b39", label="normal, by the formula")
axis.axvline(0, color="black", linewidth=0.8)
axis.set(xlabel="u, the input of one unit's ReLU", ylabel="density", title=f"p = {p}")
axis.legend(loc="upper left")
show.picture(figure, "02_dropconnect")

# %% [markdown]
# 그림에서 왼쪽 절반은 ReLU가 0으로 만들고 오른쪽 절반은 남깁니다. 그래서 $E[u]$가 0에 가까워도
# $E[\text{relu}(u)]$는 분명히 0보다 큽니다. 평균 가중치는 이것을 보지 못합니다.
#
# ReLU turns the left half of the picture into 0 and keeps the right half. So $E[\text{relu}(u)]$ is clearly
# above 0 though $E[u]$ is nearly 0: the mean weights cannot see that.
#
# ## 실험: 틀린 레이블 · An experiment: wrong labels
#
# 1장의 실험을 되풀이합니다. 숫자 200장, 다섯에 하나는 레이블이 틀립니다. `DropConnect(layer)`는 합성곱층이나
# 순환층도 감쌀 수 있습니다.
#
# The experiment of chapter 1: 200 digits, one label in five drawn at random. `DropConnect(layer)` wraps
# convolutional and recurrent layers as well.

# %%
test = datasets.Digits(train=False).tensors()
LAYERS = {
    "nothing": lambda a, b: [nn.Linear(a, b), nn.ReLU()],
    "dropout": lambda a, b: [nn.Linear(a, b), nn.ReLU(), nn.Dropout(0.5)],
    "DropConnect": lambda a, b: [nn.DropConnectLinear(a, b, p=0.5), nn.ReLU()],
}


def learn(hidden, seed):
    """Training accuracy and test accuracy."""
    torch.manual_seed(seed)
    chosen = torch.randperm(len(images))[:200]
    data = images[chosen], labels[chosen].clone()
    data[1][::5] = torch.randint(0, 10, (40,))
    model = nn.Sequential(nn.Flatten(), *hidden(64, 256), *hidden(256, 256), nn.Linear(256, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    train.fit(model, F.cross_entropy, optimizer, data, epochs=40, batch_size=50, progress=False)
    return [train.evaluate(model, one, metrics=["accuracy"])["accuracy"] for one in (data, test)]


found = {name: torch.tensor([learn(hidden, seed) for seed in range(2)]) for name, hidden in LAYERS.items()}
for name, accuracies in found.items():
    seen, unseen = accuracies.mean(0).tolist()
    print(f"{name:12} training {seen:.1%}  test {unseen:.1%}")
assert found["DropConnect"][:, 1].mean() > found["nothing"][:, 1].mean()

# %% [markdown]
# ## 해 보기 · Try it
#
# 1. `p`를 0.8로 올리면 평균 가중치의 오차는 커집니까, 작아집니까? 분산의 식에서 먼저 짐작해 보세요.
# 2. `nn.DropConnect(nn.LSTM(...), names=["weight_hh_l0"])`은 한 번 뽑은 마스크를 모든 시각에 씁니다. 시각마다
#    새로 뽑으면 왜 안 좋을까요?
#
# 1) Does the error of the mean weights grow or shrink with a `p` of 0.8? Guess from the variance first.
# 2) `nn.DropConnect(nn.LSTM(...), names=["weight_hh_l0"])` uses one mask for all time steps. Why would a new
#    one at each step be worse?
