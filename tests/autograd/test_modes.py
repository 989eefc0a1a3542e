"""`no_grad`, `enable_grad`, `set_grad_enabled`, `inference_mode`: as managers and decorators."""

from __future__ import annotations

import pytest

import tinygrad_kr as torch

X = torch.ones(2, requires_grad=True)


def test_nesting_restores() -> None:
    with torch.no_grad():
        assert not (X * 2).requires_grad
        with torch.enable_grad():
            assert (X * 2).requires_grad
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()


def test_restored_after_an_exception() -> None:
    with pytest.raises(ZeroDivisionError), torch.no_grad():
        raise ZeroDivisionError
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    "decorator", [torch.no_grad(), torch.no_grad, torch.inference_mode(), torch.inference_mode]
)
def test_as_decorator(decorator: object) -> None:
    @decorator
    def double(x: torch.Tensor) -> torch.Tensor:
        """Twice."""
        return x * 2

    assert not double(X).requires_grad
    assert double.__doc__ == "Twice."
    assert torch.is_grad_enabled()


def test_generators_run_inside_and_their_callers_outside() -> None:
    @torch.no_grad()
    def numbers():
        got = yield torch.is_grad_enabled()
        yield (got, torch.is_grad_enabled())

    generator = numbers()
    assert next(generator) is False
    assert torch.is_grad_enabled()
    assert generator.send(5) == (5, False)


def test_set_grad_enabled_as_function_and_block() -> None:
    torch.set_grad_enabled(False)
    assert not torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    with torch.set_grad_enabled(False):
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()


def test_inference_tensors_cannot_be_saved() -> None:
    with torch.inference_mode():
        frozen = torch.ones(2) * 2
        assert torch.is_inference_mode_enabled()
    assert frozen.is_inference()
    with pytest.raises(RuntimeError, match="inference tensor"):
        X * frozen
    assert (X * frozen.clone()).requires_grad
    assert (X + frozen).requires_grad  # nothing is saved for a sum
