"""Functions written out as Python, each for its own arguments: nothing is looked up or sorted when they run.

Compiling one takes 0.05 to 0.3 milliseconds, and there are hundreds, of which a program calls a few dozen. So
those that need not be whole from the start are written out at their first call (`at_first_call`), and the
others share their compiled code where they read the same (`at_once`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from types import CodeType, FunctionType
from typing import Any, NamedTuple


@cache
def compiled(source: str, file: str) -> CodeType:
    """The code of a text, compiled once."""
    return compile(source, file, "exec")


def at_once(source: str, file: str, names: dict[str, Any]) -> None:
    """Run the definitions in `source`, which may use `names` and are entered there."""
    exec(compiled(source, file), names)


def at_first_call(name: str, source: Callable[[], str], file: str, names: dict[str, Any]) -> Any:
    """The function called `name` in `source()`, which is not asked for before the first call.

    What is returned turns into the written function then, so whoever holds it holds that. The first call has
    one frame more than the others.
    """

    names = dict(names)
    function = FunctionType(_first_call.__code__, names, name)

    def write_out() -> None:
        exec(compile(source(), file, "exec"), names)
        written = names[name]
        function.__defaults__, function.__kwdefaults__ = written.__defaults__, written.__kwdefaults__
        function.__code__ = written.__code__  # last: another thread may be calling it

    names.update(write_out=write_out, itself=function)
    return function


def _first_call(*args: Any, **kwargs: Any) -> Any:
    write_out()  # type: ignore[name-defined]  # noqa: F821  (both names are given by `at_first_call`)
    return itself(*args, **kwargs)  # type: ignore[name-defined]  # noqa: F821


class Parameters(NamedTuple):
    """What a function takes."""

    positional: tuple[str, ...]
    keywords: tuple[str, ...]  # that can be given by keyword only
    any_number: tuple[str, ...]  # the names behind * and **
    defaults: dict[str, Any]


def parameters_of(function: Callable[..., Any]) -> Parameters:
    """The parameters of a function, which `inspect.signature` takes ten times as long to find."""
    function = inspect.unwrap(function)
    if not isinstance(function, FunctionType):
        return _parameters_of_any(function)
    code = function.__code__
    count, end = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    stars = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    names = code.co_varnames
    positional = names[:count]
    given = function.__defaults__ or ()
    defaults = dict(zip(positional[len(positional) - len(given) :], given))
    defaults |= function.__kwdefaults__ or {}
    return Parameters(positional, names[count:end], names[end : end + stars], defaults)


def _parameters_of_any(function: Callable[..., Any]) -> Parameters:
    found = inspect.signature(function).parameters.values()
    stars = [one.name for one in found if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    keywords = [one.name for one in found if one.kind is one.KEYWORD_ONLY]
    positional = [one.name for one in found if one.name not in (*stars, *keywords)]
    defaults = {one.name: one.default for one in found if one.default is not one.empty}
    return Parameters(tuple(positional), tuple(keywords), tuple(stars), defaults)
