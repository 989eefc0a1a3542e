# %% [markdown]
# # 12. 데이터 증강 · Data augmentation
#
# 숫자를 조금 돌리거나 옮겨도 여전히 같은 숫자입니다. 이 사실은 사람에게는 당연하지만 신경망은 모릅니다.
# 그래서 훈련할 때마다 그림을 무작위로 조금씩 바꾸어 보여 줍니다. 데이터가 적을 때 과대적합을 줄이는 가장
# 확실한 방법이라고들 합니다. 정말 그런지 재어 봅니다.
#
# A digit turned or moved a little is still the same digit. People take that for granted; a network does not
# know it. So every time it sees an image, we change the image a little, at random. With few data this is said
# to be the surest way against overfitting. We shall measure it.
#
# 회전, 확대, 이동은 모두 2×3 행렬 하나로 씁니다. 결과의 픽셀 $(x, y)$마다 원래 그림의 **어디에서** 값을
# 가져올지 정합니다. · Turning, scaling and moving are one 2×3 matrix, which says **from where** in the image
# each pixel $(x, y)$ of the result is taken:
#
# $$\begin{pmatrix} x' \\ y' \end{pmatrix} =
#   \begin{pmatrix} s\cos\varphi & -s\sin\varphi & t_x \\ s\sin\varphi & s\cos\varphi & t_y \end{pmatrix}
#   \begin{pmatrix} x \\ y \\ 1 \end{pmatrix}$$

# %%
import math

import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, regularization, train
from tinygrad_kr.vision import datasets, transforms

plt = show.plt

# %% [markdown]
# ## 아핀 변환 · Affine maps
#
# `affine_grid`가 가져올 자리를 계산하고, `grid_sample`이 그 자리의 값을 이웃한 네 픽셀에서 보간합니다. 좌표는
# 그림의 크기와 상관없이 $-1$에서 $1$까지입니다. 그림마다 다른 행렬을 쓰면서도 배치 전체를 한 번에 계산합니다.
#
# `affine_grid` computes the places, `grid_sample` interpolates between the four pixels around each.
# Coordinates go from $-1$ to $1$ whatever the size. Every image has a matrix of its own, and the whole batch
# is one call.


# %%
def moved(images, degrees=15.0, shift=0.7, scale=0.1):
    """Turn, move (by pixels) and scale every image (N, C, H, W) at random."""
    count, size = len(images), images.shape[-1]
    angle = math.radians(degrees) * (2 * torch.rand(count) - 1)
    s = 1 + scale * (2 * torch.rand(count) - 1)
    t = shift * 2 / size * (2 * torch.rand(count, 2) - 1)  # a pixel is 2 / size wide
    rows = [
        torch.stack([s * angle.cos(), -s * angle.sin(), t[:, 0]], 1),
        torch.stack([s * angle.sin(), s * angle.cos(), t[:, 1]], 1),
    ]
    grid = F.affine_grid(torch.stack(rows, 1), images.shape, align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def noisy(images):
    return images + 0.15 * torch.randn_like(images)


def contrasted(images):
    """Another contrast and another brightness for every image."""
    contrast, brightness = 0.6 + 0.8 * torch.rand(2, len(images), 1, 1, 1)
    return contrast * images + (brightness - 1) / 2


def erased(images):
    return regularization.cutout(images, size=3)


def flipped(images):
    return torch.where(torch.rand(len(images), 1, 1, 1) < 0.5, images.flip(-1), images)


# %% [markdown]
# ## 지우기와 섞기 · Erasing and blending
#
# 컷아웃은 그림의 네모난 부분을 지워서 한 가지 단서에만 기대지 못하게 합니다. mixup은 그림 두 장을
# $\lambda:(1-\lambda)$로 섞고 **레이블도 같은 비율로** 섞습니다.
#
# Cutout covers a square, so that no single clue can be relied on. Mixup blends two images, and **their labels
# by the same share** $\lambda$.

# %%
show.source(regularization.mixup)

# %%
torch.manual_seed(0)
images, labels = datasets.Digits(train=True).tensors()
test = datasets.Digits(train=False).tensors()
WAYS = {"moved": moved, "noise": noisy, "contrast": contrasted, "cutout": erased, "flip": flipped}
figure, axes = plt.subplots(len(WAYS) + 2, 10, figsize=(8, 5))
blends = lambda batch: regularization.mixup(batch, labels[:10], alpha=1.0, classes=10)[0]  # noqa: E731
for row, (name, way) in zip(axes, {"original": lambda same: same, **WAYS, "mixup": blends}.items()):
    for axis, image in zip(row, way(images[:10])[:, 0]):
        axis.imshow(image.numpy(), cmap="gray_r", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, rotation=0, ha="right", va="center")
show.picture(figure, "12_augmentation")

# %% [markdown]
# ## 그림 하나씩 · One image at a time
#
# 데이터가 커서 배치로 만들어 두지 못할 때는 데이터셋이 그림을 꺼낼 때 변형합니다. `transforms`의 이름과
# 동작은 torchvision과 같습니다. 같은 시드에서는 같은 변형이, 다음에 꺼낼 때는 새로운 변형이 나옵니다.
# `DataLoader`의 작업자들은 시드가 서로 달라서 같은 변형을 되풀이하지 않습니다.
#
# Where data are too large to lie ready as batches, the dataset changes an image when it is fetched.
# `transforms` has torchvision's names and meaning. The same seed gives the same change, the next time a new
# one; the workers of a `DataLoader` have seeds of their own and repeat nothing.

# %%
change = transforms.Compose([transforms.ToTensor(), transforms.RandomCrop(8, padding=1)])
changed = datasets.Digits(transform=change)
torch.manual_seed(3)
first, second = changed[2][0], changed[2][0]
torch.manual_seed(3)
assert torch.equal(changed[2][0], first) and not torch.equal(first, second)

# %% [markdown]
# ## 실험 · An experiment
#
# 숫자 100장으로 학습합니다. 시험은 두 번 봅니다: 원래 그림으로, 그리고 돌리고 옮긴 그림으로. 변형은 배치가
# 신경망에 들어가기 직전에 콜백이 합니다.
#
# 100 digits to learn from, and two tests: the images as they are, and turned and moved. A callback changes
# each batch just before it goes into the network.


# %%
class Augment(train.Callback):
    def __init__(self, way):
        self.way = way

    def on_batch_start(self, run):
        run.inputs = self.way(run.inputs)


def accuracies(callbacks, seed):
    """Test accuracy, and that on changed test images, of a CNN trained with the callbacks."""
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 10)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    chosen = torch.randperm(len(images))[:100]
    data = images[chosen], labels[chosen]
    size = {"epochs": 50, "batch_size": 50}
    train.fit(model, F.cross_entropy, optimizer, data, **size, callbacks=callbacks, progress=False)
    return [train.evaluate(model, (x, test[1]), metrics=["accuracy"])["accuracy"] for x in (test[0], harder)]


torch.manual_seed(0)
harder = moved(test[0])
found = {}
for name, callbacks in {
    "nothing": [],
    **{name: [Augment(way)] for name, way in WAYS.items()},
    "mixup": [train.Mixup(classes=10)],
}.items():
    found[name] = torch.tensor([accuracies(callbacks, seed) for seed in range(2)]).mean(0).tolist()
    print(f"{name:8}  test {found[name][0]:.1%}   turned and moved {found[name][1]:.1%}")
assert found["moved"][1] > found["nothing"][1] + 0.05
assert found["flip"][0] < found["nothing"][0]

# %% [markdown]
# ## 알아낸 것 · What came out
#
# 돌리고 옮긴 그림에는 돌리고 옮긴 훈련이 크게 도움이 됩니다. 원래 그림에는 그렇지 않습니다. 이 숫자들은 이미
# 크기와 자리를 맞춘 것이어서 시험 그림에는 그런 변화가 없기 때문입니다. 잡음, 밝기와 대비, 컷아웃, mixup도
# 여기서는 얻는 것이 거의 없습니다. 좌우로 뒤집기는 오히려 **해롭습니다**. 뒤집은 2는 2가 아닙니다. 데이터
# 증강은 레이블이 바뀌지 않고 실제로도 만나게 될 변형일 때 힘을 냅니다.
#
# Training on turned and moved digits helps a lot with turned and moved digits, and not with the originals:
# those were centred and scaled when they were collected, so nothing of the kind varies among them. Noise,
# brightness and contrast, cutout and mixup gain hardly anything here. Flipping even **harms**: a 2 flipped is
# no 2. Augmentation works if the change keeps the label, and if such changes are met in earnest.
#
# ## 해 보기 · Try it
#
# 1. `degrees=90`으로 하면 어떻게 됩니까? 6과 9를 생각해 보세요.
# 2. 손실이 `F.cross_entropy`인데 mixup의 레이블은 정수가 아닙니다. 왜 그래도 됩니까? (17장)
#
# 1. What happens with `degrees=90`? Think of 6 and 9.
# 2. Mixup's labels are no whole numbers. Why may `F.cross_entropy` take them? (Chapter 17)
