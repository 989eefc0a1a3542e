"""Attention and transformer layers are PyTorch's: parameters, outputs, gradients, errors."""

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

TOLERANCE = {"float64": 1e-9, "float32": 1e-4}


def plain(value: Any) -> np.ndarray:
    return np.array(value.detach().numpy())


def same(make: Any, call: Any, dtype: str, seed: int, *, training: bool = True) -> None:
    """`call(torch, module, tensor, rng)` gives the same of the module that `make(torch)` makes."""
    seen = []
    for framework in (torch, tinygrad_kr):
        framework.manual_seed(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's about nested tensors
            module = make(framework).to(getattr(framework, dtype)).train(training)
        found: dict[str, Any] = {f"initial {name}": plain(one) for name, one in module.state_dict().items()}
        found["text"] = repr(module)
        rng, leaves = np.random.default_rng(seed), []

        def tensor(*shape: int, framework: Any = framework, rng: Any = rng, leaves: Any = leaves) -> Any:
            leaf = framework.from_numpy(rng.standard_normal(shape).astype(dtype)).requires_grad_()
            leaves.append(leaf)
            return leaf

        results = call(framework, module, tensor, rng)
        results = [one for one in (results if isinstance(results, tuple) else (results,)) if one is not None]
        weights = [rng.standard_normal(tuple(one.shape)).astype(dtype) for one in results]
        sum((one * framework.from_numpy(weight)).sum() for one, weight in zip(results, weights)).backward()
        found.update({f"result {number}": plain(one) for number, one in enumerate(results)})
        found.update({f"gradient of input {i}": plain(one.grad) for i, one in enumerate(leaves)})
        for name, parameter in module.named_parameters():
            found[f"gradient of {name}"] = plain(parameter.grad)
        seen.append(found)
    expected, got = seen
    assert list(got) == list(expected)
    for key, want in expected.items():
        if isinstance(want, str):
            assert got[key] == want
            continue
        assert got[key].shape == want.shape and got[key].dtype == want.dtype, key
        limit = 0.0 if key.startswith("initial") else TOLERANCE[dtype] * max(1.0, np.abs(want).max(initial=0))
        np.testing.assert_allclose(got[key], want, rtol=0, atol=limit, err_msg=key)


def masks(framework: Any, rng: Any, kind: str, length: int, source: int, dtype: str) -> Any:
    """A mask in which everybody sees something: boolean, numbers, causal, or none."""
    if kind == "none":
        return None
    if kind == "causal":
        return framework.nn.Transformer.generate_square_subsequent_mask(
            length, dtype=getattr(framework, dtype)
        )
    hidden = rng.random((length, source)) < 0.4
    hidden[:, 0] = False
    return framework.from_numpy(hidden if kind == "bool" else np.where(hidden, -np.inf, 0.3).astype(dtype))


def padding(framework: Any, rng: Any, kind: str, batch: int, source: int, dtype: str) -> Any:
    """Which keys are padding: at the end, never the first."""
    if kind == "none":
        return None
    hidden = np.arange(source) >= rng.integers(1, source + 1, batch)[:, None]
    return framework.from_numpy(hidden if kind == "bool" else np.where(hidden, -np.inf, 0.0).astype(dtype))


@st.composite
def attentions(draw: Any) -> dict[str, Any]:
    heads = draw(st.sampled_from([1, 2, 3]))
    own = draw(st.booleans())
    choose = lambda: draw(st.booleans())  # noqa: E731
    one = {
        "arguments": {
            "embed_dim": heads * draw(st.integers(1, 3)),
            "num_heads": heads,
            "dropout": draw(st.sampled_from([0.0, 0.3])),
            "bias": choose(),
            "add_bias_kv": choose(),
            "add_zero_attn": choose(),
            "batch_first": choose(),
            "kdim": None if own else draw(st.sampled_from([None, 5])),
            "vdim": None if own else draw(st.sampled_from([None, 4])),
        },
        "own": own,
        "batched": choose(),
        "need_weights": choose(),
        "average": choose(),
        "mask": draw(st.sampled_from(["none", "bool", "float", "causal", "heads"])),
        "padding": draw(st.sampled_from(["none", "bool", "float"])),
        "sizes": [draw(st.integers(1, 4)) for _ in range(3)],
        "dtype": draw(st.sampled_from(["float32", "float64"])),
        "seed": draw(st.integers(0, 1000)),
    }
    one["causal"] = one["mask"] == "causal" and choose()
    return one


@given(one=attentions())
def test_multihead_attention(one: dict[str, Any]) -> None:
    arguments, dtype = one["arguments"], one["dtype"]
    length, source, batch = one["sizes"]
    if one["own"] or one["mask"] == "causal":
        source = length

    def call(framework: Any, module: Any, tensor: Any, rng: Any) -> Any:
        def sequence(steps: int, features: int) -> Any:
            if not one["batched"]:
                return tensor(steps, features)
            return tensor(*((batch, steps) if arguments["batch_first"] else (steps, batch)), features)

        size = arguments["embed_dim"]
        query = key = value = sequence(length, size)
        if not one["own"]:
            key, value = (
                sequence(source, arguments["kdim"] or size),
                sequence(source, arguments["vdim"] or size),
            )
        samples = batch if one["batched"] else 1
        if one["mask"] == "heads":
            mask = tensor(samples * arguments["num_heads"], length, source)
        else:
            mask = masks(framework, rng, one["mask"], length, source, dtype)
        hidden = padding(framework, rng, one["padding"], samples, source, dtype)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # masks of different dtypes
            return module(
                query,
                key,
                value,
                key_padding_mask=hidden if hidden is None or one["batched"] else hidden[0],
                need_weights=one["need_weights"],
                attn_mask=mask,
                average_attn_weights=one["average"],
                is_causal=one["causal"],
            )

    same(lambda t: t.nn.MultiheadAttention(**arguments), call, dtype, one["seed"])


@st.composite
def layers(draw: Any) -> dict[str, Any]:
    heads = draw(st.sampled_from([1, 2]))
    return {
        "arguments": {
            "d_model": heads * draw(st.integers(4, 6)),  # the norm of a few features is ill-conditioned
            "nhead": heads,
            "dim_feedforward": draw(st.integers(1, 5)),
            "dropout": draw(st.sampled_from([0.0, 0.2])),
            "activation": draw(st.sampled_from(["relu", "gelu"])),
            "batch_first": draw(st.booleans()),
            "norm_first": draw(st.booleans()),
            "bias": draw(st.booleans()),
        },
        "batched": draw(st.booleans()),
        "masks": [draw(st.sampled_from(["none", "bool", "float"])) for _ in range(2)],
        "own": draw(st.sampled_from(["none", "bool", "float", "causal"])),
        "paddings": [draw(st.sampled_from(["none", "bool", "float"])) for _ in range(2)],
        "sizes": [draw(st.integers(1, 4)) for _ in range(3)],
        "training": draw(st.booleans()),
        "dtype": draw(st.sampled_from(["float32", "float64"])),
        "seed": draw(st.integers(0, 1000)),
    }


def inputs(one: dict[str, Any], framework: Any, tensor: Any, rng: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Source, target, and the masks of all attentions of a transformer."""
    arguments, (length, source, batch) = one["arguments"], one["sizes"]

    def sequence(steps: int) -> Any:
        shape = (batch, steps) if arguments["batch_first"] else (steps, batch)
        return tensor(*(shape if one["batched"] else (steps,)), arguments["d_model"])

    def hidden(kind: str, steps: int) -> Any:
        made = padding(framework, rng, kind, batch if one["batched"] else 1, steps, one["dtype"])
        return made if made is None or one["batched"] else made[0]

    given = {
        "src_mask": masks(framework, rng, one["masks"][0], source, source, one["dtype"]),
        "tgt_mask": masks(framework, rng, one["own"], length, length, one["dtype"]),
        "memory_mask": masks(framework, rng, one["masks"][1], length, source, one["dtype"]),
        "src_key_padding_mask": hidden(one["paddings"][0], source),
        "tgt_key_padding_mask": hidden(one["paddings"][1], length),
        "memory_key_padding_mask": hidden(one["paddings"][0], source),
    }
    return sequence(source), sequence(length), given


@given(one=layers())
def test_transformer(one: dict[str, Any]) -> None:
    def call(framework: Any, module: Any, tensor: Any, rng: Any) -> Any:
        src, tgt, given = inputs(one, framework, tensor, rng)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return module(src, tgt, **given)

    def make(framework: Any) -> Any:
        return framework.nn.Transformer(num_encoder_layers=2, num_decoder_layers=2, **one["arguments"])

    same(make, call, one["dtype"], one["seed"], training=one["training"])


@given(one=layers(), causal=st.sampled_from([None, True, False]))
def test_layers_and_stacks(one: dict[str, Any], causal: bool | None) -> None:
    dtype, causal = one["dtype"], causal if one["own"] == "causal" else None

    def call(framework: Any, module: Any, tensor: Any, rng: Any) -> Any:
        src, tgt, given = inputs(one, framework, tensor, rng)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            encoded = module["encoder"](
                tgt, given["tgt_mask"], given["tgt_key_padding_mask"], is_causal=causal
            )
            single = module["layer"](src, given["src_mask"], given["src_key_padding_mask"])
            decoded = module["decoder"](
                tgt,
                single,
                **{key: value for key, value in given.items() if not key.startswith("src")},
                tgt_is_causal=causal,
            )
        return encoded, single, decoded

    def make(framework: Any) -> Any:
        nn, arguments = framework.nn, dict(one["arguments"])
        if arguments["activation"] == "gelu":  # not for the decoder: PyTorch's copies fall back to ReLU
            arguments["activation"] = nn.GELU()
        return nn.ModuleDict(
            {
                "encoder": nn.TransformerEncoder(nn.TransformerEncoderLayer(**arguments), 2),
                "layer": nn.TransformerEncoderLayer(**arguments, layer_norm_eps=1e-3),
                "decoder": nn.TransformerDecoder(
                    nn.TransformerDecoderLayer(**one["arguments"]), 1, nn.LayerNorm(arguments["d_model"])
                ),
            }
        )

    same(make, call, dtype, one["seed"], training=one["training"])


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_padding_in_evaluation(norm: bool, at_end: bool, batch_first: bool) -> None:
    """PyTorch skips padding at the end where it may, and leaves zeros there."""
    hidden = np.array([[False, False, True], [False, False, False]])
    hidden = hidden if at_end else hidden[:, ::-1].copy()
    found = []
    for framework in (tinygrad_kr, torch):
        framework.manual_seed(0)
        nn = framework.nn
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=batch_first)
            encoder = nn.TransformerEncoder(layer, 2, nn.LayerNorm(4) if norm else None).eval()
            x = framework.from_numpy(np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32))
            with framework.no_grad():
                out = encoder(x if batch_first else x.transpose(0, 1), None, framework.from_numpy(hidden))
        found.append(plain(out))
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)


def test_state_dicts_load_both_ways() -> None:
    options = {
        "d_model": 4,
        "nhead": 2,
        "num_encoder_layers": 1,
        "num_decoder_layers": 1,
        "dim_feedforward": 6,
    }
    ours = tinygrad_kr.nn.Transformer(**options, batch_first=True).eval()
    theirs = torch.nn.Transformer(**options, batch_first=True).eval()
    x = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)

    def difference() -> float:
        got = ours(tinygrad_kr.from_numpy(x), tinygrad_kr.from_numpy(x))
        return float(np.abs(plain(got) - plain(theirs(torch.from_numpy(x), torch.from_numpy(x)))).max())

    assert difference() > 1e-3
    ours.load_state_dict(
        {n: tinygrad_kr.from_numpy(v.numpy().copy()) for n, v in theirs.state_dict().items()}
    )
    assert difference() < 1e-5
    ours._reset_parameters()
    assert difference() > 1e-3
    theirs.load_state_dict({n: torch.from_numpy(v.numpy().copy()) for n, v in ours.state_dict().items()})
    assert difference() < 1e-5


def attend(framework: Any, *shapes: tuple[int, ...], **options: Any) -> Any:
    return framework.nn.MultiheadAttention(4, 2)(*[framework.zeros(shape) for shape in shapes], **options)


SEQUENCES = ((3, 2, 4),) * 3
WRONG = {
    "no features": lambda t: t.nn.MultiheadAttention(0, 2),
    "heads do not divide": lambda t: t.nn.MultiheadAttention(5, 2),
    "query dimensions": lambda t: attend(t, *((1, 3, 2, 4),) * 3),
    "key dimensions": lambda t: attend(t, (3, 2, 4), (3, 4), (3, 4)),
    "features": lambda t: attend(t, *((3, 2, 6),) * 3),
    "key and value": lambda t: attend(t, (3, 2, 4), (3, 2, 4), (2, 2, 4)),
    "mask size": lambda t: attend(t, *SEQUENCES, attn_mask=t.zeros(3, 2)),
    "mask size by heads": lambda t: attend(t, *SEQUENCES, attn_mask=t.zeros(3, 3, 3)),
    "mask dimensions": lambda t: attend(t, *SEQUENCES, attn_mask=t.zeros(3)),
    "integer mask": lambda t: attend(t, *SEQUENCES, attn_mask=t.zeros(3, 3, dtype=t.int64)),
    "padding size": lambda t: attend(t, *SEQUENCES, key_padding_mask=t.zeros(3, 2)),
    "padding dimensions": lambda t: attend(t, *SEQUENCES, key_padding_mask=t.zeros(2)),
    "causal without a mask": lambda t: attend(t, *SEQUENCES, is_causal=True),
    "activation": lambda t: t.nn.TransformerEncoderLayer(4, 2, activation="tanh"),
    "batches": lambda t: t.nn.Transformer(4, 2, 1, 1)(t.zeros(3, 2, 4), t.zeros(3, 1, 4)),
    "model size": lambda t: t.nn.Transformer(4, 2, 1, 1)(t.zeros(3, 2, 4), t.zeros(3, 2, 2)),
}


@pytest.mark.parametrize("name", WRONG)
def test_errors(name: str) -> None:
    with pytest.raises(Exception) as theirs, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        WRONG[name](torch)
    with pytest.raises(type(theirs.value)):
        WRONG[name](tinygrad_kr)
