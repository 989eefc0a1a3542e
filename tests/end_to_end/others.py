"""A graph network, two players, a policy. Each is a generator that trains on and yields a loss per step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def graph_convolution(torch: Any) -> Iterator[float]:
    """Two groups of nodes, most edges inside a group; a few nodes are labelled."""
    nn = torch.nn
    F = nn.functional
    count = 40
    group = (torch.arange(count) >= count // 2).long()
    chance = torch.where(group[:, None] == group[None, :], 0.4, 0.05)
    edges = torch.bernoulli(chance).triu(1)
    adjacency = edges + edges.T + torch.eye(count)
    degree = adjacency.sum(1).pow(-0.5)
    adjacency = degree[:, None] * adjacency * degree[None, :]

    class GraphConvolution(nn.Module):
        def __init__(self, inputs: int, outputs: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.empty(inputs, outputs))
            self.bias = nn.Parameter(torch.zeros(outputs))
            nn.init.xavier_uniform_(self.weight)

        def forward(self, x: Any) -> Any:
            return torch.mm(adjacency, torch.mm(x, self.weight)) + self.bias

    model = nn.Sequential(GraphConvolution(8, 16), nn.ReLU(), nn.Dropout(0.2), GraphConvolution(16, 2))
    features = torch.randn(count, 8) + group[:, None]
    labelled = torch.randperm(count)[:12]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=5e-4)
    while True:
        optimizer.zero_grad()
        out = F.log_softmax(model(features), dim=1)
        loss = F.nll_loss(out[labelled], group[labelled])
        loss.backward()
        optimizer.step()
        yield loss.item()


def adversarial_pair(torch: Any) -> Iterator[float]:
    """Generator and discriminator with an optimizer each; yields how far the samples are from the data."""
    nn = torch.nn
    generator = nn.Sequential(nn.Linear(4, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 2))
    discriminator = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    betas = {"betas": (0.5, 0.999)}
    first = torch.optim.Adam(generator.parameters(), lr=0.01, **betas)
    second = torch.optim.Adam(discriminator.parameters(), lr=0.01, **betas)
    loss = nn.BCEWithLogitsLoss()
    real, fake = torch.ones(32, 1), torch.zeros(32, 1)
    while True:
        data = torch.randn(32, 2) * 0.5 + torch.tensor([2.0, -1.0])
        samples = generator(torch.randn(32, 4))
        second.zero_grad()
        (loss(discriminator(data), real) + loss(discriminator(samples.detach()), fake)).backward()
        second.step()
        first.zero_grad()
        loss(discriminator(samples), real).backward()
        first.step()
        yield (samples.detach().mean(0) - data.mean(0)).norm().item()


def policy_gradient(torch: Any) -> Iterator[float]:
    """Actor and critic choose a way in a corridor whose length is told; yields the reward they missed."""
    nn = torch.nn
    F = nn.functional

    class Agent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Linear(5, 24)
            self.actor, self.critic = nn.Linear(24, 3), nn.Linear(24, 1)

        def forward(self, x: Any) -> Any:
            x = torch.tanh(self.body(x))
            return F.log_softmax(self.actor(x), dim=-1), self.critic(x).squeeze(-1)

    agent = Agent()
    optimizer = torch.optim.Adam(agent.parameters(), lr=0.02)
    while True:
        place = torch.randint(0, 5, (64,))
        goal = place % 3
        log_chance, value = agent(F.one_hot(place, 5).float())
        action = torch.multinomial(log_chance.exp(), 1).squeeze(-1)
        reward = (action == goal).float()
        chosen = log_chance.gather(1, action.unsqueeze(-1)).squeeze(-1)
        advantage = reward - value.detach()
        entropy = -(log_chance.exp() * log_chance).sum(-1)
        loss = (-chosen * advantage - 0.01 * entropy).mean() + F.smooth_l1_loss(value, reward)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield 1 - reward.mean().item() + 0.1 * loss.item()
