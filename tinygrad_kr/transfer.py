"""Using what another model has learned: freezing, a new head, rates per layer, features kept once.

::

    model.load_state_dict(torch.load("trained.pt"))
    transfer.freeze(model)
    transfer.replace_head(model, outputs=5)
    train.fit(model, F.cross_entropy, optimizer, data, epochs=5)          # the head alone
    transfer.unfreeze(model)
    optimizer = torch.optim.Adam(transfer.layerwise_lr(model, lr=1e-3, decay=0.5))
    train.fit(model, F.cross_entropy, optimizer, data, epochs=5)          # everything, earlier layers slower
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .autograd.modes import no_grad
from .nn.batchnorm import _NormBase
from .nn.conv import _ConvNd, _ConvTransposeNd
from .nn.linear import Linear
from .nn.module import Module
from .ops.joining import cat
from .tensor import Tensor
from .utils.data import TensorDataset

__all__ = ["Loaded", "cache_features", "freeze", "layerwise_lr", "load_matching", "replace_head", "unfreeze"]


def freeze(module: Module, statistics: bool = True) -> Module:
    """Stop training a module: its parameters need no gradients any more, and optimizers leave them alone.

    Args:
        module: a model or a part of one.
        statistics: whether batch norm layers keep their running statistics as well, also when `train()` is
            called on the model. With False they go on normalising with, and counting, the batches.

    Returns:
        The module.

    >>> from tinygrad_kr import transfer
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))
    >>> _ = transfer.freeze(model[:2])
    >>> model.train()[1].training, [name for name, w in model.named_parameters() if w.requires_grad]
    (False, ['2.weight', '2.bias'])
    """
    module.requires_grad_(False)
    if statistics:
        _freeze_statistics(module, True)
    return module


def unfreeze(module: Module) -> Module:
    """Train a module again: parameters need gradients, batch norm layers follow the mode of `module`.

    >>> from tinygrad_kr import transfer
    >>> layer = transfer.unfreeze(transfer.freeze(nn.BatchNorm1d(3)))
    >>> layer.train().training, layer.weight.requires_grad
    (True, True)
    """
    module.requires_grad_(True)
    _freeze_statistics(module, False)
    return module


def _freeze_statistics(module: Module, frozen: bool) -> None:
    for part in module.modules():
        if isinstance(part, _NormBase):
            training = part.training or (part.frozen and module.training)
            part.frozen = frozen
            part.train(training)


def replace_head(model: Module, outputs: int, name: str | None = None, bias: bool | None = None) -> Module:
    """Put a fresh layer for another number of outputs in place of a model's last one.

    Args:
        model: changed in place.
        outputs: how many classes or values the new task has.
        name: the layer's name in `model`; by default the last dense or convolutional layer registered.
        bias: whether the new layer has one; as the old one had by default.

    Returns:
        The new layer: `Linear` or a convolution like the old one, with fresh weights that need gradients.

    Raises:
        ValueError: there is no such layer, or outputs < 1.
        TypeError: the named module is neither dense nor convolutional.

    >>> from tinygrad_kr import transfer
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 10))
    >>> transfer.replace_head(model, outputs=3)
    Linear(in_features=8, out_features=3, bias=True)
    >>> model(torch.ones(1, 4)).shape
    torch.Size([1, 3])
    """
    if outputs < 1:
        raise ValueError(f"outputs must be at least 1, got {outputs}")
    if name is None:
        names = [path for path, part in model.named_modules() if isinstance(part, (Linear, _ConvNd)) and path]
        if not names:
            raise ValueError(
                f"{type(model).__name__} has no dense or convolutional layer to replace: name one"
            )
        name = names[-1]
    old = model.get_submodule(name)
    if bias is None:
        bias = getattr(old, "bias", None) is not None
    if isinstance(old, Linear):
        new: Module = Linear(old.in_features, outputs, bias, dtype=old.weight.dtype)
    elif isinstance(old, _ConvNd) and not isinstance(old, _ConvTransposeNd):
        options = ("kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")
        shared: dict[str, Any] = {option: getattr(old, option) for option in options}
        new = type(old)(old.in_channels, outputs, bias=bias, dtype=old.weight.dtype, **shared)
    else:
        raise TypeError(f"the head must be dense or convolutional, but {name!r} is a {type(old).__name__}")
    path, _, attribute = name.rpartition(".")
    setattr(model.get_submodule(path), attribute, new.train(old.training))
    return new


def layerwise_lr(
    model: Module, lr: float, decay: float | None = None, rates: Mapping[str, float] | None = None
) -> list[dict[str, Any]]:
    r"""Parameter groups with a learning rate of their own: earlier layers, which are more general, slower.

    With `decay` the direct parts of the model are taken in order, and each has `decay` times the rate of the
    next one; the last has `lr`. With `rates` the longest name that a parameter's name begins with decides.
    Parameters that need no gradient are left out.

    Args:
        model: any module.
        lr: the rate of the last part, or of what `rates` does not name.
        decay: a factor in (0, 1].
        rates: learning rates by the beginnings of names, such as {"features": 1e-4}.

    Returns:
        Groups for an optimizer; each also has its "name".

    Raises:
        ValueError: neither or both of decay and rates, a decay out of (0, 1], or a name without a parameter.

    >>> from tinygrad_kr import transfer
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 3), nn.Linear(3, 1))
    >>> [(group["name"], group["lr"]) for group in transfer.layerwise_lr(model, 0.1, decay=0.5)]
    [('0', 0.025), ('2', 0.05), ('3', 0.1)]

    Source: Howard and Ruder 2018, "Universal language model fine-tuning" (discriminative fine-tuning).
    """
    if (decay is None) == (rates is None):
        raise ValueError("give either decay, such as 0.5, or rates, such as {'features': 1e-4}")
    named = [(name, one) for name, one in model.named_parameters() if one.requires_grad]
    groups: dict[str, list[Tensor]] = {}
    if decay is not None:
        if not 0 < decay <= 1:
            raise ValueError(f"decay must be in (0, 1], got {decay}")
        for name, one in named:
            groups.setdefault(name.partition(".")[0], []).append(one)
        last = len(groups) - 1
        return [
            {"params": params, "lr": lr * decay ** (last - place), "name": name}
            for place, (name, params) in enumerate(groups.items())
        ]
    rates = dict(rates or {})
    for name, one in named:
        fitting = [key for key in rates if name == key or name.startswith(key + ".")]
        groups.setdefault(max(fitting, key=len, default=""), []).append(one)
    unknown = [
        key
        for key in rates
        if not any(n == key or n.startswith(key + ".") for n, _ in model.named_parameters())
    ]
    if unknown:
        parts = ", ".join(repr(name) for name, _ in model.named_children())
        raise ValueError(f"no parameter's name begins with {unknown[0]!r}; the model's parts are {parts}")
    return [{"params": params, "lr": rates.get(key, lr), "name": key} for key, params in groups.items()]


@no_grad()
def cache_features(frozen: Module, data: Any, batch_size: int = 256) -> TensorDataset:
    """What a frozen part of a model gives for all the data, computed once, to train the rest on.

    The part runs in evaluation mode, so without dropout and with running statistics, as it does inside a
    frozen model; augmentation of its inputs is frozen as well. Training the rest on the cached features takes
    the same steps as training the whole with this part frozen, and costs none of its forward passes.

    Args:
        frozen: the part, for instance `model.features`.
        data: a loader, a dataset or a tuple of arrays (inputs, targets).
        batch_size: for data that are no loader.

    Returns:
        A dataset of (features, targets), or of features alone, in the order of `data`.

    >>> from tinygrad_kr import transfer
    >>> features = nn.Sequential(nn.Linear(4, 2), nn.ReLU())
    >>> cached = transfer.cache_features(features, (torch.ones(6, 4), torch.arange(6)))
    >>> len(cached), cached[5]
    (6, (tensor([...]), tensor(5)))
    """
    from .train.data import call, loader
    from .train.loop import evaluating

    inputs, targets = [], []
    with evaluating(frozen):
        for batch in loader(data, batch_size):
            parts = batch if isinstance(batch, (tuple, list)) else (batch,)
            inputs.append(call(frozen, parts[0]))
            targets.append(parts[1:])
    if not inputs:
        raise ValueError("there are no data to compute features of")
    return TensorDataset(cat(inputs), *(cat(list(column)) for column in zip(*targets)))


@dataclass(frozen=True)
class Loaded:
    """Which parameters of a model came from another's: by name, `loaded`, `missing` and `unused`."""

    loaded: list[str]
    missing: list[str]
    unused: list[str]


@no_grad()
def load_matching(model: Module, state: Mapping[str, Tensor], prefix: str = "") -> Loaded:
    """Take over from a state dict whatever has the same name and shape, and say what did.

    For a model with another head, or one that was trained on an auxiliary task. `load_state_dict` is for
    models that must agree.

    Args:
        model: changed in place.
        state: the other model's state dict.
        prefix: what the names in `state` begin with and the model's do not, such as "encoder.".

    Raises:
        ValueError: nothing matches. Nothing is changed then.

    >>> from tinygrad_kr import transfer
    >>> old = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 10))
    >>> new = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> transfer.load_matching(new, old.state_dict())
    Loaded(loaded=['0.weight', '0.bias'], missing=['2.weight', '2.bias'], unused=['2.weight', '2.bias'])
    """
    own = model.state_dict()
    given = {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}
    loaded = [name for name, value in own.items() if name in given and given[name].shape == value.shape]
    if not loaded:
        raise ValueError(
            f"no parameter of {type(model).__name__} ({', '.join(list(own)[:3])} ...) has name and shape of "
            f"one in the state dict ({', '.join(list(state)[:3])} ...): see whether a prefix is in the way"
        )
    for name in loaded:
        own[name].copy_(given[name])
    return Loaded(
        loaded,
        [name for name in own if name not in loaded],
        [prefix + name for name in given if name not in loaded]
        + [name for name in state if not name.startswith(prefix)],
    )
