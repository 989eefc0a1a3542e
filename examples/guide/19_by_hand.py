# %% [markdown]
# # 19. 손으로 하는 역전파 · Backpropagation by hand
#
# 마지막 장에서는 두 가지를 확인합니다. 은닉층이 하나뿐인 신경망도 어떤 곡선이든 원하는 만큼 가깝게 따라갈 수
# 있다는 것(**보편 근사 정리**), 그리고 종이 위에서 구한 기울기가 엔진의 기울기와 같다는 것입니다.
#
# Two things are checked in this last chapter: that a network with a single hidden layer can follow any curve
# as closely as we like (the **universal approximation theorem**), and that gradients derived on paper are the
# engine's.

# %%
import numpy as np
import show
from sklearn.datasets import load_sample_image

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn
from tinygrad_kr.ops import linear, trigonometry

plt = show.plt

# A real curve: the mean brightness of every row of a photograph, from top to bottom.
brightness = load_sample_image("china.jpg").mean((1, 2))
y = ((brightness - brightness.mean()) / brightness.std())[:, None]
x = np.linspace(-1, 1, len(y))[:, None]

# %% [markdown]
# ## 보편 근사: 학습 없이 만들기 · Universal approximation, without training
#
# ReLU 하나는 한 점에서 꺾이는 직선입니다. 꺾이는 점 $k_i$마다 ReLU를 하나씩 두고, 기울기가 바뀐 만큼을
# 가중치로 주면 곡선 위의 점들을 잇는 꺾은선이 됩니다. 점을 늘리면 얼마든지 가까워집니다. 입력이 하나일 때는
# 이것이 증명의 전부입니다.
#
# A ReLU is a line with one bend. Put one at every knot $k_i$ and let its weight be the change of slope there:
# the network is the broken line through points of the curve. More knots, and it comes as close as we like.
# With one input, that is the proof.
#
# $$\hat y(x) = y_0 + \sum_{i=0}^{n-1} (s_i - s_{i-1})\,\mathrm{ReLU}(x - k_i),
#   \qquad s_i = \frac{y_{i+1} - y_i}{k_{i+1} - k_i}, \quad s_{-1} = 0$$


# %%
def constructed(units):
    """A network of ReLUs whose weights are written down, not learned."""
    knots = np.linspace(-1, 1, units + 1)
    values = np.interp(knots, x[:, 0], y[:, 0])
    slopes = np.diff(values) / np.diff(knots)
    model = nn.Sequential(nn.Linear(1, units), nn.ReLU(), nn.Linear(units, 1)).double()
    with torch.no_grad():
        model[0].weight.fill_(1)
        model[0].bias.copy_(torch.tensor(-knots[:-1]))
        model[2].weight.copy_(torch.tensor(np.diff(slopes, prepend=0)[None]))
        model[2].bias.fill_(values[0])
        return model(torch.tensor(x)).numpy()


errors = {units: ((constructed(units) - y) ** 2).mean() for units in (2, 4, 8, 16, 32, 64, 128, 426)}
print("mean squared error by hidden units:", {units: f"{error:.1e}" for units, error in errors.items()})
assert list(errors.values()) == sorted(errors.values(), reverse=True) and errors[426] < 1e-20

# %% [markdown]
# ## 종이 위의 역전파 · Backpropagation on paper
#
# 이번에는 $\tanh$ 신경망 $\hat y = h W_2^\top + b_2$, $h = \tanh(x W_1^\top + b_1)$를 학습합니다. 손실은
# $L=\frac1n\sum(\hat y-y)^2$입니다. 연쇄 법칙을 뒤에서부터 적용합니다.
#
# Now a network with $\tanh$ is trained: $\hat y = h W_2^\top + b_2$ with $h = \tanh(x W_1^\top + b_1)$, and
# the loss $L=\frac1n\sum(\hat y-y)^2$. The chain rule, from the back:
#
# $$\delta_2 = \frac{\partial L}{\partial \hat y} = \frac2n (\hat y - y) \qquad
#   \frac{\partial L}{\partial W_2} = \delta_2^\top h \qquad \frac{\partial L}{\partial b_2} = \sum \delta_2$$
# $$\delta_1 = (\delta_2 W_2) \odot (1 - h^2) \qquad
#   \frac{\partial L}{\partial W_1} = \delta_1^\top x \qquad \frac{\partial L}{\partial b_1} = \sum \delta_1$$
#
# $1 - h^2$은 $\tanh$의 미분입니다. · $1 - h^2$ is the derivative of $\tanh$.


# %%
def forward(w, x):
    h = np.tanh(x @ w["w1"].T + w["b1"])
    return h @ w["w2"].T + w["b2"], h


def gradients(w, x, y):
    """The lines above, in NumPy."""
    out, h = forward(w, x)
    d2 = 2 / len(y) * (out - y)
    d1 = (d2 @ w["w2"]) * (1 - h**2)
    return {"w1": d1.T @ x, "b1": d1.sum(0), "w2": d2.T @ h, "b2": d2.sum(0)}


def weights(units, seed=0):
    random = np.random.default_rng(seed)
    w1 = random.uniform(-8, 8, (units, 1))
    bends = random.uniform(-1, 1, units)  # where each tanh is steepest: all over the curve
    w2 = random.normal(size=(1, units)) / np.sqrt(units)
    return {"w1": w1, "b1": -w1[:, 0] * bends, "w2": w2, "b2": np.zeros(1)}


# %% [markdown]
# ## 엔진과 비교하기 · Against the engine
#
# 엔진에는 연산마다 규칙이 하나씩 있고, 위의 식들이 거기에 그대로 있습니다.
#
# The engine has one rule for each operation, and the lines above stand there.

# %%
show.rules(linear, "affine")
show.rules(trigonometry, "np.tanh")

w = weights(16)
mine = gradients(w, x, y)
t = {name: torch.tensor(value, requires_grad=True) for name, value in w.items()}
h = torch.tanh(F.linear(torch.tensor(x), t["w1"], t["b1"]))
loss = F.mse_loss(F.linear(h, t["w2"], t["b2"]), torch.tensor(y))
loss.backward()


def numerical(name, place, step=1e-6):
    """One partial derivative by finite differences."""
    losses = []
    for sign in (1, -1):
        moved = {key: value.copy() for key, value in w.items()}
        moved[name][place] += sign * step
        losses.append(np.mean((forward(moved, x)[0] - y) ** 2))
    return (losses[0] - losses[1]) / (2 * step)


for name, value in mine.items():
    found = np.array([numerical(name, place) for place in np.ndindex(value.shape)]).reshape(value.shape)
    engine, finite = np.abs(t[name].grad.numpy() - value).max(), np.abs(found - value).max()
    print(f"{name}: differs from the engine by {engine:.1e}, from finite differences by {finite:.1e}")
    assert engine < 1e-13 and finite < 1e-7

# %% [markdown]
# ## 손으로 구한 기울기로 학습하기 · Training with one's own gradients


# %%
def trained(units, steps=3000, momentum=0.9):
    w, lr = weights(units), 0.5 / (units + 10)
    speed = {name: np.zeros_like(value) for name, value in w.items()}
    for _ in range(steps):
        for name, g in gradients(w, x, y).items():
            speed[name] = momentum * speed[name] - lr * g
            w[name] += speed[name]
    return forward(w, x)[0]


figure, axes = plt.subplots(1, 4, figsize=(13, 3), sharey=True, layout="constrained")
for axis, units in zip(axes, (2, 4, 16, 64)):
    fits = {"constructed": constructed(units), "trained": trained(units)}
    axis.plot(x, y, color="#bbbbbb", linewidth=4, label="photograph")
    for (name, fit), colour in zip(fits.items(), ("#e07b39", "#2a6fbb")):
        axis.plot(x, fit, color=colour, label=name)
    errors = {name: np.mean((fit - y) ** 2) for name, fit in fits.items()}
    print(
        f"{units:3} units, mean squared error:", {name: float(round(one, 4)) for name, one in errors.items()}
    )
    axis.set(title=f"{units} hidden units")
axes[0].legend(fontsize=8)
show.picture(figure, "19_by_hand")

# %% [markdown]
# ## 알아낸 것 · What came out
#
# 은닉 뉴런이 적을 때는 학습한 신경망이 훨씬 낫습니다. 꺾이는 자리까지 스스로 고르기 때문입니다. 64개일 때는
# 손으로 만든 쪽이 더 정확합니다. 정리는 그런 가중치가 **있다**고 말할 뿐, 경사 하강법이 **찾는다**고는 말하지
# 않습니다. 경사 하강법은 매끄러운 곡선을 먼저 배우고, 가느다란 굴곡은 아주 늦게 배웁니다. 과대적합을 늦추는
# 고마운 성질이기도 합니다.
#
# With few units the trained network is far better: it also chooses where to bend. With 64 the constructed one
# is closer. The theorem says that such weights **exist**, not that gradient descent **finds** them. Gradient
# descent learns the smooth part of a curve first and its small wiggles very late, which also delays
# overfitting.
#
# ## 해 보기 · Try it
#
# 1. $\tanh$를 ReLU로 바꾸려면 `forward`와 `gradients`에서 어느 줄을 고쳐야 합니까? 유한 차분으로 확인해
#    보세요.
# 2. 손실을 교차 엔트로피로 바꾸면 $\delta_2$는 무엇이 됩니까? (17장)
#
# 1. Which lines of `forward` and `gradients` change if $\tanh$ becomes ReLU? Check with finite differences.
# 2. With cross-entropy for the loss, what is $\delta_2$? (Chapter 17)
