"""What a primitive tells its rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.autograd.primitive import Definition


@pytest.mark.parametrize("needing", [(0,), (1,), (0, 1)])
def test_a_joint_backward_is_told_which_inputs_want_gradients(needing: tuple[int, ...]) -> None:
    seen: list[tuple[int, ...]] = []

    def product(x: Any, y: Any) -> Any:
        return x * y

    def backward(g: Any, x: Any, y: Any, wanted: tuple[int, ...]) -> Any:
        seen.append(wanted)
        return g * y if 0 in wanted else None, g * x if 1 in wanted else None

    multiply = Definition(product, forward=None, rules={}, joint=backward)
    x, y = (torch.tensor([2.0, 3.0], requires_grad=position in needing) for position in range(2))
    multiply.apply(x, y).sum().backward()
    assert seen == [needing]
    for position, (one, other) in enumerate(((x, y), (y, x))):
        if position in needing:
            assert np.array_equal(one.grad.numpy(), other.detach().numpy())
        else:
            assert one.grad is None


def test_a_rule_may_not_ask_for_what_does_not_exist() -> None:
    with pytest.raises(TypeError, match="wanted"):
        Definition(lambda x: x, forward=None, rules={"x": lambda g, wanted: g})
