# %% [markdown]
# # 17. 가능도에서 나온 손실 · Losses from likelihood
#
# 손실 함수는 어디서 오는 걸까요? 신경망의 출력을 확률분포의 매개변수로 보고, 데이터가 나올 확률(**가능도**)을
# 가장 크게 만들면 됩니다. 곱은 다루기 어려우니 로그를 취하고, 최소화하려고 부호를 바꿉니다.
#
# Where do losses come from? Take the network's output for the parameter of a probability distribution, and
# make the data as probable as possible (maximum **likelihood**). Products are unwieldy, so take the
# logarithm; to minimise, change the sign.
#
# $$L(w) = -\frac{1}{N} \sum_n \ln p(t_n \mid x_n, w)$$
#
# | 분포 · distribution | 손실 · loss |
# | --- | --- |
# | 정규분포 · Gauss, $\mathcal N(t; y, 1)$ | $\frac12 (y - t)^2$ + const: MSE |
# | 라플라스 · Laplace | $\lvert y - t\rvert$ + const: L1 |
# | 베르누이 · Bernoulli, $p = \sigma(y)$ | $-t\ln p - (1-t)\ln(1-p)$: 이진 교차 엔트로피 · binary CE |
# | 범주형 · categorical, $p = \text{softmax}(y)$ | $-\ln p_t$: 교차 엔트로피 · CE |

# %%
import math

import show
from sklearn.datasets import load_diabetes

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train
from tinygrad_kr.ops import loss, loss_classification, loss_likelihood
from tinygrad_kr.vision import datasets

plt = show.plt
torch.manual_seed(0)

# %% [markdown]
# ## 정규분포에서 평균 제곱 오차로 · From Gauss to the squared error

# %%
y, t = torch.randn(1000, dtype=torch.float64), torch.randn(1000, dtype=torch.float64)
density = torch.exp(-((y - t) ** 2) / 2) / math.sqrt(2 * math.pi)
likelihood = -density.log().mean()
print(f"-ln p = {likelihood:.6f} = MSE / 2 + {likelihood - F.mse_loss(y, t) / 2:.6f}")
assert torch.isclose(likelihood, F.mse_loss(y, t) / 2 + math.log(2 * math.pi) / 2)
assert torch.isclose(likelihood, F.gaussian_nll_loss(y, t, 1.0, full=True))
show.rules(loss, "squared_error")

# %% [markdown]
# ## 베르누이와 범주형에서 교차 엔트로피로 · From Bernoulli and categories to cross-entropy
#
# 시그모이드나 소프트맥스와 함께 쓰면 미분이 놀랄 만큼 간단해집니다: **확률 빼기 정답**. 그래서 프레임워크는
# 둘을 한 연산으로 계산하고, 덕분에 $\ln 0$도 생기지 않습니다.
#
# Together with the sigmoid or the softmax the derivative is surprisingly simple: **probability minus
# target**. So the framework computes the two as one operation, which also never meets $\ln 0$.

# %%
show.source(loss_likelihood.logistic_nll)
show.source(loss_classification.cross_entropy_composite)

# %%
scores = torch.randn(4, 10, dtype=torch.float64, requires_grad=True)
classes = torch.tensor([3, 1, 4, 1])
value = F.cross_entropy(scores, classes)
value.backward()
probabilities = scores.detach().softmax(1)
assert torch.isclose(value, -probabilities[range(4), classes].log().mean())
assert torch.allclose(scores.grad, (probabilities - F.one_hot(classes, 10)) / 4)
yes = torch.tensor([1.0, 0.0])
far = torch.tensor([-200.0, 200.0], requires_grad=True)  # surely wrong
F.binary_cross_entropy_with_logits(far, yes).backward()
print(
    "gradient:",
    far.grad.tolist(),
    "; through a sigmoid first:",
    F.binary_cross_entropy(far.sigmoid(), yes).item(),
)
assert far.grad.tolist() == [-0.5, 0.5]

# %% [markdown]
# ## 레이블 스무딩 · Label smoothing
#
# 정답의 확률을 1이 되게 하려면 점수가 무한히 커져야 합니다. 그래서 신경망은 지나치게 확신합니다. 레이블
# 스무딩은 정답을 $1-\varepsilon$으로 낮추고 나머지를 모든 클래스에 고르게 나눕니다.
#
# For the probability of the right class to become 1 the scores must grow without end, so networks are too
# sure of themselves. Label smoothing lowers the target to $1-\varepsilon$, and shares $\varepsilon$ out among
# all classes.

# %%
eps = 0.1
soft = (1 - eps) * F.one_hot(classes, 10).double() + eps / 10
assert torch.isclose(F.cross_entropy(scores, classes, label_smoothing=eps), F.cross_entropy(scores, soft))

# %%
images, labels = datasets.Digits(train=True).tensors()
test = datasets.Digits(train=False).tensors()
few = torch.randperm(len(images))[:200]
for eps in (0.0, 0.1):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    criterion = nn.CrossEntropyLoss(label_smoothing=eps)
    train.fit(model, criterion, optimizer, (images[few], labels[few]), epochs=40, progress=False)
    sure, guess = train.predict(model, test[0]).softmax(1).max(1)
    right = guess == test[1]
    print(f"eps {eps}: accuracy {right.float().mean():.1%}, confidence", end=" ")
    print(f"{sure[right].mean():.1%} when right, {sure[~right].mean():.1%} when wrong")

# %% [markdown]
# ## 이상치와 후버 손실 · Outliers, and Huber's loss
#
# 정규분포에서는 큰 오차가 거의 나올 수 없으므로, 제곱 오차는 이상치 하나에 크게 끌려갑니다. 후버 손실은
# 가까운 곳에서는 제곱, 먼 곳에서는 절댓값이어서 기울기가 $\pm\delta$를 넘지 않습니다.
#
# Under Gauss large errors hardly ever happen, so the squared error is dragged far by a single outlier.
# Huber's loss is a square near 0 and absolute beyond: its gradient never exceeds $\pm\delta$.

# %%
show.rules(loss, "huber")

# %% [markdown]
# 당뇨병 환자 442명의 체질량지수로 1년 뒤의 진행 정도를 예측합니다. 가장 마른 44명의 값이 잘못 적혔다고 해
# 봅시다. · From the body mass index of 442 patients we predict the course of diabetes a year on. Let the
# values of the 44 leanest be written down wrongly.

# %%
patients = load_diabetes()
x = torch.tensor(patients.data[:, 2:3] * len(patients.data) ** 0.5, dtype=torch.float32)
clean = torch.tensor(patients.target[:, None] / 100, dtype=torch.float32)
spoilt = clean.clone()
spoilt[x[:, 0].argsort()[:44]] += 6
losses = {"squared": F.mse_loss, "absolute": F.l1_loss, "Huber": lambda y, t: F.huber_loss(y, t, delta=0.5)}
lines = {}
for name, criterion in losses.items():
    line = lines[name] = nn.Linear(1, 1)
    optimizer = torch.optim.Adam(line.parameters(), lr=0.05)
    train.fit(line, criterion, optimizer, (x, spoilt), epochs=200, batch_size=442, progress=False)
errors = {name: train.evaluate(line, (x, clean), F.l1_loss)["loss"] for name, line in lines.items()}
print("mean error on the true values:", {name: round(error, 3) for name, error in errors.items()})
assert errors["Huber"] < errors["squared"] / 1.3

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
d = torch.linspace(-3, 3, 301)
right.scatter(x, spoilt, s=6, color="#bbbbbb")
for (name, criterion), colour in zip(losses.items(), ("#b3477a", "#e07b39", "#2a6fbb")):
    left.plot(d, [criterion(one, torch.tensor(0.0)).item() for one in d], color=colour, label=name)
    right.plot(x, lines[name](x).detach(), color=colour, label=name)
left.set(xlabel="y - t", title="loss", ylim=(0, 4))
right.set(xlabel="body mass index, standardised", title="progression, a tenth of it spoilt")
left.legend()
right.legend()
show.picture(figure, "17_losses")

# %% [markdown]
# ## 해 보기 · Try it
#
# 1. 상수 하나로 데이터를 예측할 때, MSE가 가장 작은 상수는 평균이고 L1이 가장 작은 상수는 중앙값입니다.
#    미분해서 보이고 실험으로 확인해 보세요.
# 2. 레이블 스무딩을 하면 점수가 무한히 커지지 않습니다. 정답의 점수와 나머지 점수의 차이는 얼마에서 멈춥니까?
#
# 1. Of all constants the mean has the least squared error, and the median the least absolute one. Show it by
#    differentiation and by experiment.
# 2. With label smoothing scores do not grow without end. At what difference between the right class's score
#    and the others do they stop?
