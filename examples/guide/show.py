"""The framework's own code and pictures, shown in the guide. 프레임워크의 코드와 그림을 보여 줍니다."""

from __future__ import annotations

import ast
import inspect
import os
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

if "ipykernel" not in sys.modules:
    import matplotlib

    matplotlib.use("Agg")
import matplotlib.pyplot as plt


def source(thing: Any) -> None:
    """Print the code of a function or class as it stands in the framework, without its docstrings."""
    thing = inspect.unwrap(thing)
    text = textwrap.dedent(inspect.getsource(thing))
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            place = node.body[0]
            for number in range(place.lineno - 1, place.end_lineno or place.lineno):
                lines[number] = None  # type: ignore[call-overload]
    print(f"# {Path(inspect.getsourcefile(thing) or '').name}")
    print("\n".join(line for line in lines if line is not None))


def rules(page: Any, *functions: str) -> None:
    """Print the rules of some functions, such as "np.exp", as they stand on a derivative page of `ops/`."""
    text = inspect.getsource(page)
    print(f"# {Path(inspect.getsourcefile(page) or '').name}")
    for node in ast.parse(text).body:
        statement = ast.get_source_segment(text, node) or ""
        if any(re.search(rf"rule\(\s*{re.escape(name)}\b", statement) for name in functions):
            print(statement)


def picture(figure: Any, name: str) -> None:
    """Show a figure in a notebook; write it to `out/guide/` (or $GUIDE_OUT) in a plain run."""
    if "ipykernel" in sys.modules:
        plt.show()
        return
    folder = Path(os.environ.get("GUIDE_OUT", "out/guide"))
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{name}.png", dpi=100, bbox_inches="tight")
    plt.close(figure)
    print(f"picture: {folder / name}.png")
