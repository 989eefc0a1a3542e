# %% [markdown]
# # 6. 배치 정규화 · Batch normalisation
#
# 학습이 진행되면 앞 층의 가중치가 바뀌고, 뒤 층으로 들어가는 값의 분포도 따라 바뀝니다. 배치 정규화는 층마다
# 값을 미니배치의 평균과 분산으로 정규화하고, 학습되는 $\gamma$와 $\beta$로 다시 늘이고 옮깁니다.
#
# While a network learns, the weights of its first layers change, and with them the distribution of what
# enters the later ones. Batch norm standardises values with the mean and variance of the mini-batch, then
# stretches and shifts them with $\gamma$ and $\beta$, which are learned.
#
# $$\mu = \frac{1}{N} \sum_i x_i, \quad \sigma^2 = \frac{1}{N} \sum_i (x_i - \mu)^2$$
#
# $$\hat{x} = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \quad y = \gamma \hat{x} + \beta$$
#
# 평가할 때에는 배치의 통계 대신, 학습하는 동안 모아 둔 **이동 평균**을 씁니다. 그래야 예제 하나의 예측이 함께
# 들어온 다른 예제에 좌우되지 않습니다.
#
# Evaluation uses **running** statistics, gathered in training, instead of the batch's: the prediction for one
# example must not depend on which others come with it.
#
# $$\mu_{run} \leftarrow (1 - m)\, \mu_{run} + m\, \mu$$
#
# $$\sigma^2_{run} \leftarrow (1 - m)\, \sigma^2_{run} + m\, \frac{N}{N-1} \sigma^2$$

# %%
import numpy as np
import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, transfer
from tinygrad_kr.ops import normalization
from tinygrad_kr.vision import datasets

plt = show.plt

# %% [markdown]
# ## 프레임워크의 코드 · The framework's code
#
# 뜻은 앞의 세 함수가 전부이고, `update`는 이동 평균을 옮깁니다. 실제로는 한 번에 계산하는 빠른 커널이 돌고,
# 2차 미분은 이 정의를 미분합니다. $\mu$와 $\sigma^2$도 $x$의 함수이므로 기울기는 그곳으로도 흐릅니다.
#
# The first three functions are all of its meaning, and `update` moves the running statistics. What runs is a
# fused kernel; second derivatives differentiate this definition. $\mu$ and $\sigma^2$ are functions of $x$
# too, so gradients flow through them.

# %%
show.source(normalization.batch_norm_meaning)
show.source(normalization.standardized)
show.source(normalization.scaled_and_shifted)
show.source(normalization.update)

# %% [markdown]
# ## 손으로 확인하기 · By hand
#
# 정규화에는 N으로 나눈 분산을, 이동 평균에는 N-1로 나눈 분산을 씁니다. PyTorch와 같습니다.
#
# The variance that normalises is divided by N, the one for the running estimate by N - 1, as in PyTorch.

# %%
torch.manual_seed(0)
x = 3 * torch.randn(8, 2) + 5
layer = nn.BatchNorm1d(2, momentum=0.1)
y = layer(x)
by_hand = (x - x.mean(0)) / (x.var(0, correction=0) + layer.eps).sqrt()
assert torch.allclose(y, by_hand, atol=1e-5)
assert torch.allclose(layer.running_mean, 0.1 * x.mean(0))
assert torch.allclose(layer.running_var, 0.9 * torch.ones(2) + 0.1 * x.var(0, correction=1))
print("batch mean", y.mean(0).detach().numpy().round(4), "running mean", layer.running_mean.numpy().round(3))
alone = layer.eval()(x[:1])
assert torch.allclose(alone, layer(x)[:1])  # in evaluation the others do not matter

# %% [markdown]
# ## 실험: 초깃값에 덜 민감합니다 · An experiment: less sensitive to the start
#
# 『밑바닥부터 시작하는 딥러닝』 6장의 실험을 따라 해 봅니다. 가중치 초깃값의 표준편차를 바꾸어 가며 다섯
# 층짜리 신경망을 학습합니다. 배치 정규화는 활성화 함수 앞이나 뒤에 둡니다.
#
# Five layers are trained from initial weights of various standard deviations, with batch norm before or
# behind the activation, or none.

# %%
images, labels = datasets.Digits(train=True).tensors()
inputs, labels = images[:1000].flatten(1), labels[:1000]
PLACES = ("none", "before ReLU", "behind ReLU")


def learn(place, std, lr=0.1, epochs=6):
    """The training loss of every step."""
    torch.manual_seed(0)
    layers = []
    for size in (64, 64, 64, 64, 64):
        dense = nn.Linear(size, 64)
        nn.init.normal_(dense.weight, 0, std)
        layers.append(dense)
        layers += [nn.BatchNorm1d(64)] * (place == "before ReLU")
        layers.append(nn.ReLU())
        layers += [nn.BatchNorm1d(64)] * (place == "behind ReLU")
    model = nn.Sequential(*layers, nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = []
    with np.errstate(all="ignore"):  # a run that explodes is part of the experiment
        for _ in range(epochs):
            for rows in torch.randperm(1000).reshape(20, 50):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(inputs[rows]), labels[rows])
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
    return losses


STDS = (0.01, 0.05, 0.18, 0.5, 1.0)
found = {(place, std): learn(place, std) for std in STDS for place in PLACES}
print("std of the weights  ", *(f"{std:>7}" for std in STDS))
end = {key: np.mean(losses[-20:]) for key, losses in found.items()}
for place in PLACES:
    print(f"loss, {place:14}", *(f"{end[place, std]:7.3f}" for std in STDS))
assert all(end[place, std] < 1.5 for place in PLACES[1:] for std in STDS)
assert end["none", 0.01] > 2 and not end["none", 1.0] < 2

# %%
figure, axes = plt.subplots(1, 5, figsize=(15, 3), sharey=True, layout="constrained")
for axis, std in zip(axes, STDS):
    for place in PLACES:
        axis.plot(found[place, std], label=place, linewidth=1)
    axis.set(title=f"initial weights N(0, {std}²)", xlabel="step", yscale="log", ylim=(0.01, 20))
axes[0].set_ylabel("training loss")
axes[-1].legend(title="batch norm", loc="lower left")
show.picture(figure, "06_batch_norm")

# %% [markdown]
# 배치 정규화가 없으면 초깃값이 작을 때 아무것도 배우지 못하고, 클 때는 폭발합니다. 있으면 모두 배웁니다.
# ReLU의 앞이냐 뒤냐는 그만큼 중요하지 않습니다. 초깃값이 알맞으면(0.18, He) 배치 정규화 없이도 배웁니다.
#
# 초깃값이 크면 배치 정규화가 있어도 느립니다. 가중치를 $c$배 해도 정규화한 값은 그대로이니 기울기는 $1/c$배가
# 되고, 그런 걸음이 $c$배 큰 가중치를 움직여야 하기 때문입니다.
#
# Without it, nothing is learned from small weights, and large ones explode; with it, all runs learn. Before
# or behind ReLU matters less. From good weights (0.18, He's) the network learns without it.
#
# From large weights it is slow even with batch norm. Weights $c$ times as large give the same normalised
# values, so gradients are $1/c$ as large, and such steps have to turn weights that are $c$ times as long.
#
# ## 얼리기 · Freezing
#
# 미세 조정에서 층을 얼릴 때 `requires_grad`만 끄면 이동 평균은 계속 바뀝니다. `transfer.freeze`는 통계까지
# 얼립니다.
#
# To freeze a layer for fine-tuning, `requires_grad = False` is not enough: running statistics still move.
# `transfer.freeze` holds these as well.

# %%
model = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1))
for how in ("requires_grad only", "transfer.freeze"):
    if how == "transfer.freeze":
        transfer.freeze(model)
    else:
        model.requires_grad_(False)
    before = model[0].running_mean.clone()
    model.train()(x)
    moved = not torch.equal(before, model[0].running_mean)
    print(f"{how:18} statistics moved: {moved}")
    assert moved == (how == "requires_grad only")

# %% [markdown]
# ## 해 보기 · Try it
#
# 1. 배치 크기를 50에서 2로 줄이면 손실 곡선은 어떻게 됩니까? 왜 그럴까요?
# 2. 배치 정규화 바로 앞의 층에는 편향이 필요 없습니다. 왜 그런지 식으로 보여 보세요.
#
# 1) What becomes of the curves with batches of 2 instead of 50, and why?
# 2) A layer right before batch norm needs no bias. Show it with the formula.
