# %% [markdown]
# # 4. 가중치 감소: L1, L2, Lp · Penalties on weights: L1, L2, Lp
#
# 과대적합한 신경망은 대개 가중치가 큽니다. 입력이 조금만 달라져도 출력이 크게 달라져야 훈련 데이터의 잡음까지
# 맞출 수 있기 때문입니다. 그래서 가중치가 커지는 만큼 손실에 벌점을 더합니다.
#
# Networks that overfit tend to have large weights: to fit even the noise of its training data, the output has
# to change a lot where the input changes a little. So we add to the loss what large weights shall cost.
#
# $$L = L_0 + \lambda \sum_i |w_i|^p$$
#
# $$\frac{\partial L}{\partial w} = \frac{\partial L_0}{\partial w} + \lambda p\, |w|^{p-1} \text{sign}(w)$$
#
# - $p = 2$ (L2): 당기는 힘이 $2\lambda w$로 가중치에 비례합니다. 큰 가중치는 세게 당기지만 작은 것은 거의
#   그대로 둡니다. 교과서는 $\frac{1}{2} \lambda \sum w^2$로 써서 힘을 $\lambda w$로 만듭니다.
# - $p = 1$ (L1): 힘이 크기와 상관없이 $\lambda$입니다. 작은 가중치는 0까지 끌려갑니다.
# - 편향과 정규화 층의 $\gamma, \beta$에는 벌점을 주지 않습니다.
#
# * $p = 2$ (L2): the pull is $2\lambda w$, in proportion to the weight: strong on large ones, next to nothing
#   on small ones. Textbooks write $\frac{1}{2} \lambda \sum w^2$, which makes it $\lambda w$.
# * $p = 1$ (L1): the pull is $\lambda$ whatever the size. Small weights are drawn all the way to 0.
# * Biases, and $\gamma$ and $\beta$ of norm layers, are left alone.

# %%
import numpy as np
import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, regularization
from tinygrad_kr.vision import datasets

plt = show.plt

# %% [markdown]
# ## 프레임워크의 코드 · The framework's code

# %%
show.source(regularization.weights)
show.source(regularization.penalty)

# %%
layer = nn.Linear(3, 1, bias=False)
with torch.no_grad():
    layer.weight.copy_(torch.tensor([[2.0, -0.5, 0.1]]))
for p in (1, 2, 3):
    (gradient,) = torch.autograd.grad(regularization.penalty(layer, 0.1, p=p), layer.weight)
    print(f"p={p}: the pull on 2, -0.5, 0.1 is", gradient.numpy().round(4))
    w = layer.weight.detach()
    assert torch.allclose(gradient, 0.1 * p * w.abs() ** (p - 1) * w.sign())

# %% [markdown]
# ## 실험: 가중치의 모양 · An experiment: what weights look like
#
# L1을 손실에 더하면 많은 가중치가 0 **근처**로 가지만 정확히 0이 되지는 않습니다. 한 걸음의 크기가 정해져
# 있어서 0을 건너뛰기 때문입니다. 정확히 0으로 만들려면 걸음마다 $\lambda \cdot lr$만큼 줄이되 0에서 멈춥니다.
# `F.softshrink`가 그 일을 합니다(근접 경사법).
#
# L1 as a term of the loss brings many weights **near** 0, but none to exactly 0: a step of fixed size jumps
# over it. For exact zeros shrink every weight by $\lambda \cdot lr$ after each step, and stop at 0; that is
# `F.softshrink` (the proximal gradient method).

# %%
images, labels = datasets.Digits(train=True).tensors()
x, y = images[:400].flatten(1), labels[:400]
test_x, test_y = datasets.Digits(train=False).tensors()


def learn(penalty=None, shrink=0.0, lr=0.2, steps=600):
    """Full-batch descent; the first layer's weights and the test accuracy."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.5)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        if penalty:
            loss = loss + regularization.penalty(model, *penalty)
        loss.backward()
        optimizer.step()
        if shrink:
            with torch.no_grad():
                for _, w in regularization.weights(model):
                    w.copy_(F.softshrink(w, shrink * lr))
    with torch.no_grad():
        accuracy = (model(test_x.flatten(1)).argmax(1) == test_y).float().mean().item()
    return model[0].weight.detach().numpy(), accuracy


found = {
    "no penalty": learn(),
    "L2": learn((2e-3, 2)),
    "L1": learn((1e-3, 1)),
    "L1, proximal": learn(shrink=1e-3),
    "L3": learn((5e-3, 3)),
}
print("               exactly 0   |w| < 0.001   largest   test accuracy")
for name, (w, accuracy) in found.items():
    zero, small = np.mean(w == 0), np.mean(np.abs(w) < 1e-3)
    print(f"{name:13} {zero:10.1%} {small:13.1%} {np.abs(w).max():9.2f} {accuracy:15.1%}")
share = {name: (np.mean(w == 0), np.mean(np.abs(w) < 1e-3)) for name, (w, _) in found.items()}
assert share["L1"][1] > 5 * share["L2"][1] and share["L1"][0] < 0.01 < share["L1, proximal"][0]

# %%
figure, axes = plt.subplots(1, 5, figsize=(13, 2.8), sharey=True, layout="constrained")
for axis, (name, (w, _)) in zip(axes, found.items()):
    axis.hist(w.ravel(), bins=61, range=(-0.6, 0.6))
    axis.set(title=name, xlabel="weight", yscale="log", ylim=(0.7, 5000))
axes[0].set_ylabel("how many")
show.picture(figure, "04_weight_penalties")

# %% [markdown]
# L1은 뾰족한 봉우리를 만들고, L2는 큰 가중치를 줄여 고르게 하고, L3은 큰 가중치를 아예 허락하지 않습니다.
# 시험 정확도는 서로 몇 장 차이입니다. 레이블이 옳은 이 데이터에서는 벌점이 정확도를 높여 주지 않습니다. 대신
# L1은 첫 층 가중치의 3분의 2를 버리고도 거의 같은 정확도를 냅니다.
#
# L1 makes a sharp peak, L2 evens large weights out, and L3 allows none at all. Test accuracies are a few
# images apart: with right labels a penalty gains nothing here. But L1 throws two thirds of the first layer's
# weights away and is nearly as good.
#
# ## 옵티마이저 속의 가중치 감소 · Weight decay inside the optimizer
#
# SGD에서는 $\frac{1}{2}\lambda \sum w^2$를 손실에 더하는 것과 `weight_decay=λ`가 같은 일입니다. Adam에서는
# 다릅니다. 기울기에 더한 $\lambda w$도 $\sqrt{v}$로 나뉘어, 기울기가 큰 가중치일수록 **덜** 줄어듭니다.
# AdamW는 가중치를 직접 $(1 - lr \cdot \lambda)$배 하므로 모두 똑같이 줄어듭니다.
#
# For SGD, adding $\frac{1}{2}\lambda \sum w^2$ to the loss and `weight_decay=λ` are one thing. For Adam they
# are not: the $\lambda w$ in the gradient is divided by $\sqrt{v}$ as well, so weights with large gradients
# shrink **less**. AdamW multiplies the weights themselves with $(1 - lr \cdot \lambda)$: all shrink alike.

# %%
show.source(torch.optim.Adam.update)

# %%
decayed, penalized = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
one = torch.optim.SGD([decayed], lr=0.1, weight_decay=0.3)
two = torch.optim.SGD([penalized], lr=0.1)
for _ in range(10):
    for w, optimizer, extra in ((decayed, one, 0), (penalized, two, 0.3)):
        optimizer.zero_grad()
        (w.sin().sum() + extra / 2 * (w**2).sum()).backward()
        optimizer.step()
assert torch.allclose(decayed, penalized)

# %%
torch.manual_seed(0)
scale = torch.tensor([0.01, 1.0, 100.0])  # gradients are noise of these sizes around 0: only decay remains
for make in (torch.optim.Adam, torch.optim.AdamW):
    w = nn.Parameter(torch.ones(3))
    optimizer = make([w], lr=1e-3, weight_decay=0.1)
    for _ in range(5000):
        w.grad = scale * torch.randn(3)
        optimizer.step()
    print(f"{make.__name__:6} after 5,000 steps:", w.detach().numpy().round(2), "  (decay alone: 0.61)")
    spread = (w.max() - w.min()).item()
    assert spread > 0.5 if make is torch.optim.Adam else spread < 0.5

# %% [markdown]
# ## 해 보기 · Try it
#
# 1. L1의 λ를 열 배로 하면 몇 퍼센트가 0이 되고, 정확도는 얼마나 떨어집니까?
# 2. `regularization.penalty(model, λ, select=lambda name, w: True)`로 편향에도 벌점을 줘 보세요. 편향에는 왜
#    주지 않을까요?
#
# 1) With ten times the λ, how many weights become 0, and what does it cost in accuracy?
# 2) Penalise biases as well, with `regularization.penalty(model, λ, select=lambda name, w: True)`. Why are
#    they usually left out?
