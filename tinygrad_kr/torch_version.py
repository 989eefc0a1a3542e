"""The version that programs see: which release of PyTorch is followed, and that this is not it.

`torch.__version__` is "2.13.0+tinygrad_kr.0.1.0": PyTorch's release, and after the plus sign, where Python's
versions have a place for it, whose build it is. So a program that asks for a feature by PyTorch's version
takes the right branch, and one that prints the version tells the truth.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["TorchVersion"]


class TorchVersion(str):
    """A version as text that compares by its numbers, with text and with tuples of numbers.

    >>> torch.torch_version.TorchVersion("2.13.0") >= "2.4", torch.__version__ >= (1, 8)
    (True, True)
    >>> torch.__version__.split("+")[0]
    '2.13.0'

    Source: PyTorch, `torch.torch_version.TorchVersion`.
    """

    __slots__ = ()

    def __lt__(self, other: Any) -> bool:
        return _order(self) < _order(other)

    def __le__(self, other: Any) -> bool:
        return _order(self) <= _order(other)

    def __gt__(self, other: Any) -> bool:
        return _order(self) > _order(other)

    def __ge__(self, other: Any) -> bool:
        return _order(self) >= _order(other)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (str, tuple, list)):
            return NotImplemented
        return _order(self) == _order(other)

    __hash__ = str.__hash__


def _order(version: Any) -> tuple[Any, ...]:
    """What versions are ordered by: the numbers; candidates before releases; builds after plain ones."""
    text = version if isinstance(version, str) else ".".join(map(str, version))
    found = re.match(r"v?(\d+(?:\.\d+)*)([^+]*)\+?(.*)", text)
    if found is None:
        return (), 0, text
    numbers = [int(part) for part in found[1].split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    candidate = re.match(r"[._-]?(a|b|c|rc|alpha|beta|pre|dev)", found[2]) is not None
    return tuple(numbers), not candidate, found[2] if candidate else "", found[3]


__version__ = TorchVersion("2.13.0+tinygrad_kr.0.1.0")
