# %% [markdown]
# # 8. 기울기 클리핑 · Gradient clipping
#
# 순환 신경망(RNN)은 같은 가중치 $W$를 시각마다 곱합니다. 기울기가 $T$ 시각을 거슬러 올라가면 $W$가 $T$번
# 곱해집니다.
#
# A recurrent network multiplies with the same weights $W$ at every time step. On its way back through $T$
# steps, the gradient meets $W$ that many times.
#
# $$\frac{\partial h_T}{\partial h_0} = \prod_{t=1}^{T} \text{diag}\big(\phi'(u_t)\big)\, W$$
#
# 한 시각에 1.4배면 60시각 뒤에는 6억 배에 가깝습니다. 기울기 **소실**은 구조(LSTM, GRU)와 초깃값으로
# 다스리고, 기울기 **폭발**은 간단히 막을 수 있습니다. 너무 긴 기울기를 짧게 자르면 됩니다.
#
# A factor of 1.4 per step makes nearly 600 million in 60 steps. **Vanishing** gradients call for structure
# (LSTM, GRU) and good initial weights; **exploding** ones have a simple remedy: cut a gradient short if it is
# too long.
#
# $$g \leftarrow g \cdot \min\left(1, \frac{c}{\lVert g \rVert}\right)$$

# %%
import math
from pydoc_data.topics import topics

import numpy as np
import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn

plt = show.plt

# %% [markdown]
# ## 프레임워크의 코드 · The framework's code
#
# 모든 매개변수의 기울기를 이어 붙인 **하나의 벡터**로 보고 노름을 잽니다. 그래서 방향이 그대로입니다.
# 돌려주는 값은 자르기 **전**의 노름이니 기록해 두면 언제 폭발하는지 알 수 있습니다.
#
# The norm is that of **one vector**, all gradients of all parameters together; so the direction stays. What
# is returned is the norm **before** clipping: keep it, and you see when gradients explode.

# %%
show.source(nn.utils.get_total_norm)
show.source(nn.utils.clip_grads_with_norm_)
show.source(nn.utils.clip_grad_norm_)

# %% [markdown]
# 원소마다 자르는 `clip_grad_value_`는 방향을 바꿉니다. · `clip_grad_value_` cuts each element by itself, and
# the direction changes.

# %%
for clip, name in ((nn.utils.clip_grad_norm_, "by norm"), (nn.utils.clip_grad_value_, "by value")):
    w = nn.Parameter(torch.zeros(2))
    w.grad = torch.tensor([30.0, 1.0])
    before = w.grad.clone()
    clip([w], 1.0)
    cosine = F.cosine_similarity(before, w.grad, dim=0).item()
    print(f"{name:8} [30, 1] -> {w.grad.numpy().round(3)}, cosine of the angle {cosine:.3f}")
    assert (cosine > 0.9999) == (name == "by norm")

# %% [markdown]
# ## 실험: 시간을 거슬러 가는 기울기 · An experiment: gradients on their way back
#
# 파이썬 도움말의 글을 RNN에 읽히고, 마지막 글자의 손실에서 시각마다 $\partial L / \partial h_t$의 크기를
# 잽니다. $W$는 직교 행렬의 $\rho$배입니다. ReLU가 절반쯤을 꺼서 한 시각에 대략 $\rho / \sqrt{2}$배가 됩니다.
#
# An RNN reads the texts behind Python's `help()`; from the loss of the last character we measure
# $\partial L / \partial h_t$ at each step. $W$ is $\rho$ times an orthogonal matrix. ReLU switches about half
# of the units off, which leaves roughly $\rho / \sqrt{2}$ per step.

# %%
text = "\n".join(topics[name] for name in sorted(topics))[:60_000]
letters = sorted(set(text))
number = {letter: place for place, letter in enumerate(letters)}
data = torch.tensor([number[letter] for letter in text])
WIDTH = 64


def through_time(rho, steps=60):
    """The norm of the loss's gradient for the hidden state of each step."""
    torch.manual_seed(0)
    embedding, cell = nn.Embedding(len(letters), WIDTH), nn.RNNCell(WIDTH, WIDTH, nonlinearity="relu")
    head = nn.Linear(WIDTH, len(letters))
    nn.init.orthogonal_(cell.weight_hh, gain=rho)
    h, states = torch.zeros(1, WIDTH), []
    for letter in data[:steps]:
        h = cell(embedding(letter[None]), h)
        states.append(h)
    loss = F.cross_entropy(head(states[-1]), data[steps : steps + 1])
    return [one.norm().item() for one in torch.autograd.grad(loss, states)][::-1]


back = {rho: through_time(rho) for rho in (1.0, math.sqrt(2), 2.0)}
for rho, norms in back.items():
    print(f"rho={rho:.2f}: the gradient of 59 steps ago is {norms[-1] / norms[0]:.2g} times the last one's")
assert back[1.0][-1] < 1e-3 * back[1.0][0] and back[2.0][-1] > 1e3 * back[2.0][0]

# %% [markdown]
# ## 실험: 클리핑과 함께 학습하기 · An experiment: training with clipping
#
# 다음 글자를 맞히도록 SGD로 학습합니다. 40글자를 거슬러 가므로, 학습률이 1이면 한 번의 폭발로 모든 가중치를
# 잃습니다.
#
# SGD learns to tell the next character, back through 40. At a learning rate of 1 a single explosion destroys
# all weights.

# %%


def learn(max_norm, lr=1.0, steps=200, length=40):
    """The loss and the gradient's norm of each step."""
    torch.manual_seed(0)
    embedding, head = nn.Embedding(len(letters), WIDTH), nn.Linear(WIDTH, len(letters))
    rnn = nn.RNN(WIDTH, WIDTH, nonlinearity="relu", batch_first=True)
    nn.init.orthogonal_(rnn.weight_hh_l0)
    model = nn.ModuleList([embedding, rnn, head])
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses, norms = [], []
    for _ in range(steps):
        piece = data[torch.randint(0, len(data) - length - 1, (16, 1)) + torch.arange(length + 1)]
        optimizer.zero_grad()
        hidden, _ = rnn(embedding(piece[:, :-1]))
        loss = F.cross_entropy(head(hidden).flatten(0, 1), piece[:, 1:].flatten())
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        losses.append(loss.item())
        norms.append(norm.item())
    return losses, norms


with np.errstate(all="ignore"):  # the run without clipping explodes
    found = {max_norm: learn(max_norm) for max_norm in (math.inf, 1.0)}
for max_norm, (losses, norms) in found.items():
    end = np.mean(losses[-20:])
    print(f"max_norm={max_norm:3}: loss at the end {end:.2f}, largest norm {np.nanmax(norms):.0f}")
assert np.mean(found[1.0][0][-20:]) < 2.5 and not found[math.inf][0][-1] < 2.5

# %%
figure, axes = plt.subplots(1, 2, figsize=(10.5, 3.8), layout="constrained")
for rho, norms in back.items():
    axes[0].plot(norms, label=f"ρ = {rho:.2f}")
axes[0].set(yscale="log", xlabel="steps back in time", ylabel="norm of the gradient", title="through time")
axes[0].legend()
for (max_norm, (losses, norms)), colour in zip(found.items(), ("#e07b39", "#2a6fbb")):
    name = "no clipping" if max_norm == math.inf else f"clipped to {max_norm:g}"
    axes[1].plot(norms, color=colour, alpha=0.5, linewidth=1, linestyle="--")
    axes[1].plot(losses, color=colour, label=name)
axes[1].set(yscale="log", xlabel="step", title="loss (line), norm of the gradient (dashed)")
axes[1].legend()
show.picture(figure, "08_gradient_clipping")

# %% [markdown]
# 클리핑은 폭발을 없애지 않습니다. 노름은 여전히 천을 넘기기도 합니다. 다만 그때의 걸음이 짧아서 다음 걸음에
# 돌아올 수 있습니다.
#
# Clipping does not remove explosions: the norm still jumps beyond a thousand. But that step is short, and the
# next ones make it good.
#
# ## 해 보기 · Try it
#
# 1. 클리핑 없이도 학습되는 학습률은 얼마까지입니까? 그 학습률로 200번 학습한 손실은 클리핑을 한 것과 견주어
#    어떻습니까?
# 2. `nn.RNN`을 `nn.LSTM`으로 바꾸면(`nonlinearity`는 빼고) 노름은 얼마나 커집니까?
#
# 1) Which learning rates do without clipping, and how does the loss after 200 steps compare?
# 2) How large do norms become with `nn.LSTM` in place of `nn.RNN` (and no `nonlinearity`)?
