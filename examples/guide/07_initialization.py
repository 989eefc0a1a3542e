# %% [markdown]
# # 7. 초깃값과 기울기 소실 · Initial weights and vanishing gradients
#
# 신호는 앞에서 뒤로, 기울기는 뒤에서 앞으로 층을 하나씩 지나며 매번 가중치와 곱해집니다. 층마다 조금씩
# 작아지면 곧 사라지고, 조금씩 커지면 곧 폭발합니다. 이것을 정하는 것이 가중치의 초깃값입니다.
#
# Signals pass the layers forwards, gradients backwards, and each layer multiplies them with its weights. What
# gets a little smaller in each layer has soon vanished, what gets a little larger soon explodes. The initial
# weights decide which.
#
# $y = \sum_{j=1}^{n} w_j x_j$이고 $w_j$가 평균이 0인 독립 확률 변수이면 · If $y = \sum_{j=1}^{n} w_j x_j$ and
# the $w_j$ are independent with mean 0, then
#
# $$\text{Var}[y] = n \cdot \text{Var}[w] \cdot E[x^2]$$
#
# 크기를 지키려면 $\text{Var}[w] = 1/n$이어야 합니다(LeCun). 기울기에는 $n$ 대신 출력의 수가 들어가므로
# Xavier는 둘의 평균을 씁니다. ReLU는 절반을 0으로 만들어 $E[x^2]$을 반으로 줄이므로 He는 두 배로 합니다.
#
# To keep the size, $\text{Var}[w] = 1/n$ (LeCun). For gradients $n$ is the number of outputs; Xavier takes
# the mean of both. ReLU turns half of them into 0 and halves $E[x^2]$; so He doubles the variance.
#
# $$\text{Var}[w] = \frac{2}{n_{in} + n_{out}} \text{ (Xavier)}$$
#
# $$\text{Var}[w] = \frac{2}{n_{in}} \text{ (He)}$$

# %%
import numpy as np
import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn
from tinygrad_kr.vision import datasets

plt = show.plt

# %% [markdown]
# ## 프레임워크의 코드 · The framework's code
#
# 균등 분포 $U(-b, b)$의 표준편차는 $b/\sqrt{3}$입니다. 그래서 이름에 `uniform`이 들어간 함수는 $\sqrt{3}$을
# 곱합니다.
#
# The standard deviation of $U(-b, b)$ is $b/\sqrt{3}$, hence the $\sqrt{3}$ in the uniform ones.

# %%
show.source(nn.init.xavier_normal_)
show.source(nn.init.kaiming_normal_)
show.source(nn.init.kaiming_uniform_)
show.source(nn.init.calculate_gain)

# %%
torch.manual_seed(0)
w = torch.empty(300, 500)
for name, fill, expected in (
    ("LeCun", nn.init.lecun_normal_, 1 / 500),
    ("Xavier", nn.init.xavier_uniform_, 2 / 800),
    ("He", lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"), 2 / 500),
):
    variance = fill(w).var().item()
    print(f"{name:6} variance {variance:.6f}, formula {expected:.6f}")
    assert abs(variance / expected - 1) < 0.03

# %% [markdown]
# ## 실험: 활성값의 분포 · An experiment: how activations are distributed
#
# 숫자 그림 500장을 은닉층 다섯 개에 통과시킵니다. 학습은 하지 않습니다. 표준편차 1로 초기화하면 시그모이드의
# 출력이 0과 1에 몰려 미분이 0에 가까워지고(**포화**), 0.01로 초기화하면 모든 그림에 거의 같은 값을 냅니다.
#
# 500 digits pass five hidden layers, without any training. With a standard deviation of 1 the sigmoids sit at
# 0 and 1, where the slope is nearly 0 (they are **saturated**); with 0.01 they say nearly the same for every
# image.

# %%
images, labels = datasets.Digits(train=True).tensors()
x, y = images[:500].flatten(1), labels[:500]
x = (x - x.mean()) / x.std()

CASES = {
    "sigmoid, N(0, 1)": (torch.sigmoid, lambda w: nn.init.normal_(w, 0, 1)),
    "sigmoid, N(0, 0.01²)": (torch.sigmoid, lambda w: nn.init.normal_(w, 0, 0.01)),
    "sigmoid, Xavier": (torch.sigmoid, nn.init.xavier_normal_),
    "tanh, Xavier": (torch.tanh, nn.init.xavier_normal_),
    "ReLU, N(0, 0.01²)": (torch.relu, lambda w: nn.init.normal_(w, 0, 0.01)),
    "ReLU, Xavier": (torch.relu, nn.init.xavier_normal_),
    "ReLU, He": (torch.relu, lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu")),
}


def signals(activation, fill, depth, width=100):
    """The activations of every layer, and the gradient's norm for every layer's weights."""
    torch.manual_seed(0)
    weights = [fill(nn.Linear(64 if not layer else width, width).weight) for layer in range(depth)]
    h, seen = x, []
    for w in weights:
        h = activation(F.linear(h, w))
        seen.append(h.detach().numpy())
    F.cross_entropy(nn.Linear(width, 10)(h), y).backward()
    return seen, np.array([w.grad.norm().item() for w in weights])


figure, axes = plt.subplots(len(CASES), 5, figsize=(10, 8), sharey="row", layout="constrained")
for row, (name, (activation, fill)) in zip(axes, CASES.items()):
    low, high = {"s": (0, 1), "t": (-1, 1), "R": (0, 3)}.get(name[0], (-2, 3))
    for axis, h in zip(row, signals(activation, fill, depth=5)[0]):
        axis.hist(h[h != 0], bins=40, range=(low, high))  # without what ReLU made 0
        axis.set(yticks=[])
    row[0].set_ylabel(name.replace(", ", "\n", 1), rotation=0, ha="right", va="center")
for layer, axis in enumerate(axes[0], 1):
    axis.set_title(f"layer {layer}")
show.picture(figure, "07_activations")

# %% [markdown]
# ## 실험: 기울기 소실과 기울기 폭발 · An experiment: vanishing and exploding gradients
#
# 층을 스무 개로 늘리고, 층마다 가중치의 기울기가 얼마나 큰지 잽니다. 어느 층이나 비슷하고, 너무 작지 않아야
# 합니다.
#
# Twenty layers now: how large is the gradient for the weights of each? It should be much the same in all of
# them, and not too small.

# %%
found, figure = {}, plt.figure(figsize=(8.5, 4), layout="constrained")
axis = figure.subplots()
for name, (activation, fill) in CASES.items():
    found[name] = norms = signals(activation, fill, depth=20)[1]
    axis.plot(
        range(1, 21),
        np.maximum(norms, 1e-30),
        marker="o",
        markersize=3,
        label=name if norms.any() else f"{name}: all 0",
    )
    print(f"{name:21} gradient of layer 1: {norms[0]:.2g}, of layer 20: {norms[-1]:.2g}")
axis.set(yscale="log", ylim=(1e-16, 10), xlabel="layer", ylabel="norm of the gradient", xticks=range(1, 21))
axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
show.picture(figure, "07_gradients")
assert found["ReLU, He"].min() > 0.05 and found["ReLU, Xavier"].max() < 0.01
assert found["tanh, Xavier"].min() > 0.05 and found["sigmoid, Xavier"][0] < 1e-8

# %% [markdown]
# - Xavier도 시그모이드를 살리지는 못합니다. 미분이 아무리 커도 1/4이라, 앞 층으로 갈수록 기울기가 사라집니다.
#   깊은 신경망에서 ReLU와 He를 쓰는 까닭입니다.
# - ReLU에 Xavier를 쓰면 층마다 $\sqrt{2}$배씩 작아집니다. 스무 층이면 천 배입니다. 앞으로는 신호가, 뒤로는
#   기울기가 작아져 모든 층이 똑같이 느려집니다.
# - 교과서는 N(0, 1)로 시그모이드가 포화되면 기울기가 사라진다고 합니다. 여기서는 사라지지 않았습니다. 미분이
#   0에 가까운 만큼 큰 가중치가 되돌려 놓기 때문입니다. 그래도 출력이 0과 1뿐이니 좋은 시작은 아닙니다.
#
# * Xavier does not save the sigmoid: its slope is 1/4 at most, and gradients vanish towards the input. That
#   is why deep networks use ReLU, and He.
# * ReLU with Xavier's weights loses a factor of $\sqrt{2}$ per layer, a thousand in twenty: signals forwards,
#   gradients backwards, so that all layers are equally slow.
# * Textbooks say that gradients vanish where N(0, 1) saturates sigmoids. Here they did not: what the slope
#   takes away, the large weights give back. With outputs of 0 and 1 only it is no good start all the same.
#
# ## 해 보기 · Try it
#
# 1. `torch.selu`와 `nn.init.lecun_normal_`을 더해 보세요. 층이 50개여도 괜찮습니까?
# 2. `nn.init.orthogonal_`은 무엇을 지킵니까? 활성화 함수가 없을 때와 tanh일 때를 견주어 보세요.
#
# 1) Add `torch.selu` with `nn.init.lecun_normal_`. Does it hold for 50 layers?
# 2) What does `nn.init.orthogonal_` preserve? Compare no activation with tanh.
