"""Every example runs, at small scale, as a person would run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_kr as torch

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def run(*command: str, without: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a program with its output in pipes; `without` makes the import of one module fail."""
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT)}
    head = [sys.executable]
    if without:
        code = (
            f"import sys, runpy; sys.modules[{without!r}] = None; sys.argv = sys.argv[1:]; "
            f"sys.path.insert(0, {str(EXAMPLES)!r}); runpy.run_path(sys.argv[0], run_name='__main__')"
        )
        head += ["-c", code]
    done = subprocess.run(
        [*head, *command], capture_output=True, text=True, env=environment, cwd=ROOT, timeout=240
    )
    if check:
        assert done.returncode == 0, done.stderr
    return done


def train(out: Path, *options: str, **how: object) -> subprocess.CompletedProcess[str]:
    return run(str(EXAMPLES / "train_cnn.py"), "--out", str(out), *options, **how)


def losses(text: str) -> list[str]:
    return re.findall(r"epoch +(\d+)/.* train loss ([\d.]+)", text)


def test_train_cnn_learns_draws_and_resumes(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib (extra examples) is not installed")
    whole = train(tmp_path / "whole", "--epochs", "4", "--seed", "3")
    assert "\x1b" not in whole.stdout + whole.stderr and "\r" not in whole.stdout + whole.stderr
    assert "seed 3" in whole.stdout
    accuracy = float(re.search(r"test accuracy ([\d.]+)%", whole.stdout).group(1))
    assert accuracy > 90
    for name in ("curves", "filters", "feature_maps", "misclassified", "confusion"):
        assert (tmp_path / "whole" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    checkpoint = tmp_path / "whole" / "checkpoint.pt"
    again = train(tmp_path / "again", "--epochs", "4", "--seed", "3", "--resume", str(checkpoint))
    assert not losses(again.stdout)
    assert f"test accuracy {accuracy:.2f}%" in again.stdout


def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    sys.path.insert(0, str(EXAMPLES))
    try:
        import train_cnn
    finally:
        sys.path.remove(str(EXAMPLES))
    saved = []
    original = train_cnn.write_checkpoint

    def keep_second(path: Path, *state: object) -> None:
        original(path, *state)
        if state[-1] == 2:
            saved.append((tmp_path / "second.pt").write_bytes(path.read_bytes()))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_cnn, "write_checkpoint", keep_second)
        train_cnn.main(["--epochs", "3", "--out", str(tmp_path / "a")])
    train_cnn.main(["--epochs", "3", "--out", str(tmp_path / "b"), "--resume", str(tmp_path / "second.pt")])
    first, second = (torch.load(tmp_path / one / "checkpoint.pt") for one in "ab")
    assert saved and first["history"] == second["history"]
    assert all((first["model"][name] == second["model"][name]).all() for name in first["model"])


def test_train_cnn_without_matplotlib(tmp_path: Path) -> None:
    done = train(tmp_path, "--epochs", "1", without="matplotlib")
    assert done.stdout.count("no pictures: matplotlib is not installed") == 1
    assert not list(tmp_path.glob("*.png"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epochs", "0"], "--epochs must be at least 1, got 0"),
        (["--lr", "-1"], "--lr must be positive, got -1.0"),
        (["--data", "nowhere"], "expected 'digits', 'mnist5k' or a folder"),
        (["--resume", "missing.pt"], "missing.pt"),
    ],
)
def test_train_cnn_says_what_is_wrong(tmp_path: Path, options: list[str], message: str) -> None:
    done = train(tmp_path, *options, check=False)
    assert done.returncode != 0 and message in done.stderr


def test_a_foreign_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.pt").write_bytes(b"PK\x03\x04 not a checkpoint")
    done = train(tmp_path, "--resume", str(tmp_path / "file.pt"), check=False)
    assert done.returncode != 0 and "file.pt" in done.stderr


@pytest.mark.torch
def test_side_by_side_agrees_with_pytorch() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    done = run(str(EXAMPLES / "pytorch_side_by_side.py"), "--steps", "100", "--seed", "1")
    assert "the losses agree" in done.stdout


def test_the_readme_model_runs() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = re.search(r"## A first model\s+```python\n(.*?)```", text, re.DOTALL).group(1)
    done = run("-c", code)
    assert float(done.stdout) < 0.05


# Every other example at a tenth of its size: what it says must match, and each picture must be written.
OTHERS = {
    "augmentation": (r"elastic +\d+\.\d ± \d+\.\d", ["augmented.png", "augmentation.png"]),
    "batch_norm": (r"batch norm behind ReLU +\d", ["batch_norm.png"]),
    "by_hand": (r"w1 +\d\.\de[-+]\d\d +\d\.\de-(0[89]|1\d)", ["curve.png"]),
    "filters": (r"28x28 digit +160 +9,847,040", ["photograph.png", "learned_filters.png"]),
    "initialization": (r"ReLU, He +\d", ["activations.png", "gradients.png"]),
    "language": (r"GPT +249,702", ["language.png"]),
    "optimizers": (r"NAdam +\d", ["valley.png", "optimizers.png"]),
    "overfitting": (r"early stopping +\d+\.\d ± \d+\.\d", ["overfitting.png"]),
    "pretraining": (r"autoencoders +\d", ["features.png", "denoising.png"]),
    "schedules": (r"performance \(ReduceLROnPlateau\) +\d", ["schedules.png"]),
    "transfer_digits": (r"quarter turns, tuned +\d", ["transfer.png"]),
    "uncertainty_rotation": (r"ensemble +\d", ["uncertainty.png"]),
    "weight_penalties": (r"L1, proximal +\d", ["weight_penalties.png"]),
}


@pytest.mark.parametrize("name", OTHERS)
def test_the_others_run_and_draw(name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib (extra examples) is not installed")
    text, pictures = OTHERS[name]
    done = run(str(EXAMPLES / f"{name}.py"), "--quick", "--out", str(tmp_path))
    assert re.search(text, done.stdout), done.stdout
    for picture in pictures:
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")


def test_every_example_is_run_here() -> None:
    programs = {path.stem for path in EXAMPLES.glob("*.py")}
    helpers = {"common", "cnn_pictures"}
    assert programs - helpers == {"train_cnn", "pytorch_side_by_side", *OTHERS}
