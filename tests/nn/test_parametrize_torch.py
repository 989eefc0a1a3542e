"""Parametrizations, norms of weights, pruning and fusion give PyTorch's numbers and names."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_kr

torch = pytest.importorskip("torch", reason="compares with PyTorch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::FutureWarning")]


def agree(program: Callable[[Any], list[Any]]) -> None:
    """A program gives the same in both, in float64, from one seed."""
    found = []
    for module in (torch, tinygrad_kr):
        module.manual_seed(0)
        module.set_default_dtype(module.float64)
        try:
            found.append(program(module))
        finally:
            module.set_default_dtype(module.float32)
    for one, other in zip(*found, strict=True):
        if hasattr(one, "detach"):
            np.testing.assert_allclose(other.detach().numpy(), one.detach().numpy(), rtol=1e-9, atol=1e-9)
        else:
            assert other == one


LAYERS = ["Linear(5, 3)", "Linear(3, 5)", "Linear(4, 4)", "Conv2d(2, 3, 3)", "ConvTranspose2d(2, 3, 3)"]
MAPS = [
    *("weight_norm(l)", "weight_norm(l, dim=None)", "weight_norm(l, dim=1)", "weight_norm(l, 'bias')"),
    *(
        "spectral_norm(l)",
        "spectral_norm(l, n_power_iterations=3, dim=-1)",
        "spectral_norm(l, 'bias', dim=0)",
    ),
    *("orthogonal(l)", "orthogonal(l, orthogonal_map='cayley')"),
    *(
        f"orthogonal(l, orthogonal_map='{m}', use_trivialization=False)"
        for m in ("matrix_exp", "householder")
    ),
]


def facts(module: Any, layer: Any) -> list[Any]:
    """Two calls, their gradients and the state after them."""
    x = module.randn(2, 2, 5, 5) if "Conv" in type(layer).__name__ else module.randn(2, layer.in_features)
    layer(x)
    out = layer(x)
    (out**2).sum().backward()
    state = layer.state_dict()
    return [out, *state, *state.values(), *(p.grad for p in layer.parameters()), repr(layer)]


@pytest.mark.parametrize("made", LAYERS)
@pytest.mark.parametrize("mapped", MAPS)
def test_parametrizations(made: str, mapped: str) -> None:
    def program(module: Any) -> list[Any]:
        layer = eval(f"nn.{made}", {"nn": module.nn})
        eval(f"p.{mapped}", {"p": module.nn.utils.parametrizations, "l": layer})
        name = "bias" if "'bias'" in mapped else "weight"
        found = facts(module, layer)
        module.nn.utils.parametrize.remove_parametrizations(layer, name)
        return [*found, getattr(layer, name), *layer.state_dict(), repr(layer)]

    agree(program)


@pytest.mark.parametrize("made", LAYERS)
@pytest.mark.parametrize("kind", ["weight_norm", "spectral_norm"])
def test_the_older_norms(made: str, kind: str) -> None:
    def program(module: Any) -> list[Any]:
        utils = module.nn.utils
        layer = getattr(utils, kind)(eval(f"nn.{made}", {"nn": module.nn}))
        found = facts(module, layer)
        metadata = layer.state_dict()._metadata[""]
        getattr(utils, f"remove_{kind}")(layer)
        return [*found, dict(metadata), layer.weight, *layer.state_dict()]

    agree(program)


def test_spectral_norm_loads_states_from_before_version_1() -> None:
    def program(module: Any) -> list[Any]:
        layer = module.nn.utils.spectral_norm(module.nn.Linear(3, 2))
        layer(module.randn(4, 3))
        state = layer.state_dict()
        del state["weight_v"], state._metadata[""]["spectral_norm"]
        state["weight"] = layer.weight.detach()
        layer.load_state_dict(state)
        return [layer.weight_v]

    agree(program)


PRUNINGS = [
    *("random_unstructured(l, 'weight', 0.3)", "l1_unstructured(l, 'weight', 4)"),
    *("random_structured(l, 'weight', 0.5, 1)", "ln_structured(l, 'weight', 0.5, 2, 0)"),
    *("ln_structured(l, 'weight', 1, float('inf'), dim=-1)", "identity(l, 'weight')"),
    *("l1_unstructured(l, 'weight', 0.0)", "l1_unstructured(l, 'weight', 2, importance_scores=-l.weight)"),
]


@pytest.mark.parametrize("made", ["Linear(5, 4)", "Conv2d(2, 4, 3)"])
def test_prunings_one_after_the_other(made: str) -> None:
    for first, second in itertools.product(PRUNINGS, repeat=2):

        def program(module: Any, first: str = first, second: str = second) -> list[Any]:
            prune = __import__(f"{module.__name__}.nn.utils.prune", fromlist=["prune"])
            layer = eval(f"nn.{made}", {"nn": module.nn})
            for pruning in (first, second):
                eval(f"p.{pruning}", {"p": prune, "l": layer})
            found = facts(module, layer)
            hooks = [type(hook).__name__ for hook in layer._forward_pre_hooks.values()]
            prune.remove(layer, "weight")
            return [*found, *hooks, layer.weight, *layer.state_dict(), prune.is_pruned(layer)]

        agree(program)


@pytest.mark.parametrize("method", ["L1Unstructured", "RandomUnstructured"])
def test_global_pruning(method: str) -> None:
    def program(module: Any) -> list[Any]:
        prune = __import__(f"{module.__name__}.nn.utils.prune", fromlist=["prune"])
        net = module.nn.Sequential(module.nn.Linear(3, 4), module.nn.Linear(4, 2))
        prune.random_unstructured(net[0], "weight", 0.25)
        pairs = [(net[0], "weight"), (net[1], "weight"), (net[1], "bias")]
        prune.global_unstructured(pairs, getattr(prune, method), amount=0.4)
        return [*net.state_dict(), *net.state_dict().values()]

    agree(program)


@pytest.mark.parametrize("bias", [False, True])
def test_fusion(bias: bool) -> None:
    def program(module: Any) -> list[Any]:
        nn = module.nn
        found = []
        for layer, bn, x, more in (
            (nn.Conv2d(2, 3, 3, bias=bias), nn.BatchNorm2d(3), module.randn(2, 2, 5, 5), ()),
            (nn.ConvTranspose2d(2, 3, 3, bias=bias), nn.BatchNorm2d(3), module.randn(2, 2, 5, 5), (True,)),
            (nn.Linear(2, 3, bias=bias), nn.BatchNorm1d(3), module.randn(4, 2), None),
        ):
            bn(layer(x))
            layer.eval(), bn.eval()
            if more is None:
                fused = nn.utils.fuse_linear_bn_eval(layer, bn)
            else:
                fused = nn.utils.fuse_conv_bn_eval(layer, bn, *more)
            found += [fused(x), *fused.state_dict(), *(p.requires_grad for p in fused.parameters())]
        return found

    agree(program)
