"""What every layer must do, and what single layers do beyond that."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tests.nn.catalogue import Case, cases
from tinygrad_kr import nn


def feed(one: Case, dtype: Any = None) -> tuple[Any, list[Any]]:
    """The module of a case and its inputs, the trained ones needing gradients."""
    rng = np.random.default_rng(0)
    inputs = []
    for number, draw in enumerate(one.inputs):
        tensor = torch.from_numpy(draw(rng))
        tensor = tensor.to(dtype) if dtype is not None and tensor.is_floating_point() else tensor
        inputs.append(tensor.requires_grad_() if number < one.trained else tensor)
    module = one.make(torch)
    return (module if dtype is None else module.to(dtype)), inputs


def first(result: Any) -> Any:
    return result[0] if isinstance(result, tuple) else result


@pytest.mark.parametrize("one", cases, ids=str)
def test_every_layer(one: Case) -> None:
    """Forward, gradients for all that is trained, equal results of copies, an untouched input, float64."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module, inputs = feed(one)
        before = [tensor.detach().clone() for tensor in inputs]
        twin = copy.deepcopy(module)
        other = pickle.loads(pickle.dumps(module))
        other.load_state_dict(twin.state_dict())
        results = []
        for same in (module, twin, other):
            torch.manual_seed(3)
            results.append(first(same(*inputs)))
        assert results[0].dtype is torch.float32
        assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])
        assert all(torch.equal(now, then) for now, then in zip(inputs, before))
        if results[0].requires_grad:
            results[0].sum().backward()
        for tensor in [*inputs[: one.trained], *module.parameters()]:
            assert tensor.grad is not None and tensor.grad.shape == tensor.shape
            assert np.isfinite(tensor.grad.numpy()).all()
        module, inputs = feed(one, torch.float64)
        assert first(module(*inputs)).dtype is torch.float64


def test_the_catalogue_has_every_layer() -> None:
    mentioned = {type(one.make(torch)).__name__ for one in cases}
    others = {"Module", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "Parameter", "Buffer"}
    others.add("DataParallel")
    others |= {name for name in dir(nn) if name.startswith(("Lazy", "Uninitialized"))}  # test_lazy.py
    others |= {
        "RNNBase",
        "RNNCellBase",
        "RNN",
        "LSTM",
        "GRU",
        "RNNCell",
        "LSTMCell",
        "GRUCell",
    }  # test_recurrent.py
    others |= {
        "MultiheadAttention",
        *(name for name in dir(nn) if name.startswith("Transformer")),
    }  # test_transformer.py
    public = {
        name
        for name in dir(nn)
        if isinstance(getattr(nn, name), type) and not name.startswith("_") and name[0].isupper()
    }
    assert public - mentioned - others - {name for name in public if "Drop" in name} == set()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_constructors_take_dtype_and_device(dtype: Any) -> None:
    for make in (
        lambda **k: nn.Linear(2, 3, **k),
        lambda **k: nn.Bilinear(2, 3, 4, **k),
        lambda **k: nn.Conv2d(2, 4, 3, **k),
        lambda **k: nn.ConvTranspose1d(2, 4, 3, **k),
        lambda **k: nn.BatchNorm2d(3, **k),
        lambda **k: nn.InstanceNorm2d(3, affine=True, **k),
        lambda **k: nn.LayerNorm(3, **k),
        lambda **k: nn.GroupNorm(1, 3, **k),
        lambda **k: nn.RMSNorm(3, **k),
        lambda **k: nn.PReLU(3, **k),
        lambda **k: nn.Embedding(3, 2, **k),
        lambda **k: nn.EmbeddingBag(3, 2, **k),
    ):
        assert {p.dtype for p in make(dtype=dtype, device="cpu").parameters()} == {dtype}
        with pytest.raises(AssertionError, match=r"CUDA"):
            make(device="cuda")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Linear(-1, 2), ValueError, r"`in_features` \(=-1\) must be 0 or more"),
        (lambda: nn.Linear(2, 3.5), TypeError, r"`out_features` \(=3.5\) must be an int, got float"),
        (lambda: nn.Bilinear(0, 2, 3), ValueError, r"in1_features must be > 0, but got \(in1_features=0\)"),
        (lambda: nn.Conv2d(0, 2, 3), ValueError, r"`in_channels` \(=0\) must be positive"),
        (lambda: nn.Conv2d(2, 2, 0), ValueError, r"`kernel_size` \(=\(0, 0\)\) must be positive"),
        (lambda: nn.Conv2d(2, 2, (3, 3, 3)), ValueError, r"`kernel_size` .* tuple of 2, got 3"),
        (lambda: nn.Conv2d(2, 2, 3, stride=0), ValueError, r"`stride` \(=\(0, 0\)\) must be positive"),
        (lambda: nn.Conv2d(2, 2, 3, padding=-1), ValueError, r"`padding` \(=\(-1, -1\)\) must be 0 or more"),
        (lambda: nn.Conv2d(2, 2, 3, groups=0), ValueError, "groups must be a positive integer, got 0"),
        (lambda: nn.Conv2d(3, 2, 3, groups=2), ValueError, "in_channels must be divisible by groups, got 3"),
        (lambda: nn.Conv2d(2, 3, 3, groups=2), ValueError, "out_channels must be divisible by groups, got 3"),
        (lambda: nn.Conv2d(2, 2, 3, padding="full"), ValueError, "Invalid padding string 'full'"),
        (lambda: nn.Conv2d(2, 2, 3, 2, "same"), ValueError, "padding='same' is not supported for strided"),
        (lambda: nn.Conv2d(2, 2, 3, padding_mode="x"), ValueError, "padding_mode must be one of .*'x'"),
        (
            lambda: nn.ConvTranspose2d(2, 2, 3, padding_mode="reflect"),
            ValueError,
            'Only "zeros" padding mode',
        ),
        (lambda: nn.ConvTranspose2d(2, 2, 3, padding="same"), TypeError, "must be numbers"),
        (lambda: nn.GroupNorm(2, 3), ValueError, r"num_channels \(3\) must be divisible by num_groups \(2\)"),
        (lambda: nn.BatchNorm1d(-1), ValueError, r"`num_features` \(=-1\)"),
        (lambda: nn.LayerNorm((2, -1)), ValueError, r"`normalized_shape` \(=\(2, -1\)\)"),
        (lambda: nn.Hardtanh(2, 1), AssertionError, r"max_val \(1\) must be greater than min_val \(2\)"),
        (lambda: nn.Embedding(3, 2, padding_idx=3), AssertionError, "within num_embeddings, got 3"),
        (
            lambda: nn.Embedding(3, 2, _weight=torch.ones(2, 2)),
            AssertionError,
            "Shape of weight does not match",
        ),
        (lambda: nn.Embedding.from_pretrained(torch.ones(2)), AssertionError, "2-dimensional"),
        (lambda: nn.Unflatten(1, 3), TypeError, "tuple of ints, but found type int"),
        (lambda: nn.Unflatten(1, (2, "x")), TypeError, "element of type str at pos 1"),
        (lambda: nn.HuberLoss(delta="1"), TypeError, "delta must be a float or int"),
        (lambda: nn.MultiMarginLoss(p=3), ValueError, "p == 1 and p == 2 supported, got p=3"),
        (lambda: nn.MultiMarginLoss(weight=torch.ones(1, 1)), ValueError, "1D tensor, got 2D"),
        (lambda: nn.TripletMarginLoss(margin=0), ValueError, "margin to be greater than 0, got 0"),
        (lambda: nn.BatchNorm2d(3)(torch.ones(2, 3)), ValueError, r"expected 4D input \(got 2D input\)"),
        (lambda: nn.BatchNorm1d(3)(torch.ones(3)), ValueError, "expected 2D or 3D input"),
        (lambda: nn.InstanceNorm2d(3)(torch.ones(3)), ValueError, "expected 3D or 4D input"),
        (
            lambda: nn.InstanceNorm1d(3, affine=True)(torch.ones(2, 4, 5)),
            ValueError,
            "num_features .3., but got: 4",
        ),
        (lambda: nn.Softmax2d()(torch.ones(3)), ValueError, "expected input to be 3D or 4D, got 1D"),
        (lambda: nn.CircularPad2d(1)(torch.ones(3)), ValueError, "expected 3D or 4D input"),
    ],
)
def test_errors_name_the_value(make, error, message) -> None:
    with pytest.raises(error, match=message):
        make()


def test_a_linear_layer_without_features() -> None:
    with pytest.warns(UserWarning, match=r"zero-element"):
        empty = nn.Linear(0, 3)
    assert empty(torch.ones(2, 0)).tolist() == [[0.0] * 3] * 2


def test_batch_norm_follows_the_running_statistics() -> None:
    x = torch.randn(8, 3) * 2 + 1
    for momentum in (0.1, None):
        norm = nn.BatchNorm1d(3, momentum=momentum)
        for step in (1, 2):
            norm(x * step)
        expected = [(x * step).mean(0) for step in (1, 2)]
        weights = (0.09, 0.1) if momentum else (0.5, 0.5)
        target = expected[0] * weights[0] + expected[1] * weights[1]
        np.testing.assert_allclose(norm.running_mean.numpy(), target.numpy(), rtol=1e-5)
        assert norm.num_batches_tracked.item() == 2
    norm.eval()
    before = norm.running_var.clone()
    out = norm(x)
    assert torch.equal(norm.running_var, before) and norm.num_batches_tracked.item() == 2
    expected = (x - norm.running_mean) / (norm.running_var + norm.eps).sqrt()
    np.testing.assert_allclose(out.detach().numpy(), expected.numpy(), rtol=1e-4, atol=1e-5)
    norm.reset_running_stats()
    assert norm.running_mean.tolist() == [0, 0, 0] and norm.running_var.tolist() == [1, 1, 1]


def test_instance_norm_warns_about_other_channels() -> None:
    with pytest.warns(UserWarning, match=r"size at dim=1 does not match num_features"):
        nn.InstanceNorm1d(3)(torch.randn(2, 4, 5))


def test_instance_norm_refuses_statistics_it_does_not_keep() -> None:
    state = dict(nn.InstanceNorm1d(2, track_running_stats=True).state_dict())
    with pytest.raises(
        RuntimeError, match=r'Unexpected running stats buffer\(s\) "running_mean" and "running_var"'
    ):
        nn.InstanceNorm1d(2).load_state_dict(state)


@pytest.mark.parametrize(("size", "added"), [((10, 11), (0, 1)), ((2, 2, 11, 10), (1, 0))])
def test_transposed_convolution_reaches_a_wanted_size(size: Any, added: Any) -> None:
    up = nn.ConvTranspose2d(3, 2, 4, stride=2, padding=1)
    x = torch.randn(2, 3, 5, 5)
    assert up(x, output_size=size).shape[2:] == size[-2:]
    expected = nn.ConvTranspose2d(3, 2, 4, stride=2, padding=1, output_padding=added)
    expected.load_state_dict(up.state_dict())
    assert torch.equal(up(x, output_size=size), expected(x))
    with pytest.raises(ValueError, match=r"valid sizes range from \[10, 10\] to \[11, 11\]"):
        up(x, output_size=(9, 10))
    with pytest.raises(ValueError, match=r"must have 2 or 4 elements"):
        up(x, output_size=(9,))


def test_convolution_with_another_weight() -> None:
    conv = nn.Conv2d(1, 1, 3, padding=1)
    x = torch.randn(1, 1, 4, 4)
    assert torch.equal(
        conv._conv_forward(x, conv.weight * 2, None), conv._conv_forward(x, conv.weight, None) * 2
    )


def test_inplace_activations_overwrite_their_input() -> None:
    for make in (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SiLU, nn.Hardtanh, nn.ReLU6, nn.SELU, nn.CELU, nn.Mish):
        x = torch.tensor([-1.0, 2.0])
        expected = make()(x)
        assert make(inplace=True)(x) is x and torch.equal(x, expected)
        assert "inplace=True" in repr(make(inplace=True))


def test_losses_keep_their_weights_as_buffers() -> None:
    loss = nn.CrossEntropyLoss(weight=torch.ones(3))
    assert list(loss.state_dict()) == ["weight"] and loss.double().weight.dtype is torch.float64
    assert list(nn.BCEWithLogitsLoss(pos_weight=torch.ones(2)).state_dict()) == ["pos_weight"]
    with pytest.warns(UserWarning, match=r"reduction='sum'"):
        assert nn.MSELoss(size_average=False).reduction == "sum"


def test_embeddings_over_given_vectors() -> None:
    table = torch.arange(6.0).view(3, 2)
    frozen = nn.Embedding.from_pretrained(table)
    assert not frozen.weight.requires_grad and frozen(torch.tensor([2])).tolist() == [[4.0, 5.0]]
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad
    assert not nn.EmbeddingBag.from_pretrained(table, mode="sum").weight.requires_grad
    assert nn.Embedding(4, 2, padding_idx=-1).padding_idx == 3
    assert nn.Embedding(4, 2, padding_idx=1).weight[1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 10, [5, 3]), ValueError, "increasing"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 10, []), ValueError, "larger than 0"),
        (
            lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 9, [3])(torch.ones(1, 4), torch.tensor([9])),
            RuntimeError,
            "8",
        ),
        (
            lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 9, [3])(torch.ones(4), torch.ones(1).long()),
            RuntimeError,
            "2D",
        ),
        (lambda: nn.FractionalMaxPool2d(2), ValueError, "either an output size"),
        (lambda: nn.FractionalMaxPool2d(2, output_ratio=1.5), ValueError, "between 0 and 1"),
        (lambda: nn.functional.fractional_max_pool2d(torch.ones(1, 3, 3), 3, 2), RuntimeError, "do not fit"),
        (lambda: nn.functional.fractional_max_pool2d(torch.ones(1, 3, 3), 2), ValueError, "output_ratio"),
        (lambda: nn.SyncBatchNorm(0)(torch.ones(2, 0)), ValueError, "non-zero"),
    ],
)
def test_errors_of_rarer_layers(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()
