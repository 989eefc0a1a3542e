"""`fit` is the loop that its page shows, and ends in order whatever ends it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
import tinygrad_kr.nn.functional as F
from tinygrad_kr import nn, train
from tinygrad_kr.utils.data import DataLoader, Dataset, TensorDataset


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3))


def digits(count: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(2)
    return torch.randn(count, 4), torch.randint(0, 3, (count,))


def adam(model: nn.Module, lr: float = 0.01) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=lr)


def states_equal(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values()))


class Interrupt(train.Callback):
    """Ctrl-C at a given batch."""

    def __init__(self, epoch: int, step: int) -> None:
        self.at = epoch, step

    def on_batch_end(self, run: train.Run) -> None:
        if (run.epoch, run.step) == self.at:
            raise KeyboardInterrupt


def test_it_does_what_the_ten_lines_do() -> None:
    x, y = digits()
    by_hand, model = network(), network()
    optimizer = adam(by_hand)
    torch.manual_seed(3)
    losses = []
    for _ in range(3):
        by_hand.train()
        total = 0.0
        for inputs, targets in DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True):
            optimizer.zero_grad()
            loss = F.cross_entropy(by_hand(inputs), targets)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(inputs)
        losses.append(total / len(x))
    torch.manual_seed(3)
    history = train.fit(model, F.cross_entropy, adam(model), (x, y), epochs=3, batch_size=16, progress=False)
    assert states_equal(by_hand, model)
    assert history["loss"] == losses and history.epochs == 3 and not history.stopped


@pytest.mark.parametrize("form", ["arrays", "dataset", "loader", "list"])
def test_any_form_of_data(form: str) -> None:
    x, y = digits()
    data: Any = {
        "arrays": (x.numpy(), y.numpy()),
        "dataset": TensorDataset(x, y),
        "loader": DataLoader(TensorDataset(x, y), batch_size=32),
        "list": [(x[:32], y[:32]), (x[32:], y[32:])],
    }[form]
    model = network()
    found = train.evaluate(model, data, F.cross_entropy, ["accuracy"])
    model.eval()
    with torch.no_grad():
        scores = model(x)
    assert math.isclose(found["loss"], F.cross_entropy(scores, y).item(), rel_tol=1e-6)
    assert found["accuracy"] == (scores.argmax(1) == y).double().mean().item()
    np.testing.assert_allclose(train.predict(model, data), scores.numpy(), rtol=1e-5, atol=1e-6)


def test_several_inputs_and_data_that_are_their_own_targets() -> None:
    class Sum(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            return self.scale * (a + b)

    a = torch.ones(6, 2)
    batches = [((a, a), 3 * a), ({"a": a, "b": a}, 3 * a)]
    model = Sum()
    train.fit(model, F.mse_loss, adam(model, 0.1), batches, epochs=60, progress=False)
    assert abs(model.scale.item() - 1.5) < 0.05
    coder = nn.Linear(2, 2)
    history = train.fit(coder, F.mse_loss, adam(coder, 0.1), torch.randn(16, 2), epochs=100, progress=False)
    assert history["loss"][-1] < 0.01


def test_evaluation_leaves_every_mode_and_gradient_as_it_was() -> None:
    model = network().train()
    model[1].eval()  # frozen statistics
    before = {name: value.clone() for name, value in model.state_dict().items()}
    train.evaluate(model, digits(), F.cross_entropy)
    assert model.training and not model[1].training and model[3].training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(one.grad is None for one in model.parameters())


def test_early_stopping_restores_the_best_weights(tmp_path: Path) -> None:
    x, y = digits()
    model = network()
    seen: list[dict[str, torch.Tensor]] = []

    class Remember(train.Callback):
        def on_epoch_end(self, run: train.Run) -> None:
            seen.append({name: value.clone() for name, value in run.model.state_dict().items()})

    stopping = train.EarlyStopping(patience=3, path=tmp_path / "best.pt")
    history = train.fit(
        model,
        F.cross_entropy,
        adam(model, 0.2),
        (x, y),
        epochs=100,
        validation=digits(20),
        callbacks=[Remember(), stopping],
        progress=False,
    )
    best = history.best("val_loss")
    assert history.epochs == best + 1 + 3 < 100 and "no better val_loss for 3 epochs" in history.stopped
    assert stopping.best == history["val_loss"][best] and stopping.best_epoch == best
    on_disk = torch.load(tmp_path / "best.pt")
    for name, value in model.state_dict().items():
        assert torch.equal(value, seen[best][name]) and torch.equal(value, on_disk[name])


@pytest.mark.parametrize("patience", [0, 1])
def test_without_patience_the_first_epoch_that_is_no_better_stops(patience: int) -> None:
    x, y = digits()
    model = network()
    history = train.fit(
        model,
        F.cross_entropy,
        adam(model, 0.0),
        (x, y),
        epochs=9,
        validation=(x, y),
        callbacks=[train.EarlyStopping(patience=patience)],
        progress=False,
    )
    assert history.epochs == 2 and history.stopped == "no better val_loss for 1 epoch (epoch 1)"


def test_a_loss_that_is_nan_stops_before_it_spoils_a_weight() -> None:
    x, y = digits()
    model = network()

    class Poison(train.Callback):
        def on_batch_start(self, run: train.Run) -> None:
            if (run.epoch, run.step) == (2, 1):
                run.inputs = run.inputs * math.nan

    best = train.BestSnapshot("loss")
    with pytest.raises(train.DivergenceError, match=r"nan in epoch 2, step 1 \(learning rate 0.01\)") as info:
        train.fit(
            model, F.cross_entropy, adam(model), (x, y), epochs=9, callbacks=[Poison(), best], progress=False
        )
    assert info.value.history.epochs == 2 and (info.value.epoch, info.value.step) == (2, 1)
    assert best.state is not None
    for name, value in model.state_dict().items():
        assert torch.equal(value, best.state[name]) and torch.isfinite(value.double()).all()


def test_a_resumed_run_equals_one_without_a_break(tmp_path: Path) -> None:
    x, y = digits()

    def run(epochs: int, model: nn.Module, resume: Path | None = None) -> train.History:
        optimizer = adam(model)
        schedule = train.Schedule(torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5))
        checkpoint = train.Checkpoint(tmp_path / "run.pt")
        best = train.BestSnapshot("val_loss", restore=False)
        return train.fit(
            model,
            F.cross_entropy,
            optimizer,
            (x, y),
            epochs=epochs,
            validation=digits(12),
            callbacks=[checkpoint, schedule, best],
            progress=False,
            resume=resume,
        )

    whole, parted = network(), network()
    torch.manual_seed(5)
    expected = run(5, whole)
    torch.manual_seed(5)
    run(3, parted)
    torch.manual_seed(99)  # the checkpoint brings the generator's state
    fresh = network()
    history = run(5, fresh, tmp_path / "run.pt")
    assert states_equal(whole, fresh)
    assert {name: history[name] for name in history if name != "seconds"} == {
        name: expected[name] for name in expected if name != "seconds"
    }


def test_ctrl_c_saves_and_returns_what_there_is(tmp_path: Path) -> None:
    model = network()
    callbacks = [Interrupt(1, 0), train.Checkpoint(tmp_path / "run.pt", every=100)]
    history = train.fit(
        model, F.cross_entropy, adam(model), digits(), epochs=5, callbacks=callbacks, progress=False
    )
    assert history.epochs == 1 and history.stopped == "interrupted in epoch 1, step 0"
    other = network()
    again = train.fit(
        other,
        F.cross_entropy,
        adam(other),
        digits(),
        epochs=1,
        progress=False,
        resume=tmp_path / "run.pt",
    )
    assert again.epochs == 1 and states_equal(model, other)


def test_a_checkpoint_of_another_model_changes_nothing(tmp_path: Path) -> None:
    small = nn.Linear(4, 3)
    train.fit(
        small,
        F.cross_entropy,
        adam(small),
        digits(),
        epochs=1,
        callbacks=[train.Checkpoint(tmp_path / "run.pt")],
        progress=False,
    )
    model, twin = network(), network()
    options: Any = {"epochs": 2, "progress": False, "resume": tmp_path / "run.pt"}
    with pytest.raises(RuntimeError, match=r"state_dict for Sequential"):
        train.fit(model, F.cross_entropy, adam(model), digits(), **options)
    assert states_equal(model, twin)
    torch.save(small.state_dict(), tmp_path / "weights.pt")
    options["resume"] = tmp_path / "weights.pt"
    with pytest.raises(ValueError, match=r"not a checkpoint of train.Checkpoint: load it with torch.load"):
        train.fit(model, F.cross_entropy, adam(model), digits(), **options)
    options["resume"] = tmp_path / "run.pt"
    with pytest.raises(ValueError, match=r"go on with the callbacks of the run that wrote it"):
        best = train.BestSnapshot()
        train.fit(small, F.cross_entropy, adam(small), digits(), callbacks=[best], **options)


def test_clipping_bounds_the_step() -> None:
    x, y = digits()
    model = nn.Linear(4, 3)
    before = model.weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    clip = train.ClipGradients(norm=1e-3, value=0.5)
    data = [(x * 1e3, y)]
    history = train.fit(model, F.cross_entropy, optimizer, data, epochs=1, callbacks=[clip], progress=False)
    assert (model.weight - before).norm().item() <= 1.001e-3 < history["gradient_norm"][0]


def test_a_plateau_lowers_the_rate() -> None:
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.1)

    class Constant(train.Callback):
        def on_epoch_end(self, run: train.Run) -> None:
            run.history["val_loss"][-1] = 1.0

    history = train.fit(
        model,
        F.cross_entropy,
        optimizer,
        digits(),
        epochs=3,
        validation=digits(),
        callbacks=[Constant(), train.Schedule(plateau)],
        progress=False,
    )
    np.testing.assert_allclose(history["lr"], [1.0, 1.0, 0.1])


def test_what_it_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = network()
    log = train.CSVLog(tmp_path / "log.csv")
    options: Any = {"metrics": ["accuracy"], "callbacks": [log, Interrupt(2, 1)], "epochs": 3}
    train.fit(model, F.cross_entropy, adam(model), digits(), **options)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("epoch 1/3  loss ") and "accuracy" in lines[0] and len(lines) == 3
    assert lines[2] == "stopped: interrupted in epoch 2, step 1"
    rows = (tmp_path / "log.csv").read_text().splitlines()
    assert rows[0] == "epoch,loss,accuracy,lr,seconds" and [row[:2] for row in rows[1:]] == ["1,", "2,"]
    log.append = True
    options |= {"metrics": None, "callbacks": [log]}
    with pytest.raises(ValueError, match=r"use another file"):
        train.fit(model, F.cross_entropy, adam(model), digits(), **options)


class Empty(Dataset):
    def __len__(self) -> int:
        return 0

    def __getitem__(self, index: int) -> Any:
        raise IndexError(index)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (
            {"data": (torch.ones(3, 4), torch.ones(2))},
            ValueError,
            r"as many rows as each other, got \[3, 2\]",
        ),
        ({"data": Empty()}, ValueError, "the dataset is empty"),
        ({"data": []}, ValueError, "gave no batch"),
        ({"data": iter([(torch.ones(3, 4), torch.ones(3))])}, TypeError, "used up after one epoch"),
        ({"data": [(torch.ones(3, 4), 1, 2)]}, ValueError, "got 3 parts"),
        ({"data": 3}, TypeError, "got int"),
        ({"epochs": -1}, ValueError, "at least 0, got -1"),
        ({"epochs": 1.5}, ValueError, "got 1.5"),
        ({"metrics": ["acc"]}, ValueError, "unknown metric 'acc': known are accuracy"),
        ({"metrics": [3]}, TypeError, "got 3"),
        ({"loss": lambda out, y: out}, ValueError, r"one element, got a tensor of shape \(32, 3\)"),
        (
            {"callbacks": [train.BestSnapshot("val_loss")]},
            KeyError,
            "was not measured; measured were: 'loss'",
        ),
        ({"validation": []}, ValueError, "empty"),
    ],
)
def test_bad_input(change: dict[str, Any], error: type[Exception], text: str) -> None:
    model = nn.Linear(4, 3)
    given = {"loss": F.cross_entropy, "data": digits(), "epochs": 1, "progress": False} | change
    with pytest.raises(error, match=text):
        train.fit(model, optimizer=adam(model), **given)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: train.EarlyStopping(patience=-1), "patience must be at least 0 epochs, got -1"),
        (lambda: train.BestSnapshot(min_delta=-1), "min_delta must be at least 0, got -1"),
        (lambda: train.BestSnapshot(mode="least"), "'min' or 'max', got 'least'"),
        (lambda: train.ClipGradients(), "say what to clip"),
        (lambda: train.ClipGradients(norm=0), "norm must be positive, got 0"),
        (lambda: train.MaxNorm(-2), "must be positive, got -2"),
        (lambda: train.Checkpoint("x", every=0), "at least 1 epoch, got 0"),
        (lambda: train.Schedule(None, per="step"), "got 'step'"),
        (lambda: train.evaluate(nn.Identity(), []), "nothing to measure"),
        (lambda: train.predict(nn.Identity(), []), "empty"),
    ],
)
def test_bad_options(make: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make()


def test_history_keeps_columns_aligned() -> None:
    history = train.History()
    history.add({"loss": 2.0})
    history.add({"loss": 1.0, "val_loss": 3.0})
    history.add({"val_loss": 2.0})
    np.testing.assert_equal(dict(history), {"loss": [2.0, 1.0, math.nan], "val_loss": [math.nan, 3.0, 2.0]})
    assert history.best("loss") == 1 and history.best() == 2 and history.best("loss", "max") == 0
    assert "3 epochs" in repr(history)
    twin = train.History()
    twin.load_state_dict(history.state_dict())
    np.testing.assert_equal(dict(twin), dict(history))
