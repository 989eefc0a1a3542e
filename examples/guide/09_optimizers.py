# %% [markdown]
# # 9. 옵티마이저 · Optimizers
#
# 기울기는 어느 쪽이 내리막인지 알려 줄 뿐, 얼마나 갈지는 알려 주지 않습니다. 골짜기가 한쪽으로 길면 SGD는
# 좁은 쪽에서 지그재그로 튀고 긴 쪽으로는 느릿느릿 갑니다. 나머지 옵티마이저는 이것을 두 가지로 고칩니다.
# **모멘텀**은 지난 기울기를 쌓아 방향을 고르게 하고, **적응적 학습률**은 매개변수마다 걸음의 크기를 맞춥니다.
#
# A gradient says which way is down, not how far to go. In a long narrow valley SGD zigzags across and crawls
# along. The other optimizers do something about it in two ways: **momentum** adds up gradients, which evens
# the direction out, and **adaptive rates** fit the step of each parameter to its gradients.
#
# | | 속도, 크기 · velocity, size | 걸음 · step $w \leftarrow w - \dots$ |
# | --- | --- | --- |
# | SGD | | $\eta g$ |
# | momentum | $b \leftarrow \mu b + g$ | $\eta b$ |
# | Nesterov | $b \leftarrow \mu b + g$ | $\eta (g + \mu b)$ |
# | AdaGrad | $s \leftarrow s + g^2$ | $\eta\, g / \sqrt{s}$ |
# | RMSProp | $v \leftarrow \alpha v + (1 - \alpha) g^2$ | $\eta\, g / \sqrt{v}$ |
# | Adam | $m \leftarrow \beta_1 m + (1 - \beta_1) g$ | $\eta\, \hat{m} / \sqrt{\hat{v}}$ |
# | | $v \leftarrow \beta_2 v + (1 - \beta_2) g^2$ | |

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
# 옵티마이저마다 `update` 하나면 됩니다. 매개변수 `p`, 기울기 `g`는 NumPy 배열이고, `state`는 매개변수마다
# 기억하는 것입니다. AdaGrad의 `s`는 줄어들지 않으므로 걸음이 점점 짧아지고, RMSProp은 오래된 기울기를
# 잊습니다.
#
# An optimizer is one `update`. Parameter `p` and gradient `g` are NumPy arrays, `state` is what is remembered
# for each parameter. AdaGrad's `s` never shrinks, so its steps get ever shorter; RMSProp forgets old
# gradients.

# %%
for kind in (torch.optim.SGD, torch.optim.Adagrad, torch.optim.RMSprop, torch.optim.Adam):
    show.source(kind.update)

# %% [markdown]
# Adam의 $m$과 $v$는 0에서 시작하므로 처음에는 너무 작습니다. $\hat{m} = m / (1 - \beta_1^t)$,
# $\hat{v} = v / (1 - \beta_2^t)$로 바로잡으면 첫걸음은 $\hat{m} / \sqrt{\hat{v}} = g / |g|$, 곧 기울기가 크든
# 작든 $\pm\eta$입니다.
#
# Adam's $m$ and $v$ start from 0 and are too small at first. $\hat{m} = m / (1 - \beta_1^t)$ and
# $\hat{v} = v / (1 - \beta_2^t)$ make it good, and the first step is $\hat{m} / \sqrt{\hat{v}} = g / |g|$:
# $\pm\eta$, be the gradient large or small.

# %%
w = torch.zeros(3, requires_grad=True)
w.grad = torch.tensor([1000.0, -1.0, 0.001])
torch.optim.Adam([w], lr=0.1).step()
print("Adam's first step:", w.detach().numpy())
assert torch.allclose(w.detach(), torch.tensor([-0.1, 0.1, -0.1]), rtol=1e-4)

# %% [markdown]
# ## 내 옵티마이저 · An optimizer of one's own
#
# `update` 하나로 새 옵티마이저를 만들 수 있습니다. Lion(Chen 등, 2023)은 부호만 씁니다.
#
# One `update` makes a new one. Lion (Chen et al. 2023) uses nothing but signs.


# %%
class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99)):
        super().__init__(params, {"lr": lr, "betas": betas})

    def start(self, p, group):
        return {"m": np.zeros_like(p)}

    def update(self, p, g, state, group):
        m, (beta1, beta2) = state["m"], group["betas"]
        p -= group["lr"] * np.sign(beta1 * m + (1 - beta1) * g)
        m += (1 - beta2) * (g - m)


# %% [markdown]
# ## 실험: 골짜기 · An experiment: the valley
#
# $f(x, y) = \frac{1}{20} x^2 + y^2$을 $(-7, 2)$에서 30걸음 내려갑니다. 『밑바닥부터 시작하는 딥러닝』 6장의
# 그림입니다.
#
# 30 steps down $f(x, y) = \frac{1}{20} x^2 + y^2$ from $(-7, 2)$.

# %%
RACERS = {
    "SGD": (torch.optim.SGD, {}, 0.95, 0.3),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}, 0.1, 0.1),
    "Nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}, 0.1, 0.1),
    "AdaGrad": (torch.optim.Adagrad, {}, 1.5, 0.03),
    "RMSProp": (torch.optim.RMSprop, {}, 0.3, 0.003),
    "Adam": (torch.optim.Adam, {}, 0.5, 0.01),
    "AdamW": (torch.optim.AdamW, {}, 0.5, 0.01),
    "Lion (ours)": (Lion, {}, 0.3, 0.001),
}
figure, axes = plt.subplots(2, 4, figsize=(13, 5), sharex=True, sharey=True, layout="constrained")
x, y = np.meshgrid(np.linspace(-8, 4, 150), np.linspace(-3, 3, 150))
for axis, (name, (make, options, lr, _)) in zip(axes.flat, RACERS.items()):
    place = torch.tensor([-7.0, 2.0], requires_grad=True)
    optimizer = make([place], lr=lr, **options)
    places = [place.tolist()]
    for _ in range(30):
        optimizer.zero_grad()
        (place[0] ** 2 / 20 + place[1] ** 2).backward()
        optimizer.step()
        places.append(place.tolist())
    axis.contour(x, y, x**2 / 20 + y**2, levels=np.geomspace(0.02, 12, 12), colors="#bbbbbb", linewidths=0.7)
    axis.plot(*np.transpose(places), ".-", linewidth=1, markersize=4)
    axis.plot(0, 0, "+", color="black")
    axis.set(title=name)
show.picture(figure, "09_valley")

# %% [markdown]
# ## 실험: 손글씨 숫자 · An experiment: handwritten digits
#
# 은닉층 세 개, 같은 초깃값, 같은 배치 순서입니다. 학습률은 옵티마이저마다 잘 맞는 것을 골랐습니다. 공정한
# 경주가 아니라는 뜻입니다. 학습률을 바꾸면 순위도 바뀝니다.
#
# Three hidden layers, the same initial weights and batches. Rates were chosen to suit each. That is to say
# the race is not fair: with other rates the order is another one.

# %%
images, labels = datasets.Digits(train=True).tensors()
data = images[:1000].flatten(1), labels[:1000]
test_x, test_y = datasets.Digits(train=False).tensors()
figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
ends = {}
for name, (make, options, _, lr) in RACERS.items():
    torch.manual_seed(0)
    hidden = [part for size in (64, 100, 100) for part in (nn.Linear(size, 100), nn.ReLU())]
    model = nn.Sequential(*hidden, nn.Linear(100, 10))
    optimizer = make(model.parameters(), lr=lr, **options)
    losses = []
    for _ in range(10):
        for rows in torch.randperm(1000).reshape(20, 50):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(data[0][rows]), data[1][rows])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    with torch.no_grad():
        accuracy = (model(test_x.flatten(1)).argmax(1) == test_y).float().mean().item()
    ends[name] = np.mean(losses[-20:])
    axis.plot(range(5, 200, 10), np.reshape(losses, (20, 10)).mean(1), label=name)
    print(f"{name:12} lr={lr:<6} training loss {ends[name]:.3f}, test accuracy {accuracy:.1%}")
axis.set(xlabel="step", ylabel="training loss, means of ten", yscale="log")
axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
show.picture(figure, "09_digits")
assert max(ends.values()) < 0.5 and ends["Adam"] < ends["SGD"]

# %% [markdown]
# ## 해 보기 · Try it
#
# 1. 모든 학습률을 10분의 1로, 그리고 3배로 해 보세요. 학습률에 가장 둔감한 옵티마이저는 무엇입니까?
# 2. 골짜기를 45도 돌리면($f = \frac{1}{20}(x+y)^2 + (x-y)^2$) 매개변수마다 학습률을 맞추는 방법도 여전히 곧장
#    갑니까?
#
# 1) Take a tenth of all rates, and three times as much. Which optimizer minds least?
# 2) Turn the valley by 45 degrees ($f = \frac{1}{20}(x+y)^2 + (x-y)^2$). Do adaptive methods still go
#    straight?
