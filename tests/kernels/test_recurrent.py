"""The recurrent kernels give the same however steps are cut into stages and samples are shared out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tinygrad_kr.kernels import recurrent as kernel
from tinygrad_kr.kernels import threads
from tinygrad_kr.kernels.gru import gru, gru_backward
from tinygrad_kr.kernels.lstm import lstm, lstm_backward

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
