# %% [markdown]
# # 3. 앙상블과 몬테카를로 드롭아웃 · Ensembles and Monte-Carlo dropout
#
# 여러 사람에게 물어 답을 평균하면 대개 한 사람의 답보다 낫습니다. 신경망도 그렇습니다. 초깃값이 다른 신경망을
# 여럿 따로 학습해서 예측을 평균하는 것이 **앙상블**입니다. 드롭아웃으로 학습한 신경망 하나는 그 안에 수많은
# '솎아 낸' 신경망을 품고 있으므로, 예측할 때도 드롭아웃을 켜 두고 여러 번 물으면 앙상블이 됩니다. 이것이
# **몬테카를로 드롭아웃**입니다.
#
# Ask several people, average their answers, and mostly you do better than with one of them. An **ensemble**
# averages the predictions of networks trained apart from different initial weights. A network trained with
# dropout holds many thinned networks in itself: leave dropout on while predicting and ask several times. That
# is **Monte-Carlo dropout**.
#
# $$p(y \mid x) \approx \frac{1}{K} \sum_{k=1}^{K} \text{softmax}\, f_k(x)$$
#
# 평균 말고도 얻는 것이 있습니다. 답이 **갈리는 정도**입니다. 평균의 엔트로피 $H(\bar p)$는 전체 불확실성이고,
# 여기서 각자의 엔트로피의 평균을 빼면 의견 차이에서 오는 몫, 곧 상호 정보량이 남습니다.
#
# We learn more than a mean: how far the answers **differ**. The entropy of the mean, $H(\bar p)$, is the
# whole uncertainty. Less the mean of everyone's own entropy it leaves what comes from disagreement, the
# mutual information.
#
# $$I = H(\bar p) - \frac{1}{K} \sum_k H(p_k)$$

# %%
import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train, uncertainty
from tinygrad_kr.vision import datasets

plt = show.plt

# %% [markdown]
# ## 프레임워크의 코드 · The framework's code
#
# `dropout_on`은 드롭아웃만 학습 상태로 되돌립니다. 배치 정규화까지 되돌리면 통계가 바뀌기 때문입니다.
# 그다음은 K번 묻고 쌓는 것이 전부입니다.
#
# `dropout_on` switches dropout alone back to training, since batch norm would change its statistics. The rest
# is to ask K times.

# %%
show.source(uncertainty.dropout_on)
show.source(uncertainty.mc_dropout)
show.source(uncertainty.Predictions.mutual_information.fget)

# %% [markdown]
# ## 실험: 다섯 신경망 · An experiment: five networks
#
# 숫자 그림 200장으로, 드롭아웃을 쓰는 신경망 다섯을 시드만 바꾸어 학습합니다.
#
# Five networks with dropout learn 200 digits; only the seed differs.

# %%
images, labels = datasets.Digits(train=True).tensors()
x, truth = datasets.Digits(train=False).tensors()
data = images[:200], labels[:200]


def learn(seed):
    torch.manual_seed(seed)
    layers = [nn.Flatten()]
    for size in (64, 256):
        layers += [nn.Linear(size, 256), nn.ReLU(), nn.Dropout(0.5)]
    model = nn.Sequential(*layers, nn.Linear(256, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    train.fit(model, F.cross_entropy, optimizer, data, epochs=40, batch_size=50, progress=False)
    return model


def probabilities(scores):
    return scores.softmax(-1)


models = [learn(seed) for seed in range(5)]
torch.manual_seed(0)
found = {
    "one pass": uncertainty.ensemble(models[:1], x, probabilities),
    "MC dropout": uncertainty.mc_dropout(models[0], x, passes=100, activation=probabilities),
    "ensemble": uncertainty.ensemble(models, x, probabilities),
}


def cross_entropy(p):
    """The mean of -log p(truth), with p not quite 0."""
    return F.nll_loss(p.clamp(min=1e-12).log(), truth).item()


for name, said in found.items():
    accuracy = (said.mean.argmax(1) == truth).float().mean().item()
    print(f"{name:11} accuracy {accuracy:.1%}, cross-entropy {cross_entropy(said.mean):.3f}")

# %% [markdown]
# 앙상블의 교차 엔트로피는 구성원들의 평균보다 **결코** 나쁘지 않습니다. $-\log$가 아래로 볼록하므로 옌센
# 부등식에 따라 언제나 그렇습니다. 가장 좋은 구성원보다 낫다는 보장은 없습니다.
#
# An ensemble's cross-entropy is **never** worse than the mean of its members': $-\log$ is convex, and
# Jensen's inequality holds always. That it is better than the best member is not guaranteed.

# %%
members = [cross_entropy(p) for p in found["ensemble"].samples]
print("members ", [f"{one:.3f}" for one in members], "mean", f"{sum(members) / 5:.3f}")
assert cross_entropy(found["ensemble"].mean) <= sum(members) / 5

# %% [markdown]
# ## 모르는 것을 모른다고 하는가 · Does it know what it does not know?
#
# 불확실한 것부터 사람에게 넘긴다고 합시다. 남은 것의 정확도가 올라가면 불확실성이 쓸모 있는 것입니다. 점선은
# 아무거나 넘길 때입니다.
#
# Suppose we hand the most uncertain images to a person. If the accuracy on the others rises, the uncertainty
# is worth something. The dotted line hands over images at random.

# %%
figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
for name, said in found.items():
    right = (said.mean.argmax(1) == truth).float()[said.entropy.argsort()]
    kept = torch.arange(1, len(right) + 1)
    axes[0].plot(100 - 100 * kept / len(right), 100 * right.cumsum(0) / kept, label=name)
accuracy = 100 * (found["one pass"].mean.argmax(1) == truth).float().mean().item()
axes[0].axhline(accuracy, color="#777777", linestyle=":", label="one pass, at random")
axes[0].set(
    xlabel="handed over, %", ylabel="accuracy of the rest, %", xlim=(0, 60), ylim=(accuracy - 2, 100.3)
)
axes[0].legend(loc="lower right")
said = found["MC dropout"]
wrong = said.mean.argmax(1) != truth
for mask, name in ((~wrong, "right"), (wrong, "wrong")):
    axes[1].hist(said.entropy[mask].numpy(), bins=20, range=(0, 2), density=True, alpha=0.6, label=name)
axes[1].set(xlabel="entropy, nats (MC dropout)", ylabel="density")
axes[1].legend()
show.picture(figure, "03_ensembles")
for name in ("MC dropout", "ensemble"):
    said = found[name]
    wrong = said.mean.argmax(1) != truth
    high, low = said.entropy[wrong].mean().item(), said.entropy[~wrong].mean().item()
    print(f"{name:11} entropy where wrong {high:.2f}, where right {low:.2f}")
    assert high > 2 * low
    assert bool((said.mutual_information <= said.entropy + 1e-6).all())

# %% [markdown]
# 틀린 그림에서 불확실성이 훨씬 큽니다. 그런데 왼쪽 그림을 보면 어느 것부터 넘길지 고르는 데는 한 번만 물어도
# 거의 같습니다. 여러 번 물어서 나아진 것은 순서가 아니라 확률의 값, 곧 교차 엔트로피입니다.
#
# 이것도 학습한 것과 닮은 그림의 이야기입니다. `examples/uncertainty_rotation.py`에서 그림을 90도 돌렸더니,
# 열에 하나만 맞히면서 90% 이상 확신했습니다. 본 적 없는 것이라고 해서 모른다고 하지는 않습니다.
#
# Uncertainty is much greater where the answer is wrong. Yet as the left picture shows, one pass is about as
# good at choosing what to hand over. Asking many times improved the probabilities themselves, that is the
# cross-entropy, not their order.
#
# And all this is about images like those it has learned. In `examples/uncertainty_rotation.py` they are
# turned by 90 degrees: a tenth of the answers is right, at a confidence of 90 % and more. To have never seen
# something is not enough to be in doubt about it.
#
# ## 해 보기 · Try it
#
# 1. `passes`를 1, 3, 10, 30으로 바꿔 보세요. 몇 번이면 충분합니까?
# 2. 확률 대신 점수(softmax 이전)를 평균하면 결과가 다릅니까? 왜 그럴까요?
#
# 1) Try 1, 3, 10 and 30 `passes`. How many are enough?
# 2) Is the result another one if scores (before softmax) are averaged instead of probabilities? Why?
