"""What `import tinygrad_kr` leaves for later, so that it takes under twice `import numpy`."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import tinygrad_kr as torch
from tinygrad_kr import written

LEFT = ["multiprocessing", "numpy.random", "socket", "subprocess"]
LEFT_OF_OURS = ["distributions", "fft", "nn", "optim", "serialization", "signal", "sparse", "utils", "vision"]
MODULES, COMPILED = 200, 160  # a tenth above what there was when this was written


def fresh(program: str) -> list[str]:
    """What a program prints in a process of its own, by lines."""
    command = [sys.executable, "-c", textwrap.dedent(program)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_the_import_leaves_what_not_every_program_needs() -> None:
    imported = fresh(
        """
        import sys, numpy
        before = set(sys.modules)
        import tinygrad_kr
        print(*sorted(set(sys.modules) - before), sep="\\n")
        """
    )
    late = {*LEFT, *(f"tinygrad_kr.{name}" for name in LEFT_OF_OURS)}
    assert not late.intersection(imported)
    assert len([name for name in imported if name.startswith("tinygrad_kr")]) <= MODULES


def test_the_import_compiles_few_functions() -> None:
    (compiled,) = fresh("from tinygrad_kr import written; print(written.compiled.cache_info().currsize)")
    assert 0 < int(compiled) <= COMPILED


def test_what_was_left_is_there_when_asked_for() -> None:
    found = fresh(
        """
        import tinygrad_kr as torch
        print({"nn", "optim", "utils", "vision"} <= set(dir(torch)))
        print(torch.nn.Linear(2, 1)(torch.ones(3, 2)).shape, torch.optim.SGD.__name__)
        from tinygrad_kr import utils
        print(utils.data.DataLoader.__name__)
        """
    )
    assert found == ["True", "torch.Size([3, 1]) SGD", "DataLoader"]


def test_a_function_is_written_out_at_its_first_call() -> None:
    asked = []

    def source() -> str:
        asked.append(1)
        return "def f(x, y=two, *, z=three):\n    return x, y, z"

    f = written.at_first_call("f", source, "nowhere", {"two": 2, "three": 3})
    assert not asked
    assert [f(1), f(1, 5, z=6), f(x=0)] == [(1, 2, 3), (1, 5, 6), (0, 2, 3)]
    assert asked == [1]


def test_parameters_are_those_of_the_signature() -> None:
    def f(a, b=1, *c, d, e=2, **g):  # type: ignore[no-untyped-def]
        """Has all there are."""

    assert written.parameters_of(f) == (("a", "b"), ("d", "e"), ("c", "g"), {"b": 1, "e": 2})
    assert written.parameters_of(torch.add) == written.parameters_of(torch.add.__wrapped__)
    assert written.parameters_of(len).positional == ("obj",)
