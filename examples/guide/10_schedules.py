# %% [markdown]
# # 10. 학습률 스케줄 · Learning-rate schedules
#
# 학습률이 크면 빨리 가지만 최솟값 둘레를 맴돌고, 작으면 정확하지만 느립니다. 그래서 처음에는 크게, 나중에는
# 작게 합니다. 이것을 에폭에 따라 정해 둔 것이 스케줄입니다.
#
# A large learning rate is fast but circles around the minimum, a small one is precise but slow. So we begin
# large and end small; a schedule says how, epoch by epoch.
#
# | | $\eta_t$ |
# | --- | --- |
# | 구간별 고정 · piecewise constant | $\eta_0 \gamma^k$, $k$개의 이정표를 지났을 때 · after $k$ milestones |
# | 지수 · exponential | $\eta_0 \gamma^t$ |
# | 거듭제곱 · power | $\eta_0 / (1 + t/s)^c$ |
# | 코사인 · cosine | $\frac{1}{2} \eta_0 (1 + \cos \pi t / T)$ |
# | 1사이클 · one cycle | $\eta_0$까지 올렸다가 0 가까이 내림 · up to $\eta_0$, then nearly to 0 |
# | 성능 기반 · performance-based | 검증 손실이 나아지지 않으면 줄임 · less when it stops improving |

# %%
import math

import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train
from tinygrad_kr.optim import lr_scheduler as schedules
from tinygrad_kr.vision import datasets

plt = show.plt

# %% [markdown]
# ## 프레임워크의 코드 · The framework's code
#
# 스케줄러는 옵티마이저의 `param_groups`에 있는 `lr`을 바꿀 뿐입니다. `change`는 지금의 학습률에 곱할 수이고
# `factor`는 처음부터 지금까지 곱한 수입니다. 지금 값에 곱하는 방식이라서 스케줄러를 겹쳐 쓸 수 있습니다.
#
# All that a scheduler does is to set `lr` in the optimizer's `param_groups`. `change` is what the present
# rate is multiplied by, `factor` what it has been multiplied by since the start. Since they work on the
# present rate, schedulers can be combined.

# %%
show.source(schedules.MultiStepLR.change)
show.source(schedules.PowerLR.factor)
show.source(schedules.PowerLR.change)
show.source(schedules.ReduceLROnPlateau.step)

# %% [markdown]
# ## 순서 · The order
#
# `optimizer.step()` 다음에 `scheduler.step()`입니다. 거꾸로 하면 첫 학습률을 한 번도 쓰지 못하므로 경고가
# 나옵니다.
#
# First `optimizer.step()`, then `scheduler.step()`. The other way round the first rate is never used; there
# is a warning.


# %%
EPOCHS = 28


def rates(make, epochs=EPOCHS, lr=0.5):
    """The rate of every epoch."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler, used = make(optimizer, epochs), []
    for _ in range(epochs):
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return used


SCHEDULES = {
    "constant": lambda opt, n: schedules.LambdaLR(opt, lambda epoch: 1.0),
    "piecewise": lambda opt, n: schedules.MultiStepLR(opt, [n // 2, 3 * n // 4], gamma=0.1),
    "exponential": lambda opt, n: schedules.ExponentialLR(opt, 0.01 ** (1 / n)),
    "power": lambda opt, n: schedules.PowerLR(opt, step_size=n / 10),
    "cosine": lambda opt, n: schedules.CosineAnnealingLR(opt, n),
    "warm restarts": lambda opt, n: schedules.CosineAnnealingWarmRestarts(opt, n // 7, T_mult=2),
    "one cycle": lambda opt, n: schedules.OneCycleLR(
        opt, opt.param_groups[0]["lr"], total_steps=n + 1, cycle_momentum=False
    ),
    "warm-up, cosine": lambda opt, n: schedules.SequentialLR(
        opt,
        [schedules.LinearLR(opt, 0.1, total_iters=n // 8), schedules.CosineAnnealingLR(opt, n - n // 8)],
        milestones=[n // 8],
    ),
}
for epoch, lr in enumerate(rates(SCHEDULES["power"])):
    assert math.isclose(lr, 0.5 / (1 + epoch / 2.8))
for epoch, lr in enumerate(rates(SCHEDULES["cosine"])):
    assert math.isclose(lr, 0.25 * (1 + math.cos(math.pi * epoch / EPOCHS)), abs_tol=1e-12)

# %% [markdown]
# ## 실험: 맴돌기 · An experiment: circling
#
# 숫자 그림 500장의 레이블 가운데 다섯에 하나를 아무 숫자로나 바꾸고, 층이 하나뿐인 신경망(소프트맥스 회귀)을
# 학습합니다. 손실이 아래로 볼록해서 최솟값은 하나뿐이고, 틀린 레이블 때문에 0이 될 수 없습니다. 미니배치의
# 기울기는 배치마다 다른 쪽을 가리키므로, 학습률이 줄지 않으면 그 최솟값 둘레를 맴돕니다.
#
# One label in five of 500 digits is drawn at random, and a network of a single layer (softmax regression)
# learns them. Its loss is convex and has one minimum, which the wrong labels keep from being 0. The gradients
# of mini-batches point this way and that, so without a falling rate we circle around it.
#
# 성능 기반 스케줄은 검증 손실을 보아야 하므로 `train.Schedule` 콜백이 에폭마다 건네줍니다. · The
# performance-based schedule has to see the validation loss; the callback `train.Schedule` passes it on after
# every epoch.

# %%
torch.manual_seed(0)
images, labels = datasets.Digits(train=True).tensors()
data = images[:500], labels[:500].clone()
data[1][::5] = torch.randint(0, 10, (100,))
validation = images[500:800], labels[500:800]
SCHEDULES["plateau"] = lambda opt, n: schedules.ReduceLROnPlateau(opt, factor=0.3, patience=2)


def learn(make, lr=0.5):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.8)
    return train.fit(
        model,
        F.cross_entropy,
        optimizer,
        data,
        epochs=EPOCHS,
        batch_size=20,
        validation=validation,
        metrics=["accuracy"],
        callbacks=[train.Schedule(make(optimizer, EPOCHS))],
        progress=False,
    )


found = {name: learn(make) for name, make in SCHEDULES.items()}
end = {name: sum(history["loss"][-5:]) / 5 for name, history in found.items()}
for name, history in found.items():
    accuracy = history["val_accuracy"][-1]
    print(f"{name:15} training loss {end[name]:.3f} (last five epochs), validation accuracy {accuracy:.1%}")
assert all(loss < 0.95 * end["constant"] for name, loss in end.items() if name != "constant")

# %%
figure, axes = plt.subplots(3, 3, figsize=(11, 6.5), sharex=True, sharey=True, layout="constrained")
for axis, (name, history) in zip(axes.flat, found.items()):
    axis.fill_between(range(1, EPOCHS + 1), history["lr"], color="#2a6fbb", alpha=0.25, step="mid")
    axis.set(title=name, ylim=(0, 0.55))
    loss = axis.twinx()
    loss.plot(range(1, EPOCHS + 1), history["loss"], color="#e07b39")
    loss.set(ylim=(0.7, 1.8))
    if axis is axes[1, 2]:
        loss.set_ylabel("training loss (line)", color="#e07b39")
for axis in axes[-1]:
    axis.set_xlabel("epoch")
axes[1, 0].set_ylabel("learning rate (filled)", color="#2a6fbb")
show.picture(figure, "10_schedules")

# %% [markdown]
# 학습률을 줄이기만 하면 어떤 스케줄이든 맴돌기를 멈춥니다. 학습률이 떨어지는 순간 손실도 따라 떨어지는 것이
# piecewise와 plateau에서 잘 보입니다. 그런데 훈련 손실이 가장 낮은 스케줄이 검증 정확도도 가장 높은 것은
# 아닙니다. 끝까지 내려가면 틀린 레이블도 그만큼 더 배우기 때문입니다.
#
# Any schedule stops the circling, as long as the rate falls: with piecewise and plateau one sees the loss
# drop at the moment that the rate does. But the lowest training loss is not the highest validation accuracy:
# who goes all the way down learns more of the wrong labels.
#
# ## 해 보기 · Try it
#
# 1. 배치 크기를 20에서 500(전체)으로 늘리면 스케줄이 없어도 맴돌지 않습니다. 왜 그럴까요?
# 2. `SequentialLR`로 워밍업(warm-up) 다음에 `PowerLR`이 오는 스케줄을 만들어 보세요.
#
# 1) With batches of 500, all of the data, there is no circling even at a constant rate. Why?
# 2) Make a schedule with a warm-up followed by `PowerLR`, with `SequentialLR`.
