"""Writes `tinygrad_kr/methods.pyi`: the signatures of all methods that the pages graft onto `Tensor`.

    python -m tests.stubs

The stub is for editors and type checkers; `tests/test_stubs.py` fails when it is not what this writes.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import tinygrad_kr
from tinygrad_kr import Tensor

TARGET = Path(tinygrad_kr.__file__).parent / "methods.pyi"
SEED = Path(tinygrad_kr.__file__).parent / "tensor.py"

HEAD = '''"""The methods that the pages graft onto `Tensor`. Written by `python -m tests.stubs`."""

import builtins
from collections.abc import Callable, Sequence
from typing import Any

from .tensor import Tensor

class TensorMethods:
'''

KNOWN = {"Tensor", "int", "float", "bool", "str", "None", "Any"} | {
    "Sequence",
    "Callable",
    "tuple",
    "list",
    "dict",
}


def grafted() -> dict[str, Any]:
    """The methods of `Tensor` that its own file does not define, by name."""
    own = SEED.read_text(encoding="utf-8")
    return {
        name: value
        for name, value in sorted(vars(Tensor).items())
        if inspect.isfunction(value) and f"def {name}(" not in own and f"\n    {name} = " not in own
    }


def annotation(value: Any) -> str:
    """An annotation as the stub writes it: Any for what it does not know."""
    text = value if isinstance(value, str) else getattr(value, "__name__", str(value))
    if value is inspect.Parameter.empty:
        return "Any"
    words = set(re.sub(r"[^\w.]", " ", text).split())
    if not words <= KNOWN:
        return "Any"
    return re.sub(r"\b(int|float|bool)\b", r"builtins.\1", text)  # methods of these names hide the types


def signature(name: str, function: Any) -> str:
    """One method of the stub."""
    parts, star = [], False
    for position, parameter in enumerate(inspect.signature(function).parameters.values()):
        if position == 0 and parameter.kind is not parameter.VAR_POSITIONAL:
            parts.append("self")
            continue
        if position == 0:
            parts.append("self")
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        prefix = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        star = star or prefix == "*"
        default = "" if parameter.default is parameter.empty else " = ..."
        parts.append(f"{prefix}{parameter.name}: {annotation(parameter.annotation)}{default}")
    returned = annotation(inspect.signature(function).return_annotation)
    ignore = "  # type: ignore[override]" if name in ("__eq__", "__ne__") else ""
    return f"    def {name}({', '.join(parts)}) -> {returned}: ...{ignore}\n"


def stub() -> str:
    """The whole file."""
    return HEAD + "".join(signature(name, function) for name, function in grafted().items())


if __name__ == "__main__":
    TARGET.write_text(stub(), encoding="utf-8")
    print(f"{TARGET}: {len(grafted())} methods")
