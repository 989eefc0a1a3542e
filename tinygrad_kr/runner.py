"""Runs a program that was written for PyTorch, unchanged: `python -m tinygrad_kr run script.py [args]`.

For this one process `torch` and what is below it name `tinygrad_kr`, and `torchvision` names its `vision`:
the very same modules, so that `torch.nn.Module is tinygrad_kr.nn.Module`.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import runpy
import sys
import traceback
from collections.abc import Iterator
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from .coverage import DIFFERS

__all__ = ["install", "run", "used_names"]

ALIASES = {"torch": "tinygrad_kr", "torchvision": "tinygrad_kr.vision"}


class _Alias(MetaPathFinder, Loader):
    """Imports `torch.x` as `tinygrad_kr.x`: the module itself, not a second copy of it."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """A spec for what an alias covers; None for everything else."""
        real = _real_name(fullname)
        if real is None:
            return None
        try:
            found = importlib.util.find_spec(real)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise ModuleNotFoundError(
                f"No module named {fullname!r}: {real} does not exist; tinygrad_kr has no such part",
                name=fullname,
            )
        return ModuleSpec(fullname, self, is_package=found.submodule_search_locations is not None)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The real module; its own spec is kept aside while the import system writes the alias's into it."""
        module = importlib.import_module(_real_name(spec.name) or spec.name)
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing runs again; the module gets its own spec back."""
        alias = module.__spec__
        if alias is not None:
            module.__spec__ = alias.loader_state


def _real_name(name: str) -> str | None:
    root, dot, rest = name.partition(".")
    return ALIASES[root] + dot + rest if root in ALIASES else None


def install() -> None:
    """Alias `torch` and `torchvision` for the rest of this process.

    Raises:
        RuntimeError: PyTorch itself is imported already.
    """
    for alias in ALIASES:
        if alias in sys.modules and sys.modules[alias] is not importlib.import_module(ALIASES[alias]):
            raise RuntimeError(
                f"{alias} is imported already in this process, so it cannot be replaced; "
                "start the program with python -m tinygrad_kr run"
            )
    if not any(isinstance(finder, _Alias) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Alias())
    for alias in ALIASES:
        importlib.import_module(alias)


def run(script: str, arguments: list[str], *, as_module: bool = False, quiet: bool = False) -> int:
    """Run a script (or, `as_module`, a module by name) as its own `__main__`; returns its exit code.

    The program sees `sys.argv` and `sys.path` as if Python had started it, and its tracebacks begin in its
    own code. At the end a line on standard error says which of PyTorch's names it used.

    Args:
        script: the file to run.
        arguments: what follows it on the command line.
        as_module: `script` is the name of a module, as after `python -m`.
        quiet: leave out the last line.

    Raises:
        FileNotFoundError: there is no such file.
    """
    if not as_module and not Path(script).is_file():
        raise FileNotFoundError(f"there is no file {script!r} to run")
    install()
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path.cwd() if as_module else Path(script).resolve().parent)
    before = set(sys.modules)
    code = 0
    try:
        if as_module:
            runpy.run_module(script, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(script, run_name="__main__")
    except SystemExit as stop:
        code = _exit_code(stop)
    except BaseException as error:
        traceback.print_exception(type(error), error, _own_part(error.__traceback__))
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
    if not quiet:
        files = [] if as_module else [Path(script)]
        print(report(script, [*files, *_imported_files(before)]), file=sys.stderr)
    return code


def _exit_code(stop: SystemExit) -> int:
    if isinstance(stop.code, int):
        return stop.code
    if stop.code is not None:
        print(stop.code, file=sys.stderr)
    return 0 if stop.code is None else 1


def _own_part(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without the frames that lead to the program."""
    while trace is not None and trace.tb_frame.f_code.co_filename in (
        __file__,
        runpy.__file__,
        "<frozen runpy>",
    ):
        trace = trace.tb_next
    return trace


def _imported_files(before: set[str]) -> Iterator[Path]:
    """The files of the modules that the program brought along: those beside it, not installed ones."""
    home, package = Path(sys.path[0]), Path(__file__).parent
    for name in sorted(set(sys.modules) - before):
        file = Path(getattr(sys.modules[name], "__file__", None) or "")
        installed = "site-packages" in file.parts or file.is_relative_to(package)
        if file.suffix == ".py" and file.is_relative_to(home) and not installed:
            yield file


# -- which names a program uses --------------------------------------------------------------------


def report(script: str, files: list[Path]) -> str:
    """One line about the names that a program used: how many, which are not here, and which differ."""
    used = sorted(set().union(*[used_names(path.read_text(encoding="utf-8")) for path in files] or [set()]))
    lines = [f"tinygrad_kr: {script} used {len(used)} of PyTorch's names"]
    missing = [name for name in used if not _exists(name)]
    if missing:
        lines.append(f"not here: {', '.join(missing)}")
    lines += [f"{name} {DIFFERS[name]}" for name in used if name in DIFFERS]
    return "; ".join(lines) if len(lines) > 1 else f"{lines[0]}, all of them exact"


def used_names(source: str) -> set[str]:
    """The names below `torch` and `torchvision` that a program's text mentions, written out in full.

    >>> sorted(used_names("import torch.nn as nn\\nfrom torch import optim\\nnn.Linear(1, 2); optim.SGD"))
    ['torch.nn.Linear', 'torch.optim.SGD']
    """
    tree = ast.parse(source)
    meaning: dict[str, str] = {}
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                if _real_name(one.name):
                    meaning[one.asname or one.name.partition(".")[0]] = (
                        one.name if one.asname else one.name.partition(".")[0]
                    )
        elif isinstance(node, ast.ImportFrom) and node.module and _real_name(node.module) and not node.level:
            for one in node.names:
                meaning[one.asname or one.name] = f"{node.module}.{one.name}"
                found.add(f"{node.module}.{one.name}")
    inner: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node not in inner:
            name = _written_out(node, meaning, inner)
            if name:
                found.add(name)
    return {name for name in found if not any(other.startswith(name + ".") for other in found)}


def _written_out(node: ast.Attribute, meaning: dict[str, str], inner: set[ast.AST]) -> str | None:
    parts = []
    walk: ast.expr = node
    while isinstance(walk, ast.Attribute):
        parts.append(walk.attr)
        inner.add(walk)
        walk = walk.value
    if isinstance(walk, ast.Name) and walk.id in meaning:
        return ".".join([meaning[walk.id], *reversed(parts)])
    return None


def _exists(name: str) -> bool:
    """Whether a name leads somewhere; what follows a function or class is its own business."""
    found: Any = importlib.import_module(ALIASES[name.partition(".")[0]])
    for part in name.split(".")[1:]:
        if not isinstance(found, ModuleType):
            return True
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = importlib.import_module(f"{found.__name__}.{part}")
            except ImportError:
                return False
    return True
