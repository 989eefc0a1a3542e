# %% [markdown]
# # 18. 순환 신경망 · Recurrent networks
#
# 글이나 소리처럼 **순서**가 있는 데이터는 한 걸음씩 읽습니다. 지금까지 읽은 것은 상태 $h$에 담아 다음
# 걸음으로 넘깁니다. 가중치는 모든 걸음이 함께 씁니다.
#
# What comes in an **order**, such as text or sound, is read step by step. The state $h$ carries what was read
# so far; all steps share the weights.
#
# $$\text{RNN: } h_t = \tanh(W x_t + U h_{t-1} + b)$$
# $$\text{LSTM: } c_t = f \odot c_{t-1} + i \odot g, \quad h_t = o \odot \tanh(c_t)$$
# $$\text{GRU: } h_t = (1 - z) \odot n + z \odot h_{t-1}$$
#
# 게이트 $f, i, o, r, z$는 0과 1 사이의 값으로, 무엇을 잊고 무엇을 새로 쓰고 무엇을 내보낼지 정합니다. · The
# gates $f, i, o, r, z$ lie between 0 and 1 and say what to forget, what to write and what to let out.

# %%
from pydoc_data.topics import topics

import numpy as np
import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn
from tinygrad_kr.ops import recurrence

plt = show.plt

# %% [markdown]
# ## 프레임워크의 코드 · The framework's code
#
# 빠른 버전은 커널에 있고, 옆에는 뜻을 그대로 적은 버전이 있습니다. 입력은 첫 걸음의 표본들, 그다음 둘째
# 걸음의 표본들 순서로 쌓은 행입니다.
#
# The fast form is in the kernels; beside it stands one that says what it means. Its input are rows: all
# samples of the first step, then those of the second, and so on.

# %%
show.source(recurrence.rnn_steps)
show.source(recurrence.lstm_steps)
show.source(recurrence.gru_steps)

# %%
torch.manual_seed(0)
lstm = nn.LSTM(5, 7)
x = torch.randn(6, 4, 5)  # (steps, samples, features)
with torch.no_grad():
    out, _ = lstm(x)
    state = np.zeros((4, 7), np.float32)
    weights = [w.detach().numpy() for w in lstm.parameters()]
    rows, _, _ = recurrence.lstm_steps(
        x.numpy().reshape(24, 5),
        state,
        state,
        *weights,
        None,
        sizes=[4] * 6,
        reverse=False,
        input_needed=False,
    )
assert np.allclose(rows.reshape(6, 4, 7), out.numpy(), atol=1e-6)

# %% [markdown]
# 층을 쌓고, 층 사이에 드롭아웃을 두고, 거꾸로 읽는 층을 나란히 둘 수도 있습니다. 두 방향의 출력은 이어
# 붙습니다. · Layers can be stacked, with dropout between them, and paired with layers that read backwards;
# the outputs of both directions are put side by side.

# %%
deep = nn.LSTM(5, 7, num_layers=2, dropout=0.2, bidirectional=True)
out, (h, c) = deep(x)
print("outputs", tuple(out.shape), "final states", tuple(h.shape))
assert out.shape == (6, 4, 2 * 7) and h.shape == c.shape == (2 * 2, 4, 7)

# %% [markdown]
# ## 기억은 얼마나 가는가 · How long does memory last
#
# 마지막 출력을 각 걸음의 입력으로 미분해 봅니다. 기울기는 걸음마다 거의 같은 행렬을 곱하면서 거슬러 갑니다.
# 그래서 지수적으로 **사라지거나** **폭발합니다**. LSTM의 $c$에는 걸음마다 $f$가 곱해질 뿐이어서, 망각
# 게이트가 1에 가까우면 기울기가 그대로 전해집니다.
#
# We differentiate the last output for the input of every step. On its way back the gradient is multiplied by
# nearly the same matrix at each step, and so **vanishes** or **explodes** exponentially. The $c$ of an LSTM
# is only multiplied by $f$: with a forget gate near 1 the gradient passes.


# %%
def sensitivity(layer, steps=50):
    """The norm of the last output's gradient for the input of every step."""
    torch.manual_seed(1)
    x = torch.randn(steps, 8, 16, requires_grad=True)
    layer(x)[0][-1].sum().backward()
    return x.grad.norm(dim=(1, 2)).numpy()


torch.manual_seed(0)
layers = {"RNN": nn.RNN(16, 64), "GRU": nn.GRU(16, 64), "LSTM": nn.LSTM(16, 64)}
layers["RNN, ReLU, U three times as large"] = nn.RNN(16, 64, nonlinearity="relu")
layers["LSTM, forget gate's bias 4"] = nn.LSTM(16, 64)
with torch.no_grad():
    layers["RNN, ReLU, U three times as large"].weight_hh_l0.mul_(3)
    layers["LSTM, forget gate's bias 4"].bias_hh_l0[64:128] = 4  # the gates' order is i, f, g, o
reach = {name: sensitivity(layer) for name, layer in layers.items()}
for name, norms in reach.items():
    print(f"{name:34} first step {norms[0]:.1e}, last step {norms[-1]:.1e}")
assert reach["RNN"][0] < 1e-8 < 1e-2 < reach["LSTM, forget gate's bias 4"][0]

# %% [markdown]
# 처음에는 LSTM도 RNN처럼 잊습니다. 게이트의 값이 절반쯤이어서 걸음마다 기억이 반으로 줄기 때문입니다. 오래
# 기억하려면 망각 게이트를 여는 법을 배우거나, 그 편향을 크게 하고 시작해야 합니다.
#
# At the start an LSTM forgets like an RNN: its gates are half open, and memory halves at each step. To
# remember it must learn to open the forget gate, or begin with a large bias there.
#
# ## 글자 예측하기 · Telling the next character
#
# 파이썬에 들어 있는 설명서를 읽으며 다음 글자를 예측합니다. 손실이 4.3이면 아무것도 모르는 것이고($\ln 75$),
# 2.0이면 후보를 $e^{2.0} \approx 7$글자로 줄인 셈입니다.
#
# The manual that comes with Python is read, and the next character told. A loss of 4.3 means to know nothing
# ($\ln 75$); 2.0, to have narrowed it down to $e^{2.0} \approx 7$ characters.

# %%
text = "\n".join(topics[name] for name in sorted(topics))[:200_000].lower()
letters = sorted(set(text))
tokens = torch.tensor([letters.index(letter) for letter in text])


class Reader(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.embedding = nn.Embedding(len(letters), 32)
        self.layer = layer(32, 64, batch_first=True)
        self.head = nn.Linear(64, len(letters))

    def forward(self, tokens):
        return self.head(self.layer(self.embedding(tokens))[0])


def learn(layer, optimizer, lr, max_norm, steps=150, length=48):
    """The loss of every step, and the gradient's norm before clipping."""
    torch.manual_seed(0)
    model = Reader(layer)
    step = optimizer(model.parameters(), lr=lr)
    losses, norms = [], []
    for _ in range(steps):
        places = torch.randint(0, len(tokens) - length - 1, (16, 1)) + torch.arange(length)
        step.zero_grad()
        loss = F.cross_entropy(model(tokens[places]).flatten(0, 1), tokens[places + 1].flatten())
        loss.backward()
        norms.append(nn.utils.clip_grad_norm_(model.parameters(), max_norm).item())
        step.step()
        losses.append(loss.item())
    return losses, norms


for layer in (nn.RNN, nn.GRU, nn.LSTM):
    losses, _ = learn(layer, torch.optim.Adam, 1e-2, max_norm=1.0)
    print(f"{layer.__name__:4}: loss {losses[0]:.2f} -> {np.mean(losses[-20:]):.2f}")

# %% [markdown]
# ## 기울기 클리핑 · Gradient clipping
#
# 이만큼만 학습하면 세 신경망의 차이는 작습니다. 그런데 기울기가 한 번 폭발하면 그때까지 배운 것이 날아갑니다.
# 기울기 전체의 크기가 한계를 넘으면 **방향은 그대로 두고** 길이만 줄입니다.
#
# After so few steps the three differ little. But one gradient that explodes, and all that was learned is
# lost. If the norm of all gradients together exceeds a limit, they are shortened, and their **direction
# kept**.

# %%
show.source(nn.utils.clip_grads_with_norm_)
runs = {
    name: learn(nn.RNN, torch.optim.SGD, 4.0, limit)
    for name, limit in (("clipped", 1.0), ("not clipped", 1e9))
}
for name, (losses, norms) in runs.items():
    print(f"{name:11}: largest norm {max(norms):5.1f}, final loss {np.mean(losses[-20:]):.2f}")
assert np.mean(runs["clipped"][0]) < np.mean(runs["not clipped"][0]) - 1

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.2), layout="constrained")
for name, norms in reach.items():
    left.semilogy(norms, label=name)
left.set(
    xlabel="step of the input (the output is at 49)", title="gradient of the last output", ylim=(1e-13, 1e6)
)
left.legend(fontsize=8, loc="lower right")
for name, (losses, _) in runs.items():
    right.plot(losses, label=name)
right.set(xlabel="training step", ylabel="cross-entropy", title="RNN, SGD with a learning rate of 4")
right.legend()
show.picture(figure, "18_recurrent")

# %% [markdown]
# ## 해 보기 · Try it
#
# 1. `learn(nn.LSTM, torch.optim.SGD, 4.0, 1e9)`도 폭발합니까? 왜 그럴까요?
# 2. 모든 기울기를 하나씩 $\pm 1$로 자르는 `clip_grad_value_`를 쓰면 무엇이 달라집니까?
#
# 1. Does `learn(nn.LSTM, torch.optim.SGD, 4.0, 1e9)` explode too, and why?
# 2. What is different with `clip_grad_value_`, which cuts each gradient to $\pm 1$ by itself?
