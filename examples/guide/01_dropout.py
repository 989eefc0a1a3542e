# %% [markdown]
# # 1. 드롭아웃 · Dropout
#
# 가중치가 많은 신경망은 훈련 데이터를 통째로 외울 수 있습니다. 그러면 훈련 데이터는 다 맞히면서 처음 보는
# 데이터는 틀립니다. 이것이 **과대적합**입니다. 드롭아웃은 학습하는 동안 뉴런을 확률 $p$로 무작위로 끕니다.
# 어느 뉴런이 꺼질지 매번 다르므로, 뉴런은 다른 뉴런에 기대지 않고 혼자서도 쓸모 있는 특징을 배워야 합니다.
#
# A network with many weights can learn its training data by heart: it gets all of them right, and new data
# wrong. It **overfits**. Dropout switches units off at random, each with probability $p$, while the network
# trains. Since no unit knows which others will be there, each has to learn something that is useful by
# itself.
#
# $$\text{inverted: } y = \frac{m \odot x}{1 - p} \text{ (training)}, \quad y = x \text{ (evaluation)}$$
#
# $$\text{classic: } y = m \odot x \text{ (training)}, \quad y = (1 - p)\,x \text{ (evaluation)}$$
#
# 여기서 $m_i$는 확률 $1-p$로 1, 확률 $p$로 0입니다. 『밑바닥부터 시작하는 딥러닝』과 원논문은 classic,
# PyTorch와 Keras는 inverted입니다. **남길** 확률을 $p$라고 쓰는 글도 있으니 조심하세요. 이 프레임워크에서
# $p$는 언제나 **끌** 확률입니다.
#
# $m_i$ is 1 with probability $1 - p$, else 0. The original paper is classic, PyTorch and Keras are inverted.
# Beware: some texts call the probability to *keep* a unit $p$. In this framework $p$ is always the
# probability to **drop** it.

# %%
import numpy as np
import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train
from tinygrad_kr.ops import dropout
from tinygrad_kr.vision import datasets

plt = show.plt

# %% [markdown]
# ## 프레임워크의 코드 · The framework's code
#
# 드롭아웃에는 미분 규칙이 따로 없습니다. 0과 $1/(1-p)$로 이루어진 배열을 곱할 뿐이고, 곱셈의 규칙은 이미
# 있습니다. 꺼진 뉴런으로는 기울기도 흐르지 않습니다.
#
# Dropout has no derivative rule of its own: it multiplies with an array of 0 and $1/(1-p)$, and
# multiplication has its rule. No gradient flows through a unit that is off, either.

# %%
show.source(dropout.dropout_noise)
show.source(dropout._dropped)

# %%
torch.manual_seed(0)
x = torch.ones(8, requires_grad=True)
y = F.dropout(x, p=0.5)
y.sum().backward()
print("y   ", y.tolist())
print("grad", x.grad.tolist())
assert torch.equal(y.detach(), x.grad)

# %% [markdown]
# ## 두 방식의 기댓값은 같습니다 · Both ways have the same expectation
#
# 학습할 때의 출력을 20,000번 평균하면 평가할 때의 출력이 됩니다. 두 방식 모두 그렇습니다. 다른 것은 크기를
# 맞추는 때뿐입니다. inverted는 학습할 때 미리 $1/(1-p)$배로 키워 두어서, 평가할 때는 할 일이 없습니다.
#
# The mean of 20,000 outputs in training is the output in evaluation, either way. They differ only in when the
# scale is made good: inverted dropout does it in training, and evaluation costs nothing.

# %%
x = torch.tensor([1.0, -2.0, 0.5])
for mode in ("inverted", "classic"):
    layer = nn.Dropout(p=0.3, mode=mode)
    mean = layer(x.expand(20_000, 3)).mean(0)
    expected = layer.eval()(x)
    print(f"{mode:8}  training, mean {mean.numpy().round(2)}   evaluation {expected.numpy().round(2)}")
    assert torch.allclose(mean, expected, atol=0.05)

# %% [markdown]
# ## 합성곱층과 순환층에서 · In convolutional and recurrent networks
#
# 이웃한 픽셀은 서로 비슷해서, 하나씩 꺼도 정보는 거의 줄지 않습니다. 그래서 `Dropout2d`는 특징 맵을 통째로
# 끕니다. 순환 신경망에서는 `nn.LSTM(..., num_layers=2, dropout=0.5)`처럼 층과 층 사이에 씁니다.
#
# Neighbouring pixels are alike: switch them off one by one, and hardly anything is missing. So `Dropout2d`
# drops whole feature maps. In recurrent networks dropout goes between layers, as in
# `nn.LSTM(..., num_layers=2, dropout=0.5)`.

# %%
maps = nn.Dropout2d(0.5)(torch.ones(1, 6, 4, 4))
print("means of the six feature maps:", maps.mean((2, 3)).tolist())
assert set(maps.mean((2, 3)).flatten().tolist()) <= {0.0, 2.0}

# %% [markdown]
# ## 실험: 외우기 · An experiment: learning by heart
#
# 숫자 그림 200장을 학습합니다. 한 번은 레이블을 그대로 두고, 한 번은 다섯에 하나를 아무 숫자로나 바꿉니다.
# 틀린 레이블에는 규칙이 없으므로 외울 수밖에 없습니다. 은닉층에만 드롭아웃을 씁니다. 출력층에는 쓰지
# 않습니다.
#
# 200 digits, once with their labels, and once with one label in five replaced at random: wrong labels follow
# no rule and can only be learned by heart. Dropout is for hidden layers, never for the output.

# %%
images, labels = datasets.Digits(train=True).tensors()
test = datasets.Digits(train=False).tensors()
P = 0.5


def learn(p, wrong, seed, epochs=40):
    """Accuracy on the training labels and on test data after each epoch."""
    torch.manual_seed(seed)
    chosen = torch.randperm(len(images))[:200]
    x, y = images[chosen], labels[chosen].clone()
    if wrong:
        y[::5] = torch.randint(0, 10, (40,))
    layers = [nn.Flatten()]
    for size in (64, 256):
        layers += [nn.Linear(size, 256), nn.ReLU(), nn.Dropout(p)]
    model = nn.Sequential(*layers, nn.Linear(256, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    history = train.fit(
        model,
        F.cross_entropy,
        optimizer,
        (x, y),
        epochs=epochs,
        batch_size=50,
        validation=test,
        metrics=["accuracy"],
        progress=False,
    )
    seen = train.evaluate(model, (x, y), metrics=["accuracy"])["accuracy"]
    return seen, np.array(history["val_accuracy"])


figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True, layout="constrained")
end = {}
for wrong, axis in zip((False, True), axes):
    name = "a fifth of the labels wrong" if wrong else "right labels"
    for p in (0, P):
        (one, first), (two, second) = (learn(p, wrong, seed) for seed in range(2))
        curve = (first + second) / 2
        end[p, wrong] = curve[-1]
        print(f"{name:27}  p={p:<3}  training {(one + two) / 2:.1%}  test {curve[-1]:.1%}")
        axis.plot(range(1, 41), curve, label=f"p = {p}")
    axis.set(title=name, xlabel="epoch", ylim=(0.5, 1))
axes[0].set_ylabel("test accuracy")
axes[0].legend(loc="lower right")
show.picture(figure, "01_dropout")
assert end[P, True] > end[0, True] + 0.03

# %% [markdown]
# 레이블이 틀렸을 때 드롭아웃은 외우는 것을 막아 줍니다. 레이블이 모두 옳으면 이 데이터에서는 차이가 거의
# 없습니다. 200장을 다 외워도 해로울 것이 없기 때문입니다. 드롭아웃이 언제나 정확도를 높여 주는 것은 아닙니다.
#
# Where labels are wrong, dropout keeps the network from learning them. Where all are right it makes hardly
# any difference on these data: learning 200 right answers by heart does no harm. Dropout is not a gain by
# itself.
#
# ## 해 보기 · Try it
#
# 1. `P`를 0.1과 0.9로 바꿔 보세요. 훈련 정확도와 시험 정확도는 어떻게 됩니까?
# 2. classic 방식으로 학습하고 `eval()`을 잊으면 무엇이 잘못됩니까? inverted 방식이면 어떻습니까?
#
# 1) Try `P` of 0.1 and 0.9. What becomes of the training accuracy, and of the test accuracy?
# 2) What goes wrong if one trains in classic mode and forgets `eval()`? And in inverted mode?
