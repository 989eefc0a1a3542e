"""The version leads programs into their branch for a recent PyTorch, and says what it is."""

from __future__ import annotations

import importlib.metadata

import pytest

import tinygrad_kr as torch
from tinygrad_kr.torch_version import TorchVersion


def test_the_ways_programs_ask() -> None:
    version = pytest.importorskip("packaging.version", reason="packaging is not installed")
    assert version.parse(torch.__version__) >= version.parse("1.8")
    assert version.parse(torch.__version__).release == (2, 13, 0)
    assert torch.__version__ >= "2.0" and torch.__version__ > "1.13.1" and not torch.__version__ < "2.4"
    assert torch.__version__ >= (2, 1) and torch.__version__ <= (3,)
    assert int(torch.__version__.split(".")[0]) == 2 and torch.__version__.startswith("2.")
    assert [int(part) for part in torch.__version__.split("+")[0].split(".")] == [2, 13, 0]
    assert torch.version.__version__ == torch.__version__ and isinstance(torch.__version__, str)


def test_it_says_whose_build_it_is() -> None:
    own = torch.__version__.split("+tinygrad_kr.")[1]
    assert own == importlib.metadata.version("tinygrad_kr")


@pytest.mark.parametrize(
    "smaller, larger",
    [
        ("2.0", "2.0.1"),
        ("2.9", "2.13"),
        ("2.0.0rc1", "2.0.0"),
        ("2.0", "2.0+cpu"),
        ("1.9.1", (2,)),
        ("a", "1"),
    ],
)
def test_order(smaller: str, larger: object) -> None:
    assert TorchVersion(smaller) < larger and TorchVersion(smaller) <= larger
    assert not TorchVersion(smaller) > larger and not TorchVersion(smaller) >= larger
    assert TorchVersion(smaller) != larger


def test_equality() -> None:
    assert TorchVersion("2.0") == "2.0.0" and hash(TorchVersion("2.0")) == hash("2.0")
    assert TorchVersion("2.0") != 2
