"""Every example in a docstring runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import tinygrad_kr

MODULES = [
    module.name
    for module in pkgutil.walk_packages(tinygrad_kr.__path__, "tinygrad_kr.")
    if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder()
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    found = {"torch": tinygrad_kr, "nn": tinygrad_kr.nn, "F": tinygrad_kr.nn.functional, "np": np}
    for test in finder.find(module, extraglobs=found):
        tinygrad_kr.manual_seed(0)
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0
