"""The recurrent kernels give the same however steps are cut into stages and samples are shared out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_kr as torch
from tinygrad_kr.kernels import recurrent as kernel
from tinygrad_kr.kernels import threads
from tinygrad_kr.kernels.gru import gru, gru_backward
from tinygrad_kr.kernels.lstm import lstm, lstm_backward
from tinygrad_kr.ops import recurrence

SIZES = {"padded": (6,) * 9, "packed": (6, 6, 6, 5, 5, 3, 1, 1, 1)}
INPUTS, WIDTH = 3, 4


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


def results(kind: str, sizes: tuple[int, ...], reverse: bool) -> list[np.ndarray]:
    """Outputs, final states and all gradients of a layer."""
    rng = np.random.default_rng(5)
    gates = {"lstm": 4, "gru": 3, "rnn": 1}[kind]
    shapes = [(sum(sizes), INPUTS), (sizes[0], WIDTH), (gates * WIDTH, INPUTS), (gates * WIDTH, WIDTH)]
    x, h0, w_ih, w_hh, b_ih, b_hh, c0 = (
        rng.standard_normal(shape)
        for shape in [*shapes, (gates * WIDTH,), (gates * WIDTH,), (sizes[0], WIDTH)]
    )
    options: dict[str, Any] = {"sizes": sizes, "reverse": reverse}
    weights = (w_ih, w_hh, b_ih)
    if kind == "lstm":
        *out, kept = lstm(x, h0, c0, *weights, b_hh, None, keep=True, **options)
        backward: Callable[..., Any] = lambda g: lstm_backward(  # noqa: E731
            g, kept, x, *weights, None, input_needed=True, **options
        )
    elif kind == "gru":
        *out, kept = gru(x, h0, *weights, b_hh, keep=True, **options)
        backward = lambda g: gru_backward(g, kept, x, *weights, input_needed=True, **options)  # noqa: E731
    else:
        *out, kept = kernel.rnn(x, h0, *weights, b_hh, relu=False, keep=True, **options)
        backward = lambda g: kernel.rnn_backward(  # noqa: E731
            g, kept, x, *weights, relu=False, input_needed=True, **options
        )
    grads = backward([rng.standard_normal(one.shape) for one in out])
    return [*out, *[one for one in grads if one is not None]]


@given(
    kind=st.sampled_from(["lstm", "projected", "gru", "rnn"]),
    inputs=st.sampled_from([1, 5, 64]),
    width=st.sampled_from([1, 6, 64, 96, 128]),  # whole, and in pieces of 32 and 64 columns
    lengths=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    reverse=st.booleans(),
    biases=st.booleans(),
    count=st.sampled_from([1, 2]),
    stage=st.sampled_from([4, 256]),
    dtype=st.sampled_from([np.float32, np.float64]),
    unpacked=st.sampled_from([0, 10**6]),
    seed=st.integers(0, 2**31),
)
@settings(deadline=None)
def test_agrees_with_the_composite(
    kind: str,
    inputs: int,
    width: int,
    lengths: list[int],
    reverse: bool,
    biases: bool,
    count: int,
    stage: int,
    dtype: type,
    unpacked: int,
    seed: int,
) -> None:
    """Values and all gradients are those of the plain steps, differentiated."""
    sizes = tuple(sum(length > t for length in lengths) for t in range(max(lengths)))
    batch, gates = len(lengths), {"gru": 3, "rnn": 1}.get(kind, 4)
    state = 2 if kind == "projected" and width > 2 else width
    rng = np.random.default_rng(seed)
    shapes = [(sum(sizes), inputs), (batch, state)]
    if gates == 4:
        shapes.append((batch, width))
    shapes += [(gates * width, inputs), (gates * width, state), *[(gates * width,)] * 2 * biases]
    scale = width**-0.5  # so that rounding does not grow from step to step
    drawn = [(scale * rng.standard_normal(shape)).astype(dtype) for shape in shapes]
    arguments: list[Any] = [torch.tensor(one, requires_grad=True) for one in drawn]
    leaves = list(arguments)
    if not biases:
        arguments += [None, None]
    if gates == 4:
        arguments.append(None)
    if state != width:
        arguments[-1] = torch.tensor(
            (rng.standard_normal((state, width)) / 2).astype(dtype), requires_grad=True
        )
        leaves.append(arguments[-1])
    rule, meaning = {
        "gru": (recurrence.gru_rule, recurrence.gru_steps),
        "rnn": (recurrence.rnn_rule, recurrence.rnn_steps),
    }.get(kind, (recurrence.lstm_rule, recurrence.lstm_steps))
    options: dict[str, Any] = {"sizes": sizes, "reverse": reverse, "input_needed": True}
    if kind == "rnn":
        options["relu"] = seed % 2 == 0
    threads.set_num_threads(count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "STAGE", stage)
        patch.setattr(kernel, "UNPACKED", unpacked)
        out = rule(*arguments, **options)
        plain = meaning(*arguments, **options)
        g = [torch.tensor(rng.standard_normal(one.shape).astype(dtype)) for one in out]
        fast = torch.autograd.grad(out, leaves, g)
    slow = torch.autograd.grad(plain, leaves, g)
    tolerance = 1e-4 if dtype is np.float32 else 1e-11
    with torch.no_grad():
        unrecorded = rule(*arguments, **options)
    for one, want in zip([*out, *unrecorded, *fast], [*plain, *plain, *slow], strict=True):
        np.testing.assert_allclose(one.detach(), want.detach(), rtol=tolerance, atol=tolerance)
        assert one.dtype == want.dtype


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_stages_and_shares(
    monkeypatch: pytest.MonkeyPatch, kind: str, sizes: tuple[int, ...], reverse: bool, count: int
) -> None:
    expected = results(kind, sizes, reverse)  # one stage, one share
    threads.set_num_threads(count)
    monkeypatch.setattr(kernel, "STAGE", 4)
    for share in (1 << 40, 1):
        monkeypatch.setattr(kernel, "SHARE", share)
        got = results(kind, sizes, reverse)
        for one, want in zip(got, expected, strict=True):
            np.testing.assert_allclose(one, want, rtol=1e-12, atol=1e-12)
        for one, again in zip(got, results(kind, sizes, reverse), strict=True):
            np.testing.assert_array_equal(one, again, err_msg="two runs differ")


def test_stages_cover_all_steps_in_order() -> None:
    sizes = SIZES["packed"]
    for reverse in (False, True):
        plan = kernel.stages(sizes, reverse, 8)
        steps = [step for stage in plan for step in stage.steps]
        starts = [sum(sizes[:number]) for number in range(len(sizes))]
        assert steps == list(zip(starts, sizes))[:: -1 if reverse else 1]
        covered = sorted((stage.rows.start, stage.rows.stop) for stage in plan)
        assert covered[0][0] == 0 and covered[-1][1] == sum(sizes)
        assert all(one[1] == two[0] for one, two in itertools.pairwise(covered))


@pytest.mark.parametrize("share", [1 << 40, 1])
def test_an_error_in_a_step_reaches_the_caller(monkeypatch: pytest.MonkeyPatch, share: int) -> None:
    monkeypatch.setattr(kernel, "SHARE", share)
    threads.set_num_threads(2)
    done: list[int] = []

    def start(count: int) -> Callable[[slice, slice], None]:
        def step(rows: slice, own: slice) -> None:
            if rows.start >= 12:
                raise ArithmeticError("in a step")

        return step

    plan = kernel.stages((6,) * 9, False, 12)
    with pytest.raises(ArithmeticError, match="in a step"):
        kernel.walk(plan, 6, np.ones((4, 4)), start, after=lambda number, rows: [lambda: done.append(number)])


def test_nothing_is_kept_unless_asked() -> None:
    zeros = np.zeros
    weights = (zeros((12, 3)), zeros((12, 4)), None, None)
    assert gru(zeros((6, 3)), zeros((2, 4)), *weights, sizes=(2,) * 3, reverse=False, keep=False)[-1] is None
