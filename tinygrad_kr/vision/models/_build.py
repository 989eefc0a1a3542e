"""What the constructors of the models share."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from ... import nn
from ...nn import init

Model = TypeVar("Model", bound=nn.Module)


def build(kind: Callable[..., Model], weights: Any, options: dict[str, Any], **architecture: Any) -> Model:
    """The model `kind(**architecture, **options)`, with freshly drawn weights.

    Args:
        kind: the class.
        weights: None; anything else would have to be downloaded.
        options: the caller's keywords; `pretrained=False`, as older programs write, is taken out.
        architecture: what tells one member of the family from another.

    Raises:
        ValueError: weights are asked for.
    """
    if weights is not None or options.pop("pretrained", False):
        raise ValueError(
            f"{kind.__name__}: trained weights are not downloaded here (weights={weights!r}): build the "
            "model with weights=None, then model.load_state_dict(torch.load(path)) a checkpoint of your own"
        )
    return kind(**{**architecture, **options})


def weights_of(name: str) -> Any:
    """The enumeration of weights that torchvision has for a model; no member of it can be loaded."""
    return Enum(name, {"IMAGENET1K_V1": 1, "IMAGENET1K_V2": 2, "DEFAULT": 2})


def draw_convolutions(model: nn.Module, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> None:
    """He initialisation of every convolution, in the order of construction, with biases of 0.

    Norms keep their ones and zeros, which are what they are built with.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            init.kaiming_normal_(module.weight, mode=mode, nonlinearity=nonlinearity)
            if module.bias is not None:
                init.zeros_(module.bias)


def draw_linears(model: nn.Module) -> None:
    """Every linear layer from a normal distribution of deviation 0.01, with biases of 0."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            init.normal_(module.weight, 0, 0.01)
            init.zeros_(module.get_parameter("bias"))
