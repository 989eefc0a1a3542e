# %% [markdown]
# # 13. 전이 학습 · Transfer learning
#
# 신경망의 앞쪽 층은 선과 모서리처럼 어디에나 쓸모 있는 특징을 배우고, 마지막 층은 그 문제만의 답을 배웁니다.
# 그래서 다른 문제에서 학습한 앞쪽 층을 가져와 **동결**하고(학습하지 않게 하고) 마지막 층만 새로 학습하면,
# 데이터가 적어도 됩니다.
#
# The first layers of a network learn what is useful everywhere, such as strokes and corners; the last one
# learns the answers to one question. So we take the first layers from a network that was trained on another
# question, **freeze** them, and train a new head alone: few data will do.
#
# 여기서는 숫자 0부터 4까지 배운 신경망으로 5부터 9까지를 배웁니다. 5부터 9까지는 레이블이 있는 그림이
# 숫자마다 두 장뿐입니다. · Here a network that has learned the digits 0 to 4 goes on to 5 to 9, of which only
# two each have a label.

# %%
import tempfile
import time
from pathlib import Path

import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, safetensors, train, transfer
from tinygrad_kr.vision import datasets

plt = show.plt


# %%
def network():
    features = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(),
    )  # fmt: skip
    return nn.Sequential(features, nn.Linear(32 * 16, 5))


def fit(model, parameters, data, epochs):
    optimizer = torch.optim.Adam(parameters, lr=2e-3)
    train.fit(model, F.cross_entropy, optimizer, data, epochs=epochs, progress=False)


def accuracy(model):
    return train.evaluate(model, test, metrics=["accuracy"])["accuracy"]


torch.manual_seed(0)
images, labels = datasets.Digits(train=True).tensors()
test_images, test_labels = datasets.Digits(train=False).tensors()
test = test_images[test_labels >= 5], test_labels[test_labels >= 5] - 5
low, high = labels < 5, labels >= 5
source = network()
fit(source, source.parameters(), (images[low], labels[low]), epochs=5)

# %% [markdown]
# ## 저장하고 가져오기 · Saving and taking over
#
# 파일은 PyTorch의 `torch.save`와 같은 형식이고, safetensors로도 쓰고 읽습니다. `load_matching`은 이름과
# 모양이 맞는 것만 가져오고, 무엇을 가져왔는지 알려 줍니다.
#
# The file has the format of PyTorch's `torch.save`; safetensors are read and written too. `load_matching`
# takes whatever agrees in name and shape, and says what that was.

# %%
with tempfile.TemporaryDirectory() as folder:
    torch.save(source.state_dict(), Path(folder) / "0-4.pt")
    state = torch.load(Path(folder) / "0-4.pt")
    safetensors.save_file(source.state_dict(), Path(folder) / "0-4.safetensors")
    same = safetensors.load_file(Path(folder) / "0-4.safetensors")
assert all(torch.equal(value, same[name]) for name, value in state.items())
model = network()
taken = transfer.load_matching(model[0], state, prefix="0.")
print(f"taken over: {len(taken.loaded)} of {len(state)}; left: {taken.unused}")
transfer.replace_head(model, outputs=5)

# %% [markdown]
# ## 동결 · Freezing
#
# 기울기를 끄는 것만으로는 모자랍니다. 배치 정규화의 이동 평균은 기울기 없이도 변하기 때문입니다. 그래서
# `freeze`는 통계량도 함께 멈춥니다.
#
# Turning gradients off is not enough: the running statistics of batch normalisation change without any. So
# `freeze` stops them as well.

# %%
show.source(transfer.freeze)
transfer.freeze(model[0])
print("trainable:", [name for name, w in model.named_parameters() if w.requires_grad])

# %% [markdown]
# ## 특징은 한 번만 · Features, once
#
# 동결한 층은 같은 그림에 늘 같은 값을 냅니다. 그러니 한 번만 계산해 두고 마지막 층만 학습하면 됩니다. 결과는
# **똑같고** 시간만 줄어듭니다.
#
# Frozen layers give the same values for the same image every time. So compute them once, and train the head
# on them: the **same** result, in less time.

# %%
show.source(transfer.cache_features)

# %%
many = images[high], labels[high] - 5
cached_head = nn.Linear(32 * 16, 5)
cached_head.load_state_dict(model[1].state_dict())
began = time.perf_counter()
torch.manual_seed(1)
fit(model, model[1].parameters(), many, epochs=5)
middle = time.perf_counter()
torch.manual_seed(1)
fit(cached_head, cached_head.parameters(), transfer.cache_features(model[0], many), epochs=5)
ended = time.perf_counter()
difference = (cached_head.weight - model[1].weight).abs().max().item()
print(f"{middle - began:.2f} s against {ended - middle:.2f} s, weights differ by {difference:.1e}")
assert difference < 1e-4

# %% [markdown]
# ## 실험: 그림 열 장 · An experiment: ten images
#
# 처음부터 학습한 것, 동결하고 마지막 층만 학습한 것, 그 뒤에 동결을 풀어 앞쪽 층은 **더 작은 학습률로** 미세
# 조정한 것을 비교합니다.
#
# Compared are training from scratch; the head on frozen features; and, after that, everything unfrozen and
# fine-tuned, the first layers at a **smaller learning rate**.

# %%
found = {"from scratch": [], "frozen": [], "fine-tuned": []}
groups = transfer.layerwise_lr(network(), 2e-3, decay=0.1)
print("learning rates:", [(group["name"], group["lr"]) for group in groups])
for seed in range(5):
    torch.manual_seed(seed)
    order = torch.randperm(len(images))
    two = torch.cat([order[labels[order] == digit][:2] for digit in range(5, 10)])
    few = images[two], labels[two] - 5
    scratch = network()
    fit(scratch, scratch.parameters(), few, epochs=40)
    found["from scratch"].append(accuracy(scratch))
    model = network()
    transfer.load_matching(model[0], state, prefix="0.")
    transfer.freeze(model[0])
    fit(model[1], model[1].parameters(), transfer.cache_features(model[0], few), epochs=40)
    found["frozen"].append(accuracy(model))
    transfer.unfreeze(model)
    fit(model, transfer.layerwise_lr(model, 2e-3, decay=0.1), few, epochs=20)
    found["fine-tuned"].append(accuracy(model))
ways = list(found)
table = 100 * torch.tensor([found[name] for name in ways])  # (ways, seeds)
for name, values in zip(ways, table):
    print(f"{name:13} {values.mean():.1f} % ± {values.std():.1f}")
assert table[1].mean() > table[0].mean()

# %%
figure, axis = plt.subplots(figsize=(6, 4))
axis.plot(ways, table.numpy(), color="#bbbbbb", marker="o")
axis.plot(ways, table.mean(1).numpy(), color="#2a6fbb", marker="o", linewidth=3, label="mean")
axis.set(ylabel="test accuracy on 5 to 9, %", title="ten labelled images, five draws")
axis.legend(loc="lower right")
show.picture(figure, "13_transfer")

# %% [markdown]
# 전이가 도움이 되지만 차이는 뽑힌 그림에 따른 흩어짐과 비슷합니다. 미세 조정은 동결보다 낫지 않습니다. 그림이
# 열 장뿐일 때는 가중치를 더 많이 풀어 줄수록 외울 여지도 커집니다. 레이블이 많아지면 처음부터 학습한 신경망이
# 따라잡습니다(`examples/transfer_digits.py`).
#
# Transfer helps, though by no more than the spread between draws. Fine-tuning is no better than freezing:
# with ten images, every weight set free is one more to learn by heart with. With more labels the network from
# scratch catches up (`examples/transfer_digits.py`).
#
# ## 해 보기 · Try it
#
# 1. 숫자마다 스무 장씩으로 늘려 보세요. 어느 쪽이 이깁니까?
# 2. `transfer.freeze(model[0], statistics=False)`로 하면 학습하는 동안 무엇이 변합니까?
#
# 1. Take twenty images of each digit. Which way wins?
# 2. With `transfer.freeze(model[0], statistics=False)`, what changes during training?
