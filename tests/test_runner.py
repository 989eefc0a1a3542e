"""Programs written for PyTorch run unchanged under `python -m tinygrad_kr run`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tinygrad_kr.runner import used_names

ROOT = Path(__file__).parents[1]

PROGRAM = """
import pickle, sys
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.backends.cudnn as cudnn
from torch.utils.data import DataLoader, TensorDataset
from torch.optim.lr_scheduler import StepLR
from beside import double

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, x):
        return F.relu(self.layer(x))

torch.manual_seed(1)
net = Net().to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for (x,) in DataLoader(TensorDataset(torch.ones(4, 2)), batch_size=2):
    net(x).sum().backward()
    optimizer.step()
import tinygrad_kr, tinygrad_kr.nn
assert torch is tinygrad_kr and nn is tinygrad_kr.nn and nn.__spec__.name == "tinygrad_kr.nn"
print(sys.argv[1:], __name__, type(pickle.loads(pickle.dumps(net))).__name__, double(torch.ones(1)).item())
if "fail" in sys.argv:
    raise ValueError("as asked")
sys.exit(3)
"""


def run(tmp_path: Path, *options: str, program: str = PROGRAM) -> subprocess.CompletedProcess[str]:
    (tmp_path / "program.py").write_text(program)
    (tmp_path / "beside.py").write_text("import torch\ndef double(x): return torch.add(x, x)\n")
    return subprocess.run(
        [sys.executable, "-m", "tinygrad_kr", "run", *options], capture_output=True, text=True, cwd=ROOT
    )


def test_a_program_sees_its_arguments_and_ends_with_its_code(tmp_path: Path) -> None:
    done = run(tmp_path, str(tmp_path / "program.py"), "--epochs", "2")
    assert done.stdout == "['--epochs', '2'] __main__ Net 2.0\n", done.stderr
    assert done.returncode == 3
    assert "used 13 of PyTorch's names, all of them exact" in done.stderr


def test_a_traceback_begins_in_the_program(tmp_path: Path) -> None:
    done = run(tmp_path, "--quiet", str(tmp_path / "program.py"), "fail")
    assert done.returncode == 1 and done.stderr.endswith("ValueError: as asked\n")
    assert "runpy" not in done.stderr and "runner.py" not in done.stderr and "used" not in done.stderr


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "program.py")
    done = run(tmp_path, path, program="import torch.cuda.graphs_of_mine")
    assert done.returncode == 1
    assert "No module named 'torch.cuda.graphs_of_mine'" in done.stderr
    done = run(tmp_path, path, program="import torch\nif hasattr(torch, 'lobster'): torch.lobster()")
    assert done.returncode == 0 and "not here: torch.lobster" in done.stderr
    done = run(tmp_path, "missing.py")
    assert done.returncode == 2 and "there is no file 'missing.py' to run" in done.stderr


def test_a_module_runs_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tinygrad_kr", "run", "-q", "-m", "timeit", "-n", "1", "import torch"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0 and "best of 5" in done.stdout, done.stderr


@pytest.mark.parametrize(
    "source, names",
    [
        ("import torch\ntorch.nn.Linear(1, 2).weight.data", {"torch.nn.Linear"}),
        ("import torch as t\nt.ones(2).sum()", {"torch.ones"}),
        ("from torch import nn as n\nn.ReLU()", {"torch.nn.ReLU"}),
        ("import torchvision.transforms as T\nT.Compose", {"torchvision.transforms.Compose"}),
        ("import torchaudio\ntorchaudio.load", set()),
        ("def torch(): pass\ntorch.x", set()),
    ],
)
def test_used_names(source: str, names: set[str]) -> None:
    assert used_names(source) == names
