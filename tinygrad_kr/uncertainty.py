"""How sure a model is: dropout kept on at prediction, and ensembles of models.

Dropout trains many thinned networks at once. Evaluation mode replaces their average by one pass with scaled
weights; Monte-Carlo dropout takes the average itself, over a number of passes with dropout on, and so sees as
well how far the networks disagree. An ensemble does the same with models that were trained apart.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .autograd.modes import no_grad
from .nn.containers import ModuleList
from .nn.dropconnect import _DropConnect
from .nn.dropout import _DropoutNd
from .nn.module import Module
from .nn.recurrent import RNNBase
from .ops.joining import cat, stack
from .tensor import Tensor

__all__ = ["Ensemble", "Predictions", "dropout_on", "ensemble", "entropy", "mc_dropout"]

Activation = Callable[[Tensor], Tensor]


def entropy(probabilities: Tensor, dim: int = -1) -> Tensor:
    r"""The entropy of distributions over classes in nats: H(p) = -Σ p ln p, with 0 ln 0 = 0.

    >>> from tinygrad_kr import uncertainty
    >>> uncertainty.entropy(torch.tensor([[0.5, 0.5], [1.0, 0.0]]))
    tensor([0.6931, 0.0000])
    """
    return (-probabilities.xlogy(probabilities)).sum(dim)


@dataclass(frozen=True)
class Predictions:
    """What several networks say about the same inputs.

    Attributes:
        samples: what each of them says, (K, N, *).
    """

    samples: Tensor

    @property
    def mean(self) -> Tensor:
        """Their mean, the prediction, (N, *)."""
        return self.samples.mean(0)

    @property
    def std(self) -> Tensor:
        """How far they spread around it, (N, *); 0 if there is one network."""
        return self.samples.std(0, correction=min(1, len(self.samples) - 1))

    @property
    def entropy(self) -> Tensor:
        """The uncertainty of the mean in nats, (N,), where the samples are probabilities (K, N, C)."""
        self._require_probabilities()
        return entropy(self.mean)

    @property
    def mutual_information(self) -> Tensor:
        r"""The part of it that comes from disagreement: H(mean of p) - mean of H(p), in nats, (N,).

        High where the networks are each sure of something else, which more data would settle; 0 where they
        agree, even if on "both are equally likely".

        Source: Houlsby et al. 2011, "Bayesian active learning by disagreement"; Gal et al. 2017.
        """
        self._require_probabilities()
        return (entropy(self.mean) - entropy(self.samples).mean(0)).clamp(min=0)

    def _require_probabilities(self) -> None:
        total = self.samples.sum(-1)
        if bool((self.samples < 0).any()) or bool(((total - 1).abs() > 1e-3).any()):
            raise ValueError(
                "the samples are not probabilities: every row must be at least 0 and add up to 1; predict "
                "with activation=lambda scores: scores.softmax(-1)"
            )


@contextlib.contextmanager
def dropout_on(model: Module) -> Iterator[Module]:
    """Evaluation mode for everything but dropout, which drops as in training; the modes come back afterwards.

    Dropout and DropConnect layers of this package are switched, and recurrent layers with dropout between
    their layers. Batch norm keeps its running statistics.

    >>> from tinygrad_kr import uncertainty
    >>> model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5))
    >>> with uncertainty.dropout_on(model):
    ...     print(model[0].training, model[1].training)
    False True
    """
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    dropping = [part for part in model.modules() if _drops(part)]
    if not dropping:
        raise ValueError(
            f"{type(model).__name__} has no dropout to keep on: every pass would give the same; use an "
            "ensemble instead"
        )
    for part in dropping:
        part.training = True
    try:
        yield model
    finally:
        for part, training in modes:
            part.training = training


def _drops(part: Module) -> bool:
    if isinstance(part, RNNBase):
        return part.dropout > 0
    return isinstance(part, (_DropoutNd, _DropConnect)) or getattr(part, "drops_units", False)


def mc_dropout(
    model: Module,
    inputs: Any,
    passes: int = 30,
    activation: Activation | None = None,
    batch_size: int = 256,
) -> Predictions:
    """Predict with dropout on, several times: the mean is the prediction, the spread its uncertainty.

    Args:
        model: a network with dropout; its modes are as before afterwards.
        inputs: an array or tensor (N, *), or a loader.
        passes: K, how many thinned networks are asked.
        activation: applied to every output before averaging, for instance a softmax: averaging
            probabilities is what the method means, averaging scores is not.
        batch_size: for inputs that are no loader.

    Returns:
        The K predictions, with `mean`, `std`, `entropy` and `mutual_information`.

    Raises:
        ValueError: passes < 1, no inputs, or no dropout in the model.

    >>> from tinygrad_kr import uncertainty
    >>> model = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 3))
    >>> found = uncertainty.mc_dropout(model, torch.randn(5, 2), activation=lambda s: s.softmax(-1))
    >>> found.mean.shape, found.std.shape, found.mutual_information.shape
    (torch.Size([5, 3]), torch.Size([5, 3]), torch.Size([5]))

    Source: Gal and Ghahramani 2016, "Dropout as a Bayesian approximation".
    """
    if passes < 1:
        raise ValueError(f"passes must be at least 1, got {passes}")
    with dropout_on(model), no_grad():
        return Predictions(stack([_outputs(model, inputs, activation, batch_size) for _ in range(passes)]))


def ensemble(
    models: Iterable[Module], inputs: Any, activation: Activation | None = None, batch_size: int = 256
) -> Predictions:
    """Predict with several trained models: the mean is the prediction, the spread its uncertainty.

    Args:
        models: each is asked in evaluation mode.
        inputs, activation, batch_size: as for `mc_dropout`.

    Raises:
        ValueError: no models or no inputs.

    >>> from tinygrad_kr import uncertainty
    >>> models = [nn.Linear(2, 1) for _ in range(5)]
    >>> uncertainty.ensemble(models, torch.ones(3, 2)).samples.shape
    torch.Size([5, 3, 1])

    Source: Lakshminarayanan et al. 2017, "Simple and scalable predictive uncertainty estimation using deep
    ensembles".
    """
    from .train import predict

    samples = []
    for model in models:
        out = predict(model, inputs, batch_size)
        samples.append(out if activation is None else activation(out))
    if not samples:
        raise ValueError("an ensemble needs at least one model")
    return Predictions(stack(samples))


def _outputs(model: Module, inputs: Any, activation: Activation | None, batch_size: int) -> Tensor:
    """The outputs for all inputs in the modes that the model has now."""
    from .train.data import call, loader, pair

    parts = [call(model, pair(batch)[0]) for batch in loader(inputs, batch_size)]
    if not parts:
        raise ValueError("there are no inputs to predict for")
    out = cat(parts)
    return out if activation is None else activation(out)


class Ensemble(Module):
    """A module that averages the outputs of several: it can be evaluated, saved and used like one.

    Args:
        models: of one output shape.
        activation: applied to every output before averaging, for instance a softmax.

    Shapes: those of the models.

    Raises:
        ValueError: no models.

    >>> from tinygrad_kr import uncertainty
    >>> model = uncertainty.Ensemble([nn.Linear(2, 3), nn.Linear(2, 3)])
    >>> x = torch.ones(1, 2)
    >>> torch.allclose(model(x), (model.models[0](x) + model.models[1](x)) / 2)
    True
    """

    def __init__(self, models: Sequence[Module], activation: Activation | None = None) -> None:
        super().__init__()
        if not models:
            raise ValueError("an ensemble needs at least one model")
        self.models = ModuleList(models)
        self.activation: Any = activation

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        """The mean of the models' outputs."""
        outputs = [model(*args, **kwargs) for model in self.models]
        return stack([out if self.activation is None else self.activation(out) for out in outputs]).mean(0)
