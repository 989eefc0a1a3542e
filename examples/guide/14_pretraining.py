# %% [markdown]
# # 14. 비지도 사전 학습 · Unsupervised pretraining
#
# 그림은 많지만 레이블은 적을 때가 흔합니다. 레이블 없이도 배울 것이 있습니다: 그림이 어떻게 생겼는지입니다.
# 그렇게 배운 가중치에서 출발해, 적은 레이블로 마무리합니다(미세 조정).
#
# Images are plentiful where labels are rare. There is something to learn without labels: what images look
# like. From weights learned in this way we start, and finish with the few labels (fine-tuning).

# %%
import show

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train, unsupervised
from tinygrad_kr.vision import datasets

plt = show.plt
torch.manual_seed(0)
images, labels = datasets.Digits(train=True).tensors()
images = images.flatten(1)[torch.randperm(len(images))]  # their labels are not needed for now
test_images, test_labels = datasets.Digits(train=False).tensors()
test_images = test_images.flatten(1)

# %% [markdown]
# ## 오토인코더 · Autoencoders
#
# 입력을 좁은 **코드**로 줄였다가 되살립니다: $\hat x = d(e(x))$. 다 담을 수 없으니 중요한 것만 남겨야 합니다.
# 잡음을 섞은 입력에서 깨끗한 입력을 되살리게 하면(**잡음 제거** 오토인코더), 그대로 베껴서는 안 되므로 숫자의
# 획을 배워야 합니다.
#
# The input goes through a narrow **code** and comes back, $\hat x = d(e(x))$. Since the code cannot hold all
# of it, it must keep what matters. Asked to give back the clean input from a noisy one (a **denoising**
# autoencoder) it cannot just copy, and must learn the strokes.

# %%
show.source(unsupervised.Autoencoder.corrupted)
show.source(unsupervised.Autoencoder.forward)

# %%
coder = unsupervised.dense_autoencoder([64, 48], code=nn.Sigmoid, noise=0.3)
optimizer = torch.optim.Adam(coder.parameters(), lr=1e-2)
history = train.fit(coder, coder.loss, optimizer, images, epochs=25, batch_size=64, progress=False)
noisy = test_images + 0.3 * torch.randn_like(test_images)
with torch.no_grad():
    cleaned = coder.eval()(noisy)
before, after = F.mse_loss(noisy, test_images).item(), F.mse_loss(cleaned, test_images).item()
print(f"squared distance to the clean digit: {before:.3f} with noise, {after:.3f} given back")
assert after < before / 2

# %% [markdown]
# ## 제한 볼츠만 머신 · Restricted Boltzmann machines
#
# 그림 $v$와 은닉 유닛 $h$의 짝마다 에너지를 정하고, 에너지가 낮을수록 확률을 높게 둡니다. · Every pair of an
# image $v$ and hidden units $h$ has an energy; the lower it is, the more probable the pair:
#
# $$E(v, h) = -h^\top W v - a^\top v - b^\top h, \qquad p(v, h) = \frac{e^{-E(v, h)}}{Z}$$
#
# $h$를 모두 더해 없앤 것이 자유 에너지 $F(v)$이고, 로그 가능도는 $\ln p(v) = -F(v) - \ln Z$입니다. 그
# 기울기에는 모델이 꾸며 내는 그림의 평균이 들어 있어 계산할 수 없습니다. **대조 발산**(CD)은 그 평균을,
# 데이터에서 출발해 몇 걸음만 간 깁스 샘플링으로 대신합니다.
#
# Summing $h$ out leaves the free energy $F(v)$, and the log-likelihood is $\ln p(v) = -F(v) - \ln Z$. Its
# gradient contains a mean over the images that the model itself imagines, which cannot be computed.
# **Contrastive divergence** (CD) replaces it by a few steps of Gibbs sampling that begin at the data.

# %%
show.source(unsupervised.RBM.free_energy)
show.source(unsupervised.RBM.gibbs)
show.source(unsupervised.RBM.loss)

# %% [markdown]
# 은닉 유닛이 열 개면 $2^{10}$가지 상태를 다 더해 $Z$를 **정확히** 구할 수 있습니다. 그래서 대조 발산이 정말
# 가능도를 높이는지, 픽셀을 서로 독립으로 보는 모델보다 나은지 직접 볼 수 있습니다.
#
# With ten hidden units $Z$ is the sum over $2^{10}$ states: **exact**. So we can see whether contrastive
# divergence really raises the likelihood, and beyond that of pixels which know nothing of each other.


# %%
def log_likelihood(machine, v):
    with torch.no_grad():
        return -machine.free_energy(v).mean().item() - machine.log_partition()


black, test_black = (images > 0.5).float(), (test_images > 0.5).float()  # every pixel is 0 or 1
small = unsupervised.RBM(64, 10)
optimizer = torch.optim.SGD(small.parameters(), lr=0.3, momentum=0.5)
likelihoods = [log_likelihood(small, test_black)]
for _ in range(3):
    train.fit(small, small.loss, optimizer, black, epochs=5, batch_size=32, progress=False)
    likelihoods.append(log_likelihood(small, test_black))
mean = black.mean(0).clamp(1e-3, 1 - 1e-3)
alone = -F.binary_cross_entropy(mean.expand_as(test_black), test_black).item() * 64
print(f"pixels independent of each other: {alone:.2f}")
print("ln p(v) on test images:", [round(value, 2) for value in likelihoods])
assert likelihoods[-1] > alone + 3

# %%
rbm = unsupervised.RBM(64, 48)
optimizer = torch.optim.SGD(rbm.parameters(), lr=0.1, momentum=0.5)
train.fit(rbm, rbm.loss, optimizer, images, epochs=20, batch_size=64, progress=False)
with torch.no_grad():
    dreams = rbm.visible_given(rbm.hidden_given(rbm.gibbs(test_images[:10], 50)))

# %%
figure, axes = plt.subplots(5, 10, figsize=(9, 4.8))
rows = {
    "digit": test_images,
    "with noise": noisy,
    "given back": cleaned,
    "RBM's weights": rbm.weight.detach(),
    "50 Gibbs steps": dreams,
}
for row, (name, pictures) in zip(axes, rows.items()):
    row[0].set_ylabel(name, rotation=0, ha="right", va="center")
    weights = name.endswith("weights")
    for axis, values in zip(row, pictures[:10].reshape(10, 8, 8).numpy()):
        limit = abs(values).max() if weights else 1
        axis.imshow(values, cmap="RdBu" if weights else "gray_r", vmin=-limit if weights else 0, vmax=limit)
        axis.set(xticks=[], yticks=[])
show.picture(figure, "14_pretraining")

# %% [markdown]
# ## 쌓아서 미세 조정하기 · Stacks, and fine-tuning
#
# 첫 층을 학습하고, 그 코드로 둘째 층을 학습합니다. 그렇게 얻은 두 층 위에 출력층을 얹어 레이블 50개로
# 마무리합니다. 시그모이드 층은 무작위 초깃값에서 잘 학습되지 않으므로(기울기 소실) 출발점이 중요합니다.
#
# The first layer is trained, then the second on the codes of the first. On the two we put an output layer,
# and finish with 50 labels. Layers of sigmoids learn slowly from random weights (vanishing gradients), so the
# start matters.

# %%
images, labels = datasets.Digits(train=True).tensors()
order = torch.randperm(len(images))
images, labels = images.flatten(1)[order], labels[order]
sizes = [64, 128, 64]
stack = unsupervised.stack_autoencoders(sizes, images, epochs=20, lr=3e-3, masking=0.2)
found = {"random": [], "pretrained": []}
for draw in range(3):
    few = images[50 * draw : 50 * draw + 50], labels[50 * draw : 50 * draw + 50]
    for name, accuracies in found.items():
        hidden = nn.Sequential(nn.Linear(64, 128), nn.Sigmoid(), nn.Linear(128, 64), nn.Sigmoid())
        if name == "pretrained":
            hidden.load_state_dict(stack.encoder.state_dict())
        model = nn.Sequential(hidden, nn.Linear(64, 10))
        optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
        train.fit(model, F.cross_entropy, optimizer, few, epochs=60, progress=False)
        figures = train.evaluate(model, (test_images, test_labels), metrics=["accuracy"])
        accuracies.append(figures["accuracy"])
for name, accuracies in found.items():
    print(f"{name:10} start, 50 labels, test accuracy:", ", ".join(f"{one:.1%}" for one in accuracies))
assert sum(found["pretrained"]) > sum(found["random"])

# %% [markdown]
# 대조 발산은 가능도의 진짜 기울기가 아니어서, 처음에 크게 오른 뒤에는 더디게 오르고 때로는 내려가기도 합니다.
# 사전 학습의 이득은 레이블이 적을 때 큽니다. 레이블이 200개면 3 %포인트쯤으로 줄어듭니다. 요즘은 ReLU, He
# 초깃값, 배치 정규화 덕분에 깊은 신경망도 처음부터 학습할 수 있지만, 레이블 없는 데이터에서 먼저 배운다는
# 생각은 언어 모델에서 다시 살아났습니다.
#
# Contrastive divergence is not the true gradient of the likelihood: after a great rise at first the
# likelihood creeps, and may fall for a while. Pretraining pays with few labels; with 200 the gain is down to
# some 3 points. With ReLU, He's initial weights and batch normalisation deep networks learn from scratch
# today, but learning from unlabelled data first came back with language models.
#
# ## 해 보기 · Try it
#
# 1. `RBM(64, 10, k=5)`나 `particles=64`(지속 대조 발산)로 가능도가 더 오릅니까?
# 2. 코드를 48에서 4로 줄이면 되살린 숫자는 어떻게 됩니까?
#
# 1. Does the likelihood rise further with `RBM(64, 10, k=5)`, or with `particles=64` (persistent chains)?
# 2. What becomes of the digits given back with a code of 4 instead of 48?
