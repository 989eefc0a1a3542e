# %% [markdown]
# # 0. 자동 미분 엔진 만들기 · An engine for automatic differentiation
#
# 신경망의 학습은 손실을 모든 가중치로 미분하는 일에서 시작합니다. 손으로 미분하는 대신, 계산을 하면서
# **무엇으로부터 어떻게** 계산했는지 기록해 두고, 끝에서부터 거꾸로 따라가며 연쇄 법칙을 적용합니다. 이것이
# 역전파입니다.
#
# Training a network begins with the derivative of the loss for every weight. Instead of deriving it on paper
# we record, while we compute, **from what and how** each value was computed, and then go back from the end
# with the chain rule. That is backpropagation.
#
# $y = f(x)$이고 뒤에서 $g = \partial L / \partial y$가 오면, $\partial L / \partial x = g \cdot f'(x)$입니다.
# 연산마다 이 한 줄만 알면 됩니다. · If $y = f(x)$ and $g = \partial L / \partial y$ arrives from behind, then
# $\partial L / \partial x = g \cdot f'(x)$: one line per operation is all there is to know.

# %%
import engine
import numpy as np
import show
from sklearn.datasets import load_digits

import tinygrad_kr as torch
from tinygrad_kr.autograd import walk
from tinygrad_kr.ops import arithmetic

# %% [markdown]
# ## 연산 하나 · One operation
#
# `engine.py`의 곱셈입니다. 결과와 함께 부모마다 규칙 하나를 남깁니다. `*`의 미분은 상대방을 곱하는 것입니다.
#
# Multiplication in `engine.py`: along with the result it leaves one rule per parent. The derivative of `*` is
# to multiply with the other one.

# %%
show.source(engine.Tensor.__mul__)

# %% [markdown]
# ## 거꾸로 걷기 · Walking back
#
# 결과에서 출발해 모든 조상을, 자식이 부모보다 먼저 오도록 방문합니다. 한 텐서가 여러 번 쓰였으면 기울기를
# **더합니다**. 브로드캐스팅된 축은 합으로 되돌립니다.
#
# From the result we visit all ancestors, children before parents. Where a tensor was used several times its
# gradients **add up**; axes that were broadcast are summed back.

# %%
show.source(engine.Tensor.backward)
show.source(engine.unbroadcast)

# %%
x = engine.Tensor([1.0, 2.0, 3.0])
y = (x * x + x.exp()).sum()
y.backward()
print(x.grad, "=", 2 * x.data + np.exp(x.data))

# %% [markdown]
# ## 유한 차분으로 확인하기 · Checking with finite differences
#
# 미분이 맞는지 아는 가장 확실한 방법입니다: 입력을 아주 조금 움직여 봅니다. 이 프레임워크의 모든 연산이
# 이렇게 검사됩니다.
#
# The surest way to know whether a derivative is right: move the input a little. Every operation of the
# framework is tested like this.

# %%
random = np.random.default_rng(0)
w, data = random.normal(size=(4, 3)), random.normal(size=(5, 4))


def loss(weights):
    return ((engine.Tensor(data) @ weights).tanh() ** 2).mean()


t = engine.Tensor(w)
loss(t).backward()
step = 1e-6
moved = np.zeros_like(w)
for place in np.ndindex(w.shape):
    d = np.zeros_like(w)
    d[place] = step
    moved[place] = (loss(engine.Tensor(w + d)).data - loss(engine.Tensor(w - d)).data) / (2 * step)
difference = np.abs(t.grad - moved).max()
print("largest difference:", difference)
assert difference < 1e-8

# %% [markdown]
# ## 학습 · Training
#
# 150줄짜리 엔진으로 손글씨 숫자를 학습합니다. · Handwritten digits, with 150 lines of engine.

# %%
digits = load_digits()
images, labels = digits.data / 16, digits.target
train_x, train_y, test_x, test_y = images[:1500], labels[:1500], images[1500:], labels[1500:]
w1, b1 = engine.Tensor(random.normal(size=(64, 32)) / 8), engine.Tensor(np.zeros(32))
w2, b2 = engine.Tensor(random.normal(size=(32, 10)) / 6), engine.Tensor(np.zeros(10))
optimizer = engine.SGD([w1, b1, w2, b2], lr=0.1, momentum=0.9)
for _ in range(10):
    for start in range(0, 1500, 50):
        x, y = engine.Tensor(train_x[start : start + 50]), train_y[start : start + 50]
        loss_ = engine.cross_entropy((x @ w1 + b1).relu() @ w2 + b2, y)
        loss_.backward()
        optimizer.step()
scores = (engine.Tensor(test_x) @ w1 + b1).relu() @ w2 + b2
accuracy = (scores.data.argmax(1) == test_y).mean()
print(f"loss {loss_.data:.3f}, test accuracy {accuracy:.1%}")
assert accuracy > 0.85

# %% [markdown]
# ## 진짜 엔진 · The real engine
#
# 같은 생각, 같은 한 줄입니다. 규칙의 **매개변수 이름**이 무엇을 저장할지 말해 줍니다: `g`는 들어온 기울기,
# `out`은 결과, 나머지는 인자입니다. 브로드캐스팅, dtype, 메모리, 2차 미분은 엔진이 한 번에 처리합니다.
#
# The same idea, the same lines. The **names** of a rule's parameters say what is saved: `g` is the gradient
# that arrives, `out` the result, the others are arguments. Broadcasting, dtypes, memory and higher orders are
# the engine's.

# %%
show.rules(arithmetic, "np.multiply", "np.add", "np.subtract")
print(walk.__doc__)

# %%
t = torch.tensor(w, requires_grad=True)
((torch.tensor(data) @ t).tanh() ** 2).mean().backward()
print("the real engine differs by", np.abs(t.grad.numpy() - moved).max())
assert np.abs(t.grad.numpy() - moved).max() < 1e-8

# %% [markdown]
# ## 해 보기 · Try it
#
# 1. `engine.py`에 `sigmoid`를 한 줄의 규칙으로 더해 보세요. 유한 차분과 맞습니까?
# 2. `backward`에서 기울기를 더하지 않고 덮어쓰면 위의 `x * x`는 어떻게 됩니까?
#
# 1) Add `sigmoid` to `engine.py` with a rule of one line. Does it agree with finite differences?
# 2) If `backward` overwrote gradients instead of adding them, what would become of `x * x` above?
