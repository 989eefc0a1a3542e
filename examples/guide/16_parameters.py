# %% [markdown]
# # 16. 매개변수의 수 · How many parameters
#
# 매개변수가 많은 모델은 무엇이든 외울 수 있습니다. 과대적합을 막는 첫 번째 방법은 **필요한 만큼만** 쓰는
# 것입니다. 그러려면 먼저 어디에 몇 개가 있는지 알아야 합니다.
#
# A model with many parameters can learn anything by heart. The first means against overfitting is to have
# **no more than needed**, and for that one must know how many there are, and where.
#
# $$\text{dense: } (\text{in} + 1) \cdot \text{out}
#   \qquad \text{convolution: } (C_{\text{in}} \cdot k^2 + 1) \cdot C_{\text{out}}$$
#
# 완전연결층의 매개변수는 그림이 커질수록 늘어나지만, 합성곱층은 그림의 크기와 **상관없습니다**. 같은 필터를
# 모든 자리에서 함께 쓰기(가중치 공유) 때문입니다.
#
# A dense layer grows with the image; a convolution does **not**, since all places share one filter.

# %%
import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train
from tinygrad_kr.summary import summary
from tinygrad_kr.vision import datasets

plt = show.plt

# %% [markdown]
# ## 요약표 · The summary table
#
# `summary`는 모든 층에 훅을 걸고 모델을 한 번 실행해, 출력의 모양, 매개변수의 수, 곱셈-덧셈의 수를 적습니다.
# 매개변수 수는 메모리를, 곱셈-덧셈 수는 시간을 어림하게 해 줍니다.
#
# `summary` puts a hook on every layer, runs the model once, and writes down output shapes, parameters and
# multiply-adds. Parameters are a measure of memory, multiply-adds of time.

# %%
show.source(summary)

# %%
cnn = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
    nn.Flatten(), nn.Linear(32, 10),
)  # fmt: skip
found = summary(cnn, input_size=(1, 1, 28, 28))
print(found)
assert found.parameters == (1 * 9 + 1) * 16 + (16 * 9 + 1) * 32 + (32 + 1) * 10
assert found.parameters == summary(cnn, input_size=(1, 1, 56, 56)).parameters

# %% [markdown]
# ## 같은 그림, 완전연결과 합성곱 · One image, dense and convolutional
#
# 같은 그림에서 같은 크기의 특징 맵 16장을 만듭니다. · Both make 16 feature maps of the same size from the
# same image.

# %%
print(f"{'image':>12} {'convolution':>12} {'dense':>16}")
for channels, side in ((1, 8), (1, 28), (3, 32), (3, 224)):
    small = sum(w.numel() for w in nn.Conv2d(channels, 16, 3, padding=1).parameters())
    large = (channels * side**2 + 1) * 16 * side**2
    print(f"{f'{channels}x{side}x{side}':>12} {small:12,} {large:16,}")

# %% [markdown]
# 합성곱층은 가중치 대부분이 0이고 나머지는 같은 값 아홉 개가 되풀이되는 완전연결층입니다. 픽셀 하나만 1인
# 그림을 차례로 넣어 보면 그 행렬이 나옵니다. · A convolution is a dense layer most of whose weights are 0,
# and the rest the same nine values over and over. Its matrix comes out if we feed it images in which one
# pixel is 1.

# %%
torch.manual_seed(0)
layer = nn.Conv2d(1, 1, 3, padding=1, bias=False)
with torch.no_grad():
    matrix = layer(torch.eye(64).view(64, 1, 8, 8)).flatten(1).T  # (out, in)
x = torch.randn(1, 1, 8, 8)
assert torch.allclose(matrix @ x.flatten(), layer(x).flatten(), atol=1e-6)
nonzero, different = int((matrix != 0).sum()), len(torch.unique(matrix[matrix != 0]))
print(f"64 x 64 = {matrix.numel()} entries, {nonzero} of them not 0, {different} different values")

# %% [markdown]
# ## 실험: 크기와 정확도 · An experiment: size and accuracy
#
# 숫자 200장으로, 크기가 다른 완전연결 신경망과 합성곱 신경망을 학습합니다. · Dense and convolutional networks
# of several sizes learn from 200 digits.

# %%
torch.manual_seed(0)
images, labels = datasets.Digits(train=True).tensors()
test = datasets.Digits(train=False).tensors()
few = torch.randperm(len(images))[:200]


def dense(width):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))


def convolutional(width):
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(8 * width, 10),
    )  # fmt: skip


def learn(model):
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    data = images[few], labels[few]
    train.fit(model, F.cross_entropy, optimizer, data, epochs=30, progress=False)
    data_fit = train.evaluate(model, data, metrics=["accuracy"])["accuracy"]
    return data_fit, train.evaluate(model, test, metrics=["accuracy"])["accuracy"]


results = {}
for kind, widths in ((dense, (2, 8, 32, 128, 512)), (convolutional, (1, 2, 4, 8, 16))):
    results[kind.__name__] = []
    for width in widths:
        model = kind(width)
        count, (seen, unseen) = sum(w.numel() for w in model.parameters()), learn(model)
        results[kind.__name__].append((count, seen, unseen))
        print(f"{kind.__name__:14} {count:6,} parameters: training {seen:.1%}, test {unseen:.1%}")

# %%
figure, axis = plt.subplots(figsize=(7, 4))
for (name, rows), colour in zip(results.items(), ("#e07b39", "#2a6fbb")):
    counts, seen, unseen = zip(*rows)
    axis.plot(counts, [100 * one for one in unseen], marker="o", color=colour, label=f"{name}, test")
    axis.plot(counts, [100 * one for one in seen], ":", color=colour, label=f"{name}, training")
axis.set(xscale="log", xlabel="parameters", ylabel="accuracy, %")
axis.legend(loc="lower right")
show.picture(figure, "16_parameters")
smallest_dense = min(count for count, _, unseen in results["dense"] if unseen > 0.9)
smallest_convolutional = min(count for count, _, unseen in results["convolutional"] if unseen > 0.9)
assert smallest_convolutional < smallest_dense / 2

# %% [markdown]
# ## 알아낸 것 · What came out
#
# 합성곱은 훨씬 적은 매개변수로 같은 정확도에 이릅니다. 이웃한 픽셀이 서로 관련이 있다는 지식이 구조에 들어
# 있기 때문입니다. 그런데 교과서의 다른 주장, 큰 모델일수록 더 과대적합한다는 말은, 레이블이 모두 옳은
# 여기서는 **맞지 않습니다**. 훈련 데이터를 100 % 맞히는 모델 가운데서는 큰 쪽이 시험에서도 낫습니다. 경사
# 하강법이 여러 해 가운데 단순한 해를 고르기 때문이라고 여겨집니다. 너무 작은 모델은 훈련 데이터조차 배우지
# 못합니다(과소적합).
#
# Convolutions need far fewer parameters for the same accuracy: that neighbouring pixels belong together is
# built into them. The other claim of the textbooks, that larger models overfit more, is **not** true here,
# where all labels are right. Among models that have all training data right, the larger ones are better on
# the test as well; gradient descent, it is thought, picks simple solutions among the many. Models too small
# cannot even learn the training data (underfitting).
#
# ## 해 보기 · Try it
#
# 1. 훈련 데이터의 레이블 가운데 다섯에 하나를 틀리게 하면(11장) 큰 모델이 여전히 나은가요?
# 2. `nn.Conv2d(16, 32, 3, groups=16)` 뒤에 `nn.Conv2d(32, 32, 1)`을 쓰면(깊이별 분리 합성곱) 매개변수가
#    얼마나 줄어듭니까?
#
# 1. With one training label in five made wrong (chapter 11), are the large models still better?
# 2. How many parameters does `nn.Conv2d(16, 32, 3, groups=16)` followed by `nn.Conv2d(32, 32, 1)` save (a
#    depthwise separable convolution)?
