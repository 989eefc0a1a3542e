"""Logs for TensorBoard."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr.utils.tensorboard import SummaryWriter


def test_events_are_written(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="needs the extra tensorboard")
    with SummaryWriter(tmp_path / "run") as writer:
        assert writer.log_dir == writer.get_logdir() == str(tmp_path / "run")
        writer.add_scalar("loss", torch.tensor(0.5, requires_grad=True), 1)
        writer.add_scalars("losses", {"train": torch.tensor(1.0), "test": 2.0}, 1)
        writer.add_histogram("weights", torch.randn(10), 1)
        writer.add_image("digit", torch.rand(1, 4, 4), 1)
        writer.add_images("digits", torch.rand(2, 3, 4, 4), 1)
        writer.add_text("note", "fine", 1)
        writer.add_pr_curve("curve", torch.tensor([0, 1, 1]), torch.tensor([0.1, 0.8, 0.4]), 1)
        writer.add_hparams({"lr": 0.1}, {"accuracy": torch.tensor(0.9)}, run_name="search")
        writer.flush()
        with pytest.raises(RuntimeError, match="add_text"):
            writer.add_graph(torch.nn.Linear(1, 1))
        with pytest.raises(AttributeError, match="logdir"):
            _ = writer.logdir
    event = next((tmp_path / "run").glob("events*")).read_bytes()
    assert b"loss" in event and np.float32(0.5).tobytes() in event and b"weights" in event
    assert list((tmp_path / "run").glob("search/events*"))


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"pip install tinygrad_kr\[tensorboard\]"):
        SummaryWriter()
