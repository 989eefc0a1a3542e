# %% [markdown]
# # 5. 최대 노름 제약 · The max-norm constraint
#
# 벌점은 가중치를 0 쪽으로 **끊임없이 당기고**, 최대 노름 제약은 넘지 말아야 할 **울타리**를 칩니다. 울타리
# 안에서는 아무 힘도 받지 않습니다. 옵티마이저가 한 걸음 뗄 때마다, 한 뉴런으로 들어오는 가중치 벡터의 길이가
# $r$을 넘으면 $r$로 줄입니다.
#
# A penalty **pulls** weights towards 0 all the time. The max-norm constraint is a **fence**: inside of it
# there is no pull at all. After each step of the optimizer, the vector of a unit's incoming weights is scaled
# back to length $r$ if it is longer.
#
# $$w \leftarrow w \cdot \min\left(1, \frac{r}{\lVert w \rVert_2}\right)$$
#
# 방향은 그대로이고 길이만 줄어듭니다. 뉴런 하나는 완전연결층에서는 출력 하나, 합성곱층에서는 출력 채널
# 하나입니다.
#
# The direction stays, the length shrinks. A unit is an output of a dense layer, or an output channel of a
# convolution.

# %%
import contextlib

import numpy as np
import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, regularization, train
from tinygrad_kr.vision import datasets

plt = show.plt

# %% [markdown]
# ## 프레임워크의 코드 · The framework's code
#
# 출력 차원만 남기고 나머지 모든 차원의 길이를 잽니다. 전치 합성곱만은 가중치의 차원 순서가 반대라 따로
# 다룹니다. `train.MaxNorm(r)`은 이 함수를 배치마다 부르는 콜백입니다.
#
# The norm is taken over all dimensions but the outputs'. Only transposed convolutions store them the other
# way round. `train.MaxNorm(r)` is a callback that calls this after every batch.

# %%
show.source(regularization.max_norm_)
show.source(train.MaxNorm)

# %%
torch.manual_seed(0)
for layer in (nn.Linear(3, 4), nn.Conv2d(2, 4, 3)):
    with torch.no_grad():
        layer.weight.mul_(torch.linspace(0.5, 4, 4).reshape(-1, *[1] * (layer.weight.dim() - 1)))
    before = layer.weight.detach().clone().flatten(1)
    regularization.max_norm_(layer, r=1.0)
    after = layer.weight.detach().flatten(1)
    print(type(layer).__name__, before.norm(dim=1).numpy().round(2), "->", after.norm(dim=1).numpy().round(2))
    assert bool((after.norm(dim=1) <= 1 + 1e-6).all())
    assert torch.allclose(F.cosine_similarity(before, after), torch.ones(4))

# %% [markdown]
# ## 실험: 큰 학습률 · An experiment: a large learning rate
#
# 드롭아웃 논문은 최대 노름을 함께 쓰면 학습률을 크게 잡을 수 있다고 합니다. 가중치가 한없이 커질 수 없기
# 때문입니다. 1장의 데이터(200장, 다섯에 하나는 틀린 레이블)로 확인해 봅시다.
#
# The dropout paper says that max-norm allows large learning rates, since weights cannot run away. Let us see,
# with the data of chapter 1: 200 digits, one label in five drawn at random.

# %%
images, labels = datasets.Digits(train=True).tensors()
test = datasets.Digits(train=False).tensors()
torch.manual_seed(0)
chosen = torch.randperm(len(images))[:200]
data = images[chosen], labels[chosen].clone()
data[1][::5] = torch.randint(0, 10, (40,))


class Lengths(train.Callback):
    """Notes the lengths of all units' weight vectors in the middle layer after every epoch."""

    def __init__(self):
        self.seen = []

    def on_epoch_end(self, run):
        _, middle, _ = (part for part in run.model if isinstance(part, nn.Linear))
        self.seen.append(middle.weight.detach().norm(dim=1).numpy())


def learn(r, lr, epochs=40):
    """Training accuracy, test accuracy, and the lengths (epochs, units)."""
    torch.manual_seed(1)
    hidden = [nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU()]
    model = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(256, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    lengths = Lengths()
    callbacks = [lengths] if r is None else [train.MaxNorm(r), lengths]
    with contextlib.suppress(train.DivergenceError), np.errstate(all="ignore"):  # a run may explode
        train.fit(
            model,
            F.cross_entropy,
            optimizer,
            data,
            epochs=epochs,
            batch_size=50,
            callbacks=callbacks,
            progress=False,
        )
    accuracies = [train.evaluate(model, one, metrics=["accuracy"])["accuracy"] for one in (data, test)]
    return *accuracies, np.array(lengths.seen)


found = {(r, lr): learn(r, lr) for lr in (0.1, 1.0) for r in (None, 1.0, 0.5)}
for (r, lr), (seen, unseen, lengths) in found.items():
    print(f"lr={lr}  r={r!s:4}  training {seen:.1%}  test {unseen:.1%}  longest {lengths[-1].max():.2f}")
assert found[0.5, 1.0][1] > 0.5 > 0.3 > found[None, 1.0][1]
assert all(lengths.max() <= r + 1e-5 for (r, _), (*_, lengths) in found.items() if r)

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
for r in (None, 1.0, 0.5):
    name = "no limit" if r is None else f"r = {r}"
    axes[0].plot(np.sort(found[r, 0.1][2][-1])[::-1], label=name)
    axes[1].plot(found[r, 1.0][2].max(1), label=name)
axes[0].set(
    title="learning rate 0.1", xlabel="unit, longest first", ylabel="length of incoming weights", ylim=0
)
axes[1].set(title="learning rate 1", xlabel="epoch", ylabel="longest", yscale="log")
axes[0].legend()
show.picture(figure, "05_max_norm")

# %% [markdown]
# 학습률이 1이면 울타리가 없을 때 가중치가 달아나 아무것도 배우지 못하지만, $r = 0.5$이면 배웁니다. 그렇다고
# 학습률 0.1보다 나은 것은 아닙니다. 학습률이 알맞을 때에는 $r$이 작을수록 틀린 레이블을 덜 외웁니다. 울타리가
# 너무 넓으면($r = 1$, 학습률 1) 아무 도움이 되지 않습니다.
#
# At a learning rate of 1 weights run away without a fence, and nothing is learned; with $r = 0.5$ something
# is, though no more than at a rate of 0.1. At a good rate, a smaller $r$ learns fewer of the wrong labels. A
# fence that is too wide ($r = 1$ at a rate of 1) does not help.
#
# ## 해 보기 · Try it
#
# 1. `r`을 0.1까지 줄이면 시험 정확도는 어떻게 됩니까? 가장 좋은 `r`은 얼마입니까?
# 2. 같은 실험에 드롭아웃을 더해 보세요. 둘을 함께 쓰는 것이 하나만 쓰는 것보다 낫습니까?
#
# 1) What becomes of the test accuracy on the way to an `r` of 0.1? Which `r` is best?
# 2) Add dropout. Are both together better than either alone?
