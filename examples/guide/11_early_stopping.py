# %% [markdown]
# # 11. 조기 종료 · Early stopping
#
# 훈련 손실은 학습할수록 줄어들지만, **검증 손실**은 어느 순간부터 다시 커집니다. 신경망이 규칙을 배우기를
# 마치고 훈련 데이터를 외우기 시작하는 순간, 곧 과대적합이 시작되는 순간입니다. 조기 종료는 에폭마다 검증
# 손실을 재어 가장 좋았던 가중치를 보관해 두고, `patience` 에폭 동안 더 나아지지 않으면 학습을 멈추고 보관해
# 둔 가중치로 되돌립니다.
#
# The training loss goes on falling, but the **validation loss** turns at some point and rises: the network
# has learned the rule and begins to learn its examples by heart. Early stopping measures the validation loss
# after every epoch, keeps the weights of the best one, stops when there has been no better one for `patience`
# epochs, and puts the best weights back.
#
# $$t^* = \arg\min_t L_{\text{val}}(w_t), \qquad \text{stop at } t^* + \text{patience}$$

# %%
import tempfile
from pathlib import Path

import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train
from tinygrad_kr.vision import datasets

plt = show.plt

# %% [markdown]
# ## 프레임워크의 코드 · The framework's code
#
# `BestSnapshot`이 가장 좋은 에폭을 기억하고, `EarlyStopping`은 거기에 기다린 에폭을 세는 일만 더합니다.
# `value == value`는 NaN이 아닌지 묻는 말입니다. NaN은 자기 자신과도 같지 않습니다.
#
# `BestSnapshot` remembers the best epoch; `EarlyStopping` adds no more than counting the epochs waited.
# `value == value` asks whether it is not NaN, which does not equal even itself.

# %%
show.source(train.BestSnapshot.on_epoch_end)
show.source(train.EarlyStopping.on_epoch_end)

# %% [markdown]
# ## 실험: 끝까지 학습하면 · An experiment: training to the end
#
# 숫자 그림 150장의 레이블 가운데 다섯에 하나를 일부러 틀리게 바꿉니다. 틀린 레이블에는 규칙이 없으므로 외울
# 수밖에 없습니다. 검증 데이터와 시험 데이터의 레이블은 그대로 둡니다.
#
# Of 150 digits one label in five is made wrong on purpose. Wrong labels follow no rule: they can only be
# learned by heart. The labels of validation and test data stay as they are.

# %%
torch.manual_seed(0)
images, labels = datasets.Digits(train=True).tensors()
test = datasets.Digits(train=False).tensors()
order = torch.randperm(len(images))
data = images[order[:150]], labels[order[:150]].clone()
validation = images[order[150:450]], labels[order[150:450]]
data[1][::5] = (data[1][::5] + torch.randint(1, 10, (30,))) % 10


def learn(callback, epochs=150):
    """Train a dense network; with it come the figures of all its epochs."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    history = train.fit(
        model,
        F.cross_entropy,
        optimizer,
        data,
        epochs=epochs,
        validation=validation,
        callbacks=[callback],
        progress=False,
    )
    return model, history


snapshot = train.BestSnapshot(restore=False)  # watches, but interferes with nothing
last, history = learn(snapshot)
print(f"epoch {snapshot.best_epoch:3}: validation loss {snapshot.best:.3f}")
print(f"epoch {history.epochs - 1:3}: validation loss {history['val_loss'][-1]:.3f}")

# %% [markdown]
# ## 실험: 제때 멈추면 · An experiment: stopping in time
#
# 같은 시드이므로 처음부터 같은 길을 갑니다. 다른 것은 멈춘다는 것과 되돌린다는 것뿐입니다. 가장 좋은 가중치는
# 파일로도 저장되므로, 도중에 컴퓨터가 꺼져도 남습니다.
#
# With the same seed it goes the same way from the start; it only stops, and goes back. The best weights are
# in a file as well, and would survive a crash.

# %%
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "best.pt"
    stopping = train.EarlyStopping(patience=15, path=path)
    stopped, shorter = learn(stopping)
    saved = torch.load(path)
print("stopped:", shorter.stopped)
assert shorter["val_loss"] == history["val_loss"][: shorter.epochs]
assert all(torch.equal(value, saved[name]) for name, value in stopped.state_dict().items())
restored = train.evaluate(stopped, validation, F.cross_entropy)["loss"]
assert abs(restored - min(shorter["val_loss"])) < 1e-6

# %%
measured = {}
for name, model in (("last epoch", last), ("early stopping", stopped)):
    found = train.evaluate(model, test, F.cross_entropy, metrics=["accuracy"])
    measured[name] = found
    print(f"{name:15} test loss {found['loss']:.3f}, accuracy {found['accuracy']:.1%}")
assert measured["early stopping"]["loss"] < measured["last epoch"]["loss"]

# %%
figure, axis = plt.subplots(figsize=(7, 4))
axis.plot(history["loss"], label="training loss")
axis.plot(history["val_loss"], label="validation loss")
axis.axvline(stopping.best_epoch, color="#3a8f5c", linestyle="--", label="best epoch, restored")
axis.axvline(shorter.epochs - 1, color="#777777", linestyle=":", label="stopped")
axis.set(xlabel="epoch", ylabel="cross-entropy", ylim=(0, None))
axis.legend()
show.picture(figure, "11_early_stopping")

# %% [markdown]
# 검증 손실로 멈출 때를 골랐으니, 그 검증 손실은 조금 낙관적인 값입니다. 그래서 마지막 성적은 한 번도 고르는
# 데 쓰지 않은 시험 데이터로 잽니다.
#
# The validation loss chose the moment, so its minimum is a little too good to be true. That is why the final
# figure comes from test data that chose nothing.
#
# ## 해 보기 · Try it
#
# 1. `patience`를 1로 하면 언제 멈춥니까? 검증 손실이 한 번 흔들린 것과 정말 커지기 시작한 것을 어떻게 구별할
#    수 있을까요?
# 2. `monitor="val_accuracy"`로 바꾸고 `fit`에 `metrics=["accuracy"]`를 주세요. 손실이 나빠지는 동안 정확도도
#    나빠집니까?
#
# 1. When does it stop with a `patience` of 1? How could one tell a wobble of the validation loss from the
#    turn?
# 2. Watch `monitor="val_accuracy"`, with `metrics=["accuracy"]` in `fit`. Does accuracy get worse while the
#    loss does?
