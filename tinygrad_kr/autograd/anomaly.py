"""Anomaly detection: which line of the user's forward code made the operation whose gradient is NaN."""

from __future__ import annotations

import os
import traceback
from typing import Any

import numpy as np

from .node import Node

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class _Anomaly:
    """The switch, for all threads, as in PyTorch."""

    enabled = False
    check_nan = True


anomaly = _Anomaly()


def user_trace() -> str:
    """The current call stack down to the user's own last line, without the frames of this package."""
    frames = [frame for frame in traceback.extract_stack() if not frame.filename.startswith(_PACKAGE)]
    return "".join(traceback.format_list(frames[-5:]))


def check(node: Node, gradients: Any) -> None:
    """Raise if a gradient that `node` made contains NaN, showing where the operation was recorded."""
    if not anomaly.check_nan:
        return
    for position, gradient in enumerate(gradients):
        array = getattr(gradient, "_array", gradient)
        if array is not None and np.isnan(array).any():
            where = f"\nThe operation was recorded here:\n{node.trace}" if node.trace else ""
            raise RuntimeError(
                f"Function '{node.name()}' returned nan values in its {position}th output.{where}"
            )


class detect_anomaly:
    """Find the operation whose backward makes NaN, and the line of your code that recorded it.

    Slow: a debugging aid. Inside, each operation remembers the user's line that called it, every gradient is
    checked for NaN, and an error raised by a rule is followed by that line.

    Args:
        check_nan: whether to check the gradients for NaN.

    >>> import tinygrad_kr as torch
    >>> x = torch.tensor([0.0], requires_grad=True)
    >>> with torch.autograd.detect_anomaly():
    ...     y = (x.sqrt() * 0).sum()
    ...     try:
    ...         y.backward()
    ...     except RuntimeError as error:
    ...         print(str(error).split(" returned")[0])
    Function 'SqrtBackward0'

    Source: PyTorch, `torch.autograd.detect_anomaly`.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self._after = (True, bool(check_nan))
        self._before = (anomaly.enabled, anomaly.check_nan)

    def __enter__(self) -> None:
        self._before = (anomaly.enabled, anomaly.check_nan)
        anomaly.enabled, anomaly.check_nan = self._after

    def __exit__(self, *exception: object) -> None:
        anomaly.enabled, anomaly.check_nan = self._before


class set_detect_anomaly(detect_anomaly):
    """Switch anomaly detection on or off, at once or for a block.

    >>> import tinygrad_kr as torch
    >>> with torch.autograd.set_detect_anomaly(True):
    ...     torch.is_anomaly_enabled()
    True

    Source: PyTorch, `torch.autograd.set_detect_anomaly`.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = (anomaly.enabled, anomaly.check_nan)
        anomaly.enabled, anomaly.check_nan = self._after = (bool(mode), bool(check_nan))

    def __enter__(self) -> None:
        """The switch was thrown at construction."""


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """Switch anomaly detection on or off; `set_detect_anomaly` does so for a block too.

    >>> import tinygrad_kr as torch
    >>> torch.set_anomaly_enabled(True, check_nan=False)
    >>> torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    (True, False)
    >>> torch.set_anomaly_enabled(False)

    Source: PyTorch, `torch.set_anomaly_enabled`.
    """
    anomaly.enabled, anomaly.check_nan = bool(mode), bool(check_nan)


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly detection, where it is on, looks for NaN in gradients.

    >>> import tinygrad_kr as torch
    >>> torch.is_anomaly_check_nan_enabled()
    True
    """
    return anomaly.check_nan


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on.

    >>> import tinygrad_kr as torch
    >>> torch.is_anomaly_enabled()
    False
    """
    return anomaly.enabled
