"""Recurrent layers, cells and packed sequences are PyTorch's: parameters, outputs, gradients, errors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.torch

TOLERANCE = {"float64": 1e-9, "float32": 2e-5}


def plain(value: Any) -> Any:
    """A tensor as an array, anything else as it is."""
    return np.array(value.detach().numpy()) if hasattr(value, "detach") else value


def compare(got: dict[str, Any], expected: dict[str, Any], tolerance: float) -> None:
    assert list(got) == list(expected)
    for key, want in expected.items():
        if isinstance(want, np.ndarray):
            assert got[key].shape == want.shape and got[key].dtype == want.dtype, key
            exact = key.startswith("initial")
            limit = 0.0 if exact else tolerance * max(1.0, np.abs(want).max(initial=0))
            np.testing.assert_allclose(got[key], want, rtol=0, atol=limit, err_msg=key)
        else:
            assert got[key] == want, key


@st.composite
def networks(draw: Any) -> dict[str, Any]:
    """A layer's class and arguments, and how it is called."""
    kind = draw(st.sampled_from(["RNN", "LSTM", "GRU"]))
    layers = draw(st.integers(1, 3))
    arguments = {
        "input_size": draw(st.integers(1, 4)),
        "hidden_size": draw(st.integers(2, 5)),
        "num_layers": layers,
        "bias": draw(st.booleans()),
        "batch_first": draw(st.booleans()),
        "dropout": draw(st.sampled_from([0.0, 0.4])) if layers > 1 else 0.0,
        "bidirectional": draw(st.booleans()),
    }
    if kind == "LSTM" and draw(st.booleans()):
        arguments["proj_size"] = draw(st.integers(1, arguments["hidden_size"] - 1))
    if kind == "RNN":
        arguments["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    return {
        "kind": kind,
        "arguments": arguments,
        "form": draw(st.sampled_from(["batch", "single", "packed"])),
        "sorted": draw(st.booleans()),
        "state": draw(st.booleans()),
        "training": draw(st.booleans()),
        "dtype": draw(st.sampled_from(["float32", "float64"])),
        "seed": draw(st.integers(0, 1000)),
        "length": draw(st.integers(1, 6)),
        "samples": draw(st.integers(1, 4)),
    }


def run(framework: Any, one: dict[str, Any]) -> dict[str, Any]:
    """Everything that can be seen of one layer in one call and its backward."""
    framework.manual_seed(one["seed"])
    arguments, dtype = one["arguments"], getattr(framework, one["dtype"])
    layer = getattr(framework.nn, one["kind"])(**arguments, dtype=dtype)
    layer.train(one["training"])
    found: dict[str, Any] = {"text": repr(layer)}
    for name, value in layer.state_dict().items():
        found[f"initial {name}"] = plain(value)
    found["all_weights"] = [[tuple(weight.shape) for weight in weights] for weights in layer.all_weights]
    rng = np.random.default_rng(one["seed"])
    leaves: list[Any] = []

    def tensor(*shape: int) -> Any:
        leaf = framework.from_numpy(rng.standard_normal(shape).astype(one["dtype"]))
        leaves.append(leaf.requires_grad_())
        return leaf

    length, samples, features = one["length"], one["samples"], arguments["input_size"]
    places = arguments["num_layers"] * (1 + arguments["bidirectional"])
    middle = () if one["form"] == "single" else (samples,)
    if one["form"] == "single":
        x = tensor(length, features)
    else:
        x = tensor(*((samples, length) if arguments["batch_first"] else (length, samples)), features)
    width = arguments["hidden_size"]
    state: Any = None
    if one["state"]:
        state = tensor(places, *middle, arguments.get("proj_size") or width)
        if one["kind"] == "LSTM":
            state = (state, tensor(places, *middle, width))
    rnn = framework.nn.utils.rnn
    given = x
    if one["form"] == "packed":
        lengths = rng.integers(1, length + 1, samples)
        lengths = np.sort(lengths)[::-1].copy() if one["sorted"] else lengths
        first = arguments["batch_first"]
        given = rnn.pack_padded_sequence(
            x, framework.from_numpy(lengths), batch_first=first, enforce_sorted=one["sorted"]
        )
        for name in ("batch_sizes", "sorted_indices", "unsorted_indices"):
            found[name] = plain(getattr(given, name))
    framework.manual_seed(one["seed"] + 1)
    out, final = layer(given, state)
    if one["form"] == "packed":
        found["data"] = plain(out.data)
        out, lengths = rnn.pad_packed_sequence(out, batch_first=True, padding_value=0.5)
        found["lengths"] = plain(lengths)
    results = [out, *(final if isinstance(final, tuple) else [final])]
    loss = sum(
        (result * framework.from_numpy(rng.standard_normal(tuple(result.shape)).astype(one["dtype"]))).sum()
        for result in results
    )
    loss.backward()
    for number, result in enumerate(results):
        found[f"result {number}"] = plain(result)
    for number, leaf in enumerate(leaves):
        found[f"gradient of input {number}"] = plain(leaf.grad)
    for name, parameter in layer.named_parameters():
        found[f"gradient of {name}"] = plain(parameter.grad)
    return found


@given(one=networks())
def test_layers(one: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own, about oneDNN and projections
        expected = run(torch, one)
    compare(run(tinygrad_kr, one), expected, TOLERANCE[one["dtype"]])


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_a_long_wide_layer(kind: str) -> None:
    """Large enough for several stages; of more than 16 equal lengths PyTorch's sort keeps no order."""
    one = {
        "kind": kind,
        "arguments": {
            "input_size": 48,
            "hidden_size": 40,
            "num_layers": 1,
            "batch_first": False,
            "bidirectional": True,
        },
        "form": "packed",
        "sorted": False,
        "state": True,
        "training": True,
        "dtype": "float64",
        "seed": 3,
        "length": 70,
        "samples": 15,
    }
    compare(run(tinygrad_kr, one), run(torch, one), 1e-9)


def test_dropout_between_layers_draws_the_same_mask() -> None:
    outputs = []
    for framework in (tinygrad_kr, torch):
        framework.manual_seed(0)
        layer = framework.nn.LSTM(3, 16, num_layers=3, dropout=0.5, bidirectional=True)
        x = framework.from_numpy(np.random.default_rng(0).standard_normal((5, 4, 3)).astype(np.float32))
        outputs.append([plain(layer(x)[0]) for _ in range(2)])
    np.testing.assert_allclose(outputs[0], outputs[1], atol=1e-5)
    assert np.abs(outputs[0][0] - outputs[0][1]).max() > 1e-3


@given(
    kind=st.sampled_from(["RNNCell", "LSTMCell", "GRUCell"]),
    bias=st.booleans(),
    single=st.booleans(),
    state=st.booleans(),
    relu=st.booleans(),
    seed=st.integers(0, 100),
)
def test_cells(kind: str, bias: bool, single: bool, state: bool, relu: bool, seed: int) -> None:
    def found(framework: Any) -> dict[str, Any]:
        framework.manual_seed(seed)
        more = {"nonlinearity": "relu"} if relu and kind == "RNNCell" else {}
        cell = getattr(framework.nn, kind)(3, 4, bias=bias, dtype=framework.float64, **more)
        rng = np.random.default_rng(seed)
        middle = () if single else (2,)
        x, h, c = (
            framework.from_numpy(rng.standard_normal((*middle, n))).requires_grad_() for n in (3, 4, 4)
        )
        hx = (h, c) if kind == "LSTMCell" else h
        results = cell(x, hx) if state else cell(x)
        results = results if isinstance(results, tuple) else (results,)
        sum(((number + 1) * one * one).sum() for number, one in enumerate(results)).backward()
        seen: dict[str, Any] = {"text": repr(cell)}
        seen.update({f"initial {name}": plain(value) for name, value in cell.state_dict().items()})
        seen.update({f"result {number}": plain(one) for number, one in enumerate(results)})
        seen.update({f"gradient of {name}": plain(one.grad) for name, one in cell.named_parameters()})
        seen["gradient of x"] = plain(x.grad)
        if state:
            seen["gradient of h"] = plain(h.grad)
        return seen

    compare(found(tinygrad_kr), found(torch), 1e-9)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_state_dicts_load_both_ways(kind: str) -> None:
    options = {"num_layers": 2, "bidirectional": True}
    ours, theirs = getattr(tinygrad_kr.nn, kind)(3, 4, **options), getattr(torch.nn, kind)(3, 4, **options)
    x = np.random.default_rng(0).standard_normal((5, 2, 3)).astype(np.float32)
    ours.load_state_dict(
        {n: tinygrad_kr.from_numpy(v.numpy().copy()) for n, v in theirs.state_dict().items()}
    )
    want = plain(theirs(torch.from_numpy(x))[0])
    np.testing.assert_allclose(plain(ours(tinygrad_kr.from_numpy(x))[0]), want, atol=1e-5)
    ours = getattr(tinygrad_kr.nn, kind)(3, 4, **options)
    theirs.load_state_dict({n: torch.from_numpy(v.numpy().copy()) for n, v in ours.state_dict().items()})
    want = plain(theirs(torch.from_numpy(x))[0])
    np.testing.assert_allclose(plain(ours(tinygrad_kr.from_numpy(x))[0]), want, atol=1e-5)


WRONG = {
    "layer without features": lambda t: t.nn.LSTM(0, 3),
    "negative hidden size": lambda t: t.nn.GRU(2, -3),
    "hidden size no int": lambda t: t.nn.GRU(2, 3.0),
    "no layers": lambda t: t.nn.RNN(2, 3, num_layers=0),
    "dropout above 1": lambda t: t.nn.RNN(2, 3, dropout=1.5),
    "bias no bool": lambda t: t.nn.RNN(2, 3, bias=1),
    "unknown nonlinearity": lambda t: t.nn.RNN(2, 3, nonlinearity="sigmoid"),
    "projection of a GRU": lambda t: t.nn.GRU(2, 3, proj_size=1),
    "projection too wide": lambda t: t.nn.LSTM(2, 3, proj_size=3),
    "unknown mode": lambda t: t.nn.RNNBase("GATED", 2, 3),
    "features": lambda t: t.nn.GRU(2, 3)(t.zeros(4, 1, 3)),
    "dimensions": lambda t: t.nn.LSTM(2, 3)(t.zeros(4, 1, 1, 2)),
    "dtype": lambda t: t.nn.GRU(2, 3)(t.zeros(4, 1, 2, dtype=t.float64)),
    "state of a batch for one sequence": lambda t: t.nn.GRU(2, 3)(t.zeros(4, 2), t.zeros(1, 1, 3)),
    "state of one sequence for a batch": lambda t: t.nn.LSTM(2, 3)(
        t.zeros(4, 1, 2), (t.zeros(1, 3), t.zeros(1, 3))
    ),
    "size of the state": lambda t: t.nn.GRU(2, 3)(t.zeros(4, 1, 2), t.zeros(2, 1, 3)),
    "size of the cell": lambda t: t.nn.LSTM(2, 3)(t.zeros(4, 1, 2), (t.zeros(1, 1, 3), t.zeros(1, 2, 3))),
    "no steps": lambda t: t.nn.GRU(2, 3)(t.zeros(0, 1, 2)),
    "cell: dimensions": lambda t: t.nn.GRUCell(2, 3)(t.zeros(1, 1, 2)),
    "cell: features": lambda t: t.nn.LSTMCell(2, 3)(t.zeros(1, 4)),
    "cell: samples": lambda t: t.nn.RNNCell(2, 3)(t.zeros(2, 2), t.zeros(1, 3)),
    "cell: width": lambda t: t.nn.RNNCell(2, 3)(t.zeros(2, 2), t.zeros(2, 4)),
    "lengths not sorted": lambda t: t.nn.utils.rnn.pack_padded_sequence(t.zeros(3, 2, 1), [1, 3]),
    "length 0": lambda t: t.nn.utils.rnn.pack_padded_sequence(t.zeros(3, 2, 1), [3, 0]),
    "too few lengths": lambda t: t.nn.utils.rnn.pack_padded_sequence(t.zeros(3, 2, 1), [3]),
    "total length": lambda t: t.nn.utils.rnn.pad_packed_sequence(
        t.nn.utils.rnn.pack_sequence([t.zeros(3)]), total_length=2
    ),
    "nothing to pad": lambda t: t.nn.utils.rnn.pad_sequence([]),
    "no sequences": lambda t: t.nn.utils.rnn.pad_sequence(3),
    "padding side": lambda t: t.nn.utils.rnn.pad_sequence([t.zeros(3)], padding_side="top"),
}


@pytest.mark.parametrize("name", WRONG)
def test_errors(name: str) -> None:
    with pytest.raises(Exception) as theirs, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        WRONG[name](torch)
    with pytest.raises(type(theirs.value)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        WRONG[name](tinygrad_kr)


@given(
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    rest=st.sampled_from([(), (2,), (2, 3)]),
    batch_first=st.booleans(),
    left=st.booleans(),
)
def test_padding_and_packing(
    lengths: list[int], rest: tuple[int, ...], batch_first: bool, left: bool
) -> None:
    def found(framework: Any) -> dict[str, Any]:
        rng = np.random.default_rng(len(lengths))
        rnn = framework.nn.utils.rnn
        sequences = [framework.from_numpy(rng.standard_normal((n, *rest))).requires_grad_() for n in lengths]
        side = "left" if left else "right"
        padded = rnn.pad_sequence(sequences, batch_first, padding_value=2.0, padding_side=side)
        packed = rnn.pack_sequence(sequences, enforce_sorted=False)
        total = max(lengths) + 1
        again, counts = rnn.pad_packed_sequence(packed, batch_first, padding_value=-1.0, total_length=total)
        ((padded * padded).sum() + (again * 3).sum()).backward()
        seen = {
            "padded": plain(padded),
            "again": plain(again),
            "counts": plain(counts),
            "packed": plain(packed.data),
        }
        seen.update({f"gradient {i}": plain(one.grad) for i, one in enumerate(sequences)})
        seen.update({f"unpacked {i}": plain(one) for i, one in enumerate(rnn.unpack_sequence(packed))})
        wide = packed.float()
        seen.update(
            sizes=plain(packed.batch_sizes), order=plain(packed.sorted_indices), narrow=plain(wide.data)
        )
        return seen

    compare(found(tinygrad_kr), found(torch), 1e-12)
