"""Whether operations are recorded: `no_grad`, `enable_grad`, `set_grad_enabled` and `inference_mode`.

The state belongs to the thread, as in PyTorch: a thread inside `no_grad` does not disturb another one that
trains.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from ..state import state, throw

F = TypeVar("F", bound=Callable[..., Any])


class _Mode:
    """A context manager that sets the switches, restores them at exit, and decorates functions."""

    def __init__(self, *, recording: bool, inference: bool | None = None) -> None:
        self._recording = recording
        self._inference = inference
        self._before: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        inference = state.inference
        self._before.append((state.recording, inference))
        throw(self._recording, inference if self._inference is None else self._inference)

    def __exit__(self, *exception: object) -> None:
        throw(*self._before.pop())

    def clone(self) -> _Mode:
        """The same mode, entered independently: each decorated call (and thread) takes its own."""
        fresh = _Mode(recording=self._recording, inference=self._inference)
        return fresh

    def __call__(self, function: F) -> F:
        if inspect.isgeneratorfunction(function):
            return cast(F, _decorate_generator(function, self.clone))

        @functools.wraps(function)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        return cast(F, decorated)


def _decorate_generator(function: Callable[..., Any], mode: Callable[[], _Mode]) -> Callable[..., Any]:
    """Enter the mode while the generator's own code runs, and leave it while the caller's does."""

    @functools.wraps(function)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        generator = function(*args, **kwargs)
        try:
            with mode():
                value = next(generator)
            while True:
                try:
                    sent = yield value
                except GeneratorExit:
                    with mode():
                        generator.close()
                    raise
                except BaseException as error:
                    with mode():
                        value = generator.throw(error)
                else:
                    with mode():
                        value = generator.send(sent)
        except StopIteration as stop:
            return stop.value

    return decorated


class no_grad(_Mode):
    """Nothing inside is recorded for backward; results do not require gradients.

    Works as a context manager and as a decorator, with or without parentheses.

    >>> import tinygrad_kr as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False

    Source: PyTorch, `torch.no_grad`.
    """

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        mode = super().__new__(cls)
        if function is None:
            return mode
        mode.__init__()  # type: ignore[misc]
        return mode(function)

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        super().__init__(recording=False)


class enable_grad(no_grad):
    """Recording is on inside, even within `no_grad`.

    >>> import tinygrad_kr as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.no_grad(), torch.enable_grad():
    ...     y = x * 2
    >>> y.requires_grad
    True

    Source: PyTorch, `torch.enable_grad`.
    """

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        _Mode.__init__(self, recording=True)


class set_grad_enabled(_Mode):
    """Switch recording on or off, at once as a function, or for a block as a context manager.

    >>> import tinygrad_kr as torch
    >>> with torch.set_grad_enabled(False):
    ...     torch.is_grad_enabled()
    False

    Source: PyTorch, `torch.set_grad_enabled`.
    """

    def __init__(self, mode: bool) -> None:
        super().__init__(recording=bool(mode))
        self._before.append((state.recording, state.inference))
        throw(bool(mode), state.inference)

    def __enter__(self) -> None:
        throw(self._recording, state.inference)

    def __call__(self, function: F) -> F:
        self.__exit__()
        return super().__call__(function)


class inference_mode(_Mode):
    """`no_grad` whose results can never be saved for backward: for code that only predicts.

    Args:
        mode: whether to switch it on (default) or back off inside another `inference_mode`.

    >>> import tinygrad_kr as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> with torch.inference_mode():
    ...     y = x * 2
    >>> y.is_inference(), y.requires_grad
    (True, False)

    Source: PyTorch, `torch.inference_mode`.
    """

    def __new__(cls, mode: bool | Callable[..., Any] = True) -> Any:
        self = super().__new__(cls)
        if isinstance(mode, bool):
            return self
        self.__init__()  # type: ignore[misc]
        return self(mode)

    def __init__(self, mode: bool | Callable[..., Any] = True) -> None:
        super().__init__(recording=not mode, inference=bool(mode))


class set_multithreading_enabled(contextlib.nullcontext[None]):
    """Accepted without effect: backward walks the graph in one thread, and its kernels use all of them.

    >>> import tinygrad_kr as torch
    >>> with torch.autograd.set_multithreading_enabled(False):
    ...     pass

    Source: PyTorch, `torch.autograd.set_multithreading_enabled`.
    """

    def __init__(self, mode: bool) -> None:
        super().__init__()


def is_grad_enabled() -> bool:
    """Whether operations are being recorded in this thread.

    >>> import tinygrad_kr as torch
    >>> torch.is_grad_enabled()
    True
    """
    return state.recording


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside `inference_mode`.

    >>> import tinygrad_kr as torch
    >>> torch.is_inference_mode_enabled()
    False
    """
    return state.inference
