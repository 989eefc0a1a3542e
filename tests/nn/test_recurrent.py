"""Recurrent layers: what they mean step by step, what they refuse, and that they keep what they need."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_kr as torch
from tinygrad_kr import nn
from tinygrad_kr.nn.utils import rnn

KINDS = ["RNN", "LSTM", "GRU"]


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def parts(state: Any) -> tuple[Any, ...]:
    return state if isinstance(state, tuple) else (state,)


def assert_close(got: torch.Tensor, want: torch.Tensor) -> None:
    np.testing.assert_allclose(got.detach().numpy(), want.detach().numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_is_its_cell_in_a_loop(kind: str) -> None:
    layer, cell = getattr(nn, kind)(3, 4).double(), getattr(nn, kind + "Cell")(3, 4).double()
    cell.load_state_dict({name.removesuffix("_l0"): one for name, one in layer.state_dict().items()})
    x, state, outputs = drawn(5, 2, 3), None, []
    for row in x:
        state = cell(row, state)
        outputs.append(parts(state)[0])
    out, final = layer(x)
    assert_close(out, torch.stack(outputs))
    for got, want in zip(parts(final), parts(state)):
        assert_close(got[0], want)


@pytest.mark.parametrize("kind", KINDS)
def test_the_reverse_direction_is_the_reversed_sequence(kind: str) -> None:
    both, one = getattr(nn, kind)(3, 4, bidirectional=True).double(), getattr(nn, kind)(3, 4).double()
    one.load_state_dict(
        {n.removesuffix("_reverse"): v for n, v in both.state_dict().items() if n.endswith("_reverse")}
    )
    x = drawn(5, 2, 3)
    out, final = both(x)
    expected, last = one(x.flip(0))
    assert_close(out[..., 4:], expected.flip(0))
    assert_close(parts(final)[0][1], parts(last)[0][0])


@pytest.mark.parametrize("kind", KINDS)
@given(lengths=st.lists(st.integers(1, 5), min_size=1, max_size=4), seed=st.integers(0, 100))
def test_packed_sequences_do_not_see_each_other(kind: str, lengths: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    layer = getattr(nn, kind)(2, 3, num_layers=2, bidirectional=True).double()
    sequences = [drawn(length, 2) for length in lengths]
    packed, final = layer(rnn.pack_sequence(sequences, enforce_sorted=False))
    for number, (sequence, out) in enumerate(zip(sequences, rnn.unpack_sequence(packed))):
        expected, last = layer(sequence)
        assert_close(out, expected)
        for got, want in zip(parts(final), parts(last)):
            assert_close(got[:, number], want)


@pytest.mark.parametrize("kind", KINDS)
def test_changing_the_results_does_not_disturb_the_gradients(kind: str) -> None:
    torch.manual_seed(0)
    layer, x = getattr(nn, kind)(2, 3).double(), drawn(4, 2, 2).requires_grad_()

    def gradient(disturb: bool) -> torch.Tensor:
        out, final = layer(x)
        loss = out.sum() + parts(final)[0].sum()
        if disturb:
            with torch.no_grad():
                out.zero_()
                for one in parts(final):
                    one.zero_()
        return torch.autograd.grad(loss, x)[0]

    assert_close(gradient(True), gradient(False))


@pytest.mark.parametrize("kind", KINDS)
def test_backward_twice_and_without_input_gradient(kind: str) -> None:
    layer, x = getattr(nn, kind)(2, 3).double(), drawn(4, 2, 2)
    loss = layer(x)[0].sum()
    loss.backward(retain_graph=True)
    first = [one.grad.clone() for one in layer.parameters()]
    loss.backward()
    for one, grad in zip(layer.parameters(), first):
        assert_close(one.grad, 2 * grad)
    assert x.grad is None


def test_no_gradients_are_kept_under_no_grad() -> None:
    layer = nn.LSTM(2, 3)
    with torch.no_grad():
        out, (h, c) = layer(torch.zeros(4, 1, 2))
    assert not (out.requires_grad or h.requires_grad or c.requires_grad)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_batch(kind: str) -> None:
    layer = getattr(nn, kind)(2, 3)
    out, final = layer(torch.zeros(4, 0, 2))
    assert out.shape == (4, 0, 3) and parts(final)[0].shape == (1, 0, 3)
    out.sum().backward()
    assert layer.weight_ih_l0.grad.abs().sum() == 0


def test_dropout_works_between_layers_in_training_only() -> None:
    torch.manual_seed(0)
    layer, x = nn.GRU(2, 8, num_layers=2, dropout=0.9), torch.ones(3, 2, 2)
    assert not torch.equal(layer(x)[0], layer(x)[0])
    layer.eval()
    assert torch.equal(layer(x)[0], layer(x)[0])


def test_dropout_of_a_single_layer_warns() -> None:
    with pytest.warns(
        UserWarning, match=r"num_layers greater than 1.*dropout=0.5 and num_layers=1"
    ) as caught:
        nn.LSTM(2, 3, dropout=0.5)
    assert caught[0].filename == __file__


def test_names_of_the_parameters() -> None:
    layer = nn.LSTM(2, 3, num_layers=2, bidirectional=True, proj_size=1)
    names = [
        f"{name}_l{k}{suffix}"
        for k in range(2)
        for suffix in ("", "_reverse")
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
    ]
    assert list(layer.state_dict()) == names
    flat = [one for weights in layer.all_weights for one in weights]
    assert all(one is getattr(layer, name) for one, name in zip(flat, names, strict=True))
    layer.flatten_parameters()
    assert list(nn.GRU(2, 3, bias=False).state_dict()) == ["weight_ih_l0", "weight_hh_l0"]


def test_text() -> None:
    assert repr(nn.LSTM(2, 3, 2, batch_first=True, dropout=0.5, proj_size=1)) == (
        "LSTM(2, 3, proj_size=1, num_layers=2, batch_first=True, dropout=0.5)"
    )
    assert (
        repr(nn.RNNCell(2, 3, bias=False, nonlinearity="relu"))
        == "RNNCell(2, 3, bias=False, nonlinearity=relu)"
    )


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: nn.LSTM(0, 3), ValueError, "input_size.*=0"),
        (lambda: nn.RNN(2, 3, nonlinearity="sigmoid"), ValueError, "'sigmoid'"),
        (lambda: nn.GRU(2, 3, proj_size=1), ValueError, "only supported for LSTM"),
        (lambda: nn.GRU(2, 3, layers=1), TypeError, "'layers'"),
        (lambda: nn.LSTM(2, 3, proj_size=4), ValueError, "=4.*=3"),
        (lambda: nn.LSTM(2, 3, dropout=1.5), ValueError, "1.5"),
        (lambda: nn.LSTM(2, 3)(torch.zeros(4, 1, 2), torch.zeros(1, 1, 3)), TypeError, r"pair \(h_0, c_0\)"),
        (lambda: nn.GRU(2, 3)(torch.zeros(4, 1, 5)), RuntimeError, "Expected 2, got 5"),
        (
            lambda: nn.GRU(2, 3)(torch.zeros(4, 1, 2), torch.zeros(1, 2, 3)),
            RuntimeError,
            r"\(1, 1, 3\).*1, 2, 3",
        ),
        (lambda: nn.GRU(2, 3).double()(torch.zeros(4, 1, 2)), ValueError, r"input.to\(torch.float64\)"),
        (lambda: nn.GRUCell(2, 3)(torch.zeros(1, 4)), RuntimeError, "4 features.*expect 2"),
        (
            lambda: torch.gru(
                torch.zeros(1, 1, 1), torch.zeros(1, 1, 1), [], True, 1, 0.0, False, False, False
            ),
            RuntimeError,
            "expected 4 parameters.*got 0",
        ),
        (
            lambda: rnn.pack_padded_sequence(torch.zeros(3, 2), [1, 3]),
            RuntimeError,
            r"\[1, 3\].*enforce_sorted=False",
        ),
        (lambda: rnn.pack_padded_sequence(torch.zeros(3, 2), [4, 1]), RuntimeError, "has 4.*have 3 steps"),
        (lambda: rnn.pack_padded_sequence(torch.zeros(3, 2), [3, 0]), RuntimeError, "has 0"),
        (lambda: rnn.unpad_sequence(torch.zeros(3, 2), torch.tensor([1])), ValueError, "2 sequences, got 1"),
        (lambda: rnn.PackedSequence(3), TypeError, "got int"),
    ],
)
def test_errors_say_what_to_do(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_unpadding_leaves_its_input_as_it_is() -> None:
    x = torch.zeros(3, 2, 4)
    rnn.unpad_sequence(x, torch.tensor([3, 1]))
    assert x.shape == (3, 2, 4)
