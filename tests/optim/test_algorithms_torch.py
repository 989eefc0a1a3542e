"""Every algorithm, under random options, walks where PyTorch's walks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr
from tinygrad_kr.optim import _portions as base

torch = pytest.importorskip("torch", reason="compares with PyTorch")
pytestmark = pytest.mark.torch

STEPS = 12
part = st.floats(0.0, 0.99)
flag = st.booleans()
betas = st.tuples(part, part)
decay = st.sampled_from([0.0, 0.01, 0.3])
eps = st.sampled_from([1e-8, 1e-3, 0.1])
rate = st.floats(1e-4, 0.3)

OPTIONS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "SGD": {"momentum": part, "dampening": part, "weight_decay": decay},
    "Adam": {
        "betas": betas,
        "eps": eps,
        "weight_decay": decay,
        "amsgrad": flag,
        "decoupled_weight_decay": flag,
    },
    "AdamW": {"betas": betas, "eps": eps, "weight_decay": decay, "amsgrad": flag},
    "RMSprop": {
        "alpha": st.floats(0.2, 0.99),
        "eps": eps,
        "weight_decay": decay,
        "momentum": part | st.just(0),
        "centered": flag,
    },
    "Adagrad": {
        "lr_decay": part,
        "weight_decay": decay,
        "initial_accumulator_value": part,
        "eps": st.sampled_from([1e-10, 1e-3]),
    },
    "Adadelta": {"rho": part, "eps": st.sampled_from([1e-6, 1e-2]), "weight_decay": decay},
    "Adamax": {"betas": betas, "eps": eps, "weight_decay": decay},
    "NAdam": {
        "betas": betas,
        "eps": eps,
        "weight_decay": decay,
        "momentum_decay": st.sampled_from([0.0, 4e-3, 0.5]),
        "decoupled_weight_decay": flag,
    },
    "RAdam": {
        "betas": st.tuples(part, st.floats(0.6, 0.999)),
        "eps": eps,
        "weight_decay": decay,
        "decoupled_weight_decay": flag,
    },
    "ASGD": {
        "lambd": st.sampled_from([0.0, 1e-4, 0.1]),
        "alpha": part,
        "t0": st.sampled_from([1e6, 0, 3]),
        "weight_decay": decay,
    },
    "Adafactor": {
        "beta2_decay": st.floats(-1, 0),
        "eps": st.sampled_from([(None, 1e-3), (1e-3, 0.0), (1e-8, 1.0)]),
        "d": st.floats(1, 3),
        "weight_decay": decay,
    },
    "Rprop": {
        "etas": st.tuples(st.floats(0.1, 0.9), st.floats(1.1, 2)),
        "step_sizes": st.sampled_from([(1e-6, 50), (0.01, 0.2)]),
    },
}


def walk(module: Any, name: str, options: dict[str, Any], start: np.ndarray, seed: int) -> tuple[Any, Any]:
    """The path of the parameters on given gradients, and the optimizer."""
    rng = np.random.default_rng(seed)
    p = module.from_numpy(start.copy()).requires_grad_()
    optimizer = getattr(module.optim, name)([p], **options)
    path = []
    for _ in range(STEPS):
        # Not gradients at p: divided by small ones, feedback would blow rounding errors up.
        p.grad = module.from_numpy(rng.standard_normal(start.shape).astype(start.dtype))
        optimizer.step()
        path.append(p.detach().numpy().copy())
    return np.stack(path), optimizer


@pytest.mark.parametrize("name", OPTIONS)
@given(data=st.data())
def test_walks_like_torch(name: str, data: st.DataObject) -> None:
    options = data.draw(st.fixed_dictionaries({"lr": rate, "maximize": flag}, optional=OPTIONS[name]))
    if name == "SGD" and options.get("momentum", 0) > 0 and not options.get("dampening"):
        options["nesterov"] = data.draw(flag)
    seed = data.draw(st.integers(0, 999))
    start = np.random.default_rng(seed).standard_normal(data.draw(st.sampled_from([(3, 4), (12,)])))
    ours, mine = walk(tinygrad_kr, name, options, start, seed)
    theirs, other = walk(torch, name, options, start, seed)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
    assert_same_state(mine, other, 1e-12)
    if data.draw(flag):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(base, "PIECE", 4)
            pieces, _ = walk(tinygrad_kr, name, options, start, seed)
        np.testing.assert_array_equal(pieces, ours)


@pytest.mark.parametrize("name", OPTIONS)
def test_float32_to_rounding(name: str) -> None:
    start = np.random.default_rng(1).standard_normal((5, 7)).astype(np.float32)
    ours, mine = walk(tinygrad_kr, name, {}, start, 1)
    theirs, other = walk(torch, name, {}, start, 1)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=2e-7)
    assert_same_state(mine, other, 5e-6)


@given(
    options=st.fixed_dictionaries(
        {"lr": rate},
        optional={
            "weight_decay": decay,
            "momentum": part,
            "nesterov": flag,
            "ns_steps": st.integers(1, 6),
            "ns_coefficients": st.just((2.0, -1.5, 0.5)),
            "eps": st.sampled_from([1e-7, 0.1]),
            "adjust_lr_fn": st.sampled_from([None, "original", "match_rms_adamw"]),
        },
    ),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_muon_walks_like_torch(options: dict[str, Any], shape: tuple[int, int]) -> None:
    """To a few of bfloat16's roundings: sums in another order may fall on the other side of one."""
    start = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    ours, mine = walk(tinygrad_kr, "Muon", options, start, 0)
    theirs, other = walk(torch, "Muon", options, start, 0)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=0.05 * options["lr"])
    assert_same_state(mine, other, 1e-5)


def assert_same_state(mine: Any, other: Any, tolerance: float) -> None:
    """Two optimizers with the same state dict: names, order of options, shapes, dtypes and values."""
    ours, theirs = mine.state_dict(), other.state_dict()
    assert ours["param_groups"] == theirs["param_groups"]
    assert ours["state"].keys() == theirs["state"].keys()
    for number, state in ours["state"].items():
        assert set(state) == set(theirs["state"][number])
        for key, value in state.items():
            expected = theirs["state"][number][key]
            assert str(value.dtype) == str(expected.dtype) and tuple(value.shape) == tuple(expected.shape), (
                key
            )
            np.testing.assert_allclose(
                value.numpy(), expected.numpy(), rtol=tolerance, atol=tolerance, err_msg=key
            )


@pytest.mark.parametrize("name", OPTIONS)
def test_repr_is_torchs(name: str) -> None:
    texts = []
    for module in (tinygrad_kr, torch):
        groups = [{"params": [module.zeros(1)]}, {"params": [module.zeros(1)], "lr": 0.5}]
        texts.append(repr(getattr(module.optim, name)(groups)))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("name", OPTIONS)
def test_continues_from_torchs_state(name: str) -> None:
    rng = np.random.default_rng(2)
    grads = [rng.standard_normal(6) for _ in range(8)]
    theirs = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    other = getattr(torch.optim, name)([theirs], lr=0.05)
    for g in grads[:4]:
        theirs.grad = torch.from_numpy(g)
        other.step()
    p = tinygrad_kr.from_numpy(theirs.detach().numpy().copy()).requires_grad_()
    optimizer = getattr(tinygrad_kr.optim, name)([p], lr=0.9)
    optimizer.load_state_dict(other.state_dict())
    back = getattr(torch.optim, name)([copy := theirs.detach().clone().requires_grad_()], lr=0.9)
    back.load_state_dict(as_torch(optimizer.state_dict()))
    for g in grads[4:]:
        for one, stepper, module in (
            (theirs, other, torch),
            (p, optimizer, tinygrad_kr),
            (copy, back, torch),
        ):
            one.grad = module.from_numpy(g)
            stepper.step()
    np.testing.assert_allclose(p.detach().numpy(), theirs.detach().numpy(), rtol=1e-12, atol=1e-12)
    # PyTorch rounds the numbers beside the arrays to the parameter's dtype when it loads; we keep them.
    np.testing.assert_allclose(copy.detach().numpy(), theirs.detach().numpy(), rtol=1e-6, atol=1e-8)


def as_torch(value: Any) -> Any:
    if isinstance(value, tinygrad_kr.Tensor):
        return torch.from_numpy(value.numpy().copy())
    if isinstance(value, dict):
        return {key: as_torch(one) for key, one in value.items()}
    return [as_torch(one) for one in value] if isinstance(value, list) else value


def rosenbrock(module: Any, options: dict[str, Any], steps: int) -> tuple[np.ndarray, Any, list[float]]:
    p = module.from_numpy(np.array([-1.2, 1.0, 0.7])).requires_grad_()
    optimizer = module.optim.LBFGS([p], **options)

    def closure() -> float:
        x, y, z = p.detach().numpy()
        p.grad = module.from_numpy(
            np.array([-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x) + 2 * (y - z), 2 * (z - y)])
        )
        return float(100 * (y - x * x) ** 2 + (1 - x) ** 2 + (y - z) ** 2)

    losses = [optimizer.step(closure) for _ in range(steps)]
    return p.detach().numpy(), optimizer, losses


@given(
    options=st.fixed_dictionaries(
        {"max_iter": st.integers(1, 8), "history_size": st.integers(1, 5)},
        optional={"max_eval": st.integers(2, 12), "tolerance_change": st.just(1e-4)},
    ),
    search=flag,
)
def test_lbfgs_walks_like_torch(options: dict[str, Any], search: bool) -> None:
    options |= {"line_search_fn": "strong_wolfe"} if search else {"lr": 1e-3}
    ours, mine, our_losses = rosenbrock(tinygrad_kr, options, 3)
    theirs, other, their_losses = rosenbrock(torch, options, 3)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(our_losses, their_losses, rtol=1e-6, atol=1e-6)
    one, two = mine.state_dict()["state"][0], other.state_dict()["state"][0]
    assert one["n_iter"] == two["n_iter"] and one["func_evals"] == two["func_evals"]
    assert set(two) - set(one) <= {"al"}  # scratch that PyTorch keeps
