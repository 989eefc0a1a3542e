"""Files go both ways: what is written here opens in PyTorch with `weights_only=True`, and vice versa."""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import tinygrad_kr
from tests.test_serialization import DTYPES, tensors

torch = pytest.importorskip("torch", reason="compares with PyTorch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::UserWarning")]

both_formats = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
RANDOM = np.random.default_rng(0)


def carried(x: Any, source: Any, target: Any, zipped: bool = True, **how: Any) -> Any:
    """`x`, saved by one library and loaded by the other."""
    file = io.BytesIO()
    source.save(x, file, _use_new_zipfile_serialization=zipped)
    file.seek(0)
    return target.load(file, **how)


def there(x: Any, zipped: bool = True) -> Any:
    return carried(x, tinygrad_kr, torch, zipped, weights_only=True)


def here(x: Any, zipped: bool = True) -> Any:
    return carried(x, torch, tinygrad_kr, zipped)


def same(a: Any, b: Any) -> bool:
    """Whether two nested values, of either library, are equal."""
    if isinstance(a, (torch.Tensor, tinygrad_kr.Tensor)):
        x, y = a.detach().numpy(), b.detach().numpy()
        assert (x.dtype, tuple(a.shape), a.requires_grad) == (y.dtype, tuple(b.shape), b.requires_grad)
        assert type(a).__name__ == type(b).__name__
        return (not x.size or a.stride() == b.stride()) and np.array_equal(x, y)
    if isinstance(a, (tinygrad_kr.dtype, torch.dtype)) or type(a).__name__ == "device":
        return str(a) == str(b)
    if type(a).__name__ != type(b).__name__:
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def everything(lib: Any) -> dict[Any, Any]:
    """One of each kind of value."""
    x = lib.arange(24.0).reshape(2, 3, 4)
    marked = lib.nn.Parameter(lib.ones(2))
    marked.tag = ("mine", 3)
    state = lib.nn.Sequential(lib.nn.Conv2d(1, 2, 3), lib.nn.BatchNorm2d(2)).state_dict()
    return {
        **{name: lib.ones(3, dtype=getattr(lib, name)) for name in DTYPES},
        "views": [x, x[1], x.permute(2, 0, 1), x[:, ::2, 1:], lib.ones(1, 3).expand(4, 3)],
        "corners": [lib.tensor(3), lib.zeros(0, 3), lib.zeros(2, 0).t()],
        "parameters": (lib.nn.Parameter(x[0], requires_grad=False), marked, lib.ones(2, requires_grad=True)),
        "computed": lib.ones(2, requires_grad=True) * 2,
        "state": state,
        "numbers": [
            0,
            -1,
            255,
            256,
            70_000,
            -(2**31),
            2**31,
            2**63,
            -(2**70),
            1.5,
            -0.0,
            1e300,
            True,
            None,
            2 - 1j,
        ],
        "text": ["", "한글 \N{GRINNING FACE}", b"", b"\x00\xff", bytearray(b"ab")],
        "containers": [(), [], {}, set(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), {1: {2: [3]}}, {1, 2}],
        "others": [Counter("abca"), OrderedDict(a=1), x.shape, lib.float32, lib.bfloat16, lib.device("cpu")],
        (1, "key"): 2.5,
    }


@both_formats
def test_everything_goes_both_ways(zipped: bool) -> None:
    ours, theirs = everything(tinygrad_kr), everything(torch)
    for original, back in ((ours, there(ours, zipped)), (theirs, here(theirs, zipped))):
        assert same(original, back)
        assert original["state"]._metadata == back["state"]._metadata
        assert back["parameters"][1].tag == ("mine", 3)
        back["views"][0][1, 2, 3] = -1.0
        assert back["views"][1][2, 3] == -1 and back["views"][2][3, 1, 2] == -1


@given(x=tensors())
def test_tensors_of_any_layout(x: Any) -> None:
    assert same(x, there(x))
    assert same(x, carried(there(x), torch, tinygrad_kr))


def test_files_by_path_and_mapped(tmp_path: Path) -> None:
    x = {"big": tinygrad_kr.randn(300, 7), "e": tinygrad_kr.zeros(0), "small": tinygrad_kr.arange(3)}
    tinygrad_kr.save(x, tmp_path / "ours.pt")
    torch.save(there(x), tmp_path / "theirs.pt")
    assert same(tinygrad_kr.load(tmp_path / "theirs.pt"), x)
    load = torch.utils.serialization.config.load
    load.calculate_storage_offsets = True  # from the layout alone, without reading headers
    try:
        assert same(x, torch.load(tmp_path / "ours.pt", mmap=True, weights_only=True))
    finally:
        load.calculate_storage_offsets = False
    ours, theirs = (
        {
            entry.filename.partition("/")[2]: entry.file_size
            for entry in zipfile.ZipFile(tmp_path / name).infolist()
        }
        for name in ("ours.pt", "theirs.pt")
    )
    del ours["data.pkl"], theirs["data.pkl"]
    assert list(ours.items()) == list(theirs.items())


def test_what_pytorch_refuses_in_its_own_files() -> None:
    from collections import defaultdict

    values = [
        np.float64(2.5),
        np.arange(6).reshape(2, 3),
        frozenset({1}),
        defaultdict(list, a=[1]),
        np.dtype("f4"),
    ]
    for value in values:
        for lib in (torch, tinygrad_kr):
            with pytest.raises(pickle.UnpicklingError, match="Unsupported global"):
                carried(value, lib, torch, weights_only=True)
            for target in (torch, tinygrad_kr):
                back = carried(value, lib, target, weights_only=False)
                assert type(back) is type(value) and np.array_equal(back, value)


def test_bfloat16_and_buffers() -> None:
    x = torch.randn(3, 4).bfloat16()
    loaded = here([x, x[1]])
    assert loaded[0].dtype is tinygrad_kr.float32 and loaded[0].tolist() == x.tolist()
    loaded[0][1, 2] = 5.0
    assert loaded[1][2] == 5
    buffer = here(torch.nn.Buffer(torch.ones(2), persistent=False))
    assert isinstance(buffer, tinygrad_kr.nn.Buffer) and not buffer.persistent
    buffer = there(tinygrad_kr.nn.Buffer(tinygrad_kr.ones(2)))
    assert isinstance(buffer, torch.nn.Buffer) and buffer.persistent


class Net(torch.nn.Module):
    pass


def test_what_has_no_place_here_is_named(tmp_path: Path) -> None:
    sparse = torch.eye(2).to_sparse()
    for value, message in [
        (torch.nn.Linear(2, 1), r"torch.nn.modules.linear.Linear .*whole module.*state_dict"),
        (Net(), r"tests.test_serialization_torch.Net .*state_dict.*add_safe_globals"),
        (torch.zeros(2, dtype=torch.uint16), r"torch._utils._rebuild_tensor_v3 "),
        (sparse, r"torch._utils._rebuild_sparse_tensor .*dense"),
        (torch.ones(2, dtype=torch.complex64).conj(), "resolve_conj"),
        (np.array(["a"]), "plain numbers"),
    ]:
        for zipped in (True, False):
            with pytest.raises(pickle.UnpicklingError, match=message):
                here(value, zipped)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 1)), str(tmp_path / "script.pt"))
    with pytest.raises(RuntimeError, match=r"TorchScript archive.*torch.jit.load"):
        tinygrad_kr.load(tmp_path / "script.pt")


def test_a_storage_by_itself() -> None:
    assert len(here(torch.arange(3).untyped_storage())) == 24


# -- training goes on in the other library -------------------------------------------------------------------


def model(lib: Any) -> Any:
    return lib.nn.Sequential(lib.nn.Linear(4, 6), lib.nn.BatchNorm1d(6), lib.nn.Tanh(), lib.nn.Linear(6, 2))


BATCHES = RANDOM.standard_normal((8, 5, 4)).astype(np.float32)


def train(lib: Any, net: Any, optimizer: Any, scheduler: Any, batches: np.ndarray) -> list[float]:
    losses = []
    for batch in batches:

        def closure(x: Any = lib.from_numpy(batch.copy())) -> Any:  # noqa: B008
            optimizer.zero_grad()
            loss = (net(x) - 1.0).square().mean()
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).item())
        scheduler.step(*([losses[-1]] if type(scheduler).__name__ == "ReduceLROnPlateau" else []))
    return losses


OPTIMIZERS = [
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1}),
    ("Adam", {"lr": 0.01, "amsgrad": True}),
    ("AdamW", {"lr": 0.01, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.01, "momentum": 0.5, "centered": True}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1}),
    ("Adadelta", {"lr": 1.0}),
    ("Adamax", {"lr": 0.01}),
    ("NAdam", {"lr": 0.01}),
    ("RAdam", {"lr": 0.01}),
    ("ASGD", {"lr": 0.05}),
    ("Rprop", {"lr": 0.01}),
    ("LBFGS", {"lr": 0.1, "max_iter": 3}),
]
SCHEDULERS = [
    ("StepLR", {"step_size": 2}),
    ("CosineAnnealingLR", {"T_max": 5}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3}),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 20}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 3}),
    ("ReduceLROnPlateau", {"patience": 0}),
    ("MultiStepLR", {"milestones": [2, 5]}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("PolynomialLR", {"total_iters": 6}),
    ("LinearLR", {}),
]


@pytest.mark.parametrize(
    ("optimizer", "scheduler"),
    [(one, SCHEDULERS[0]) for one in OPTIMIZERS] + [(OPTIMIZERS[0], one) for one in SCHEDULERS[1:]],
    ids=lambda pair: pair[0],
)
@pytest.mark.parametrize("first", [tinygrad_kr, torch], ids=["from here", "from there"])
def test_training_goes_on(first: Any, optimizer: Any, scheduler: Any) -> None:
    second = torch if first is tinygrad_kr else tinygrad_kr

    def parts(lib: Any) -> list[Any]:
        lib.manual_seed(3)
        net = model(lib)
        steps = getattr(lib.optim, optimizer[0])(net.parameters(), **optimizer[1])
        return [net, steps, getattr(lib.optim.lr_scheduler, scheduler[0])(steps, **scheduler[1])]

    begun = parts(first)
    train(first, *begun, BATCHES[:4])
    states = carried([part.state_dict() for part in begun], first, second, weights_only=True)
    expected = train(first, *begun, BATCHES[4:])
    resumed = parts(second)
    for part, state in zip(resumed, states):
        part.load_state_dict(state)
    assert np.allclose(train(second, *resumed, BATCHES[4:]), expected, rtol=2e-4)
    back = carried([part.state_dict() for part in resumed], second, first, weights_only=True)
    for part, state in zip(begun, back):
        part.load_state_dict(state)
    for x, y in zip(begun[0].parameters(), resumed[0].parameters()):
        assert np.array_equal(x.detach().numpy(), y.detach().numpy())
    assert begun[2].get_last_lr() == resumed[2].get_last_lr()


def test_safetensors_both_ways(tmp_path: Path) -> None:
    library = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    from tinygrad_kr.safetensors import load_file, save_file

    x = tinygrad_kr.arange(6.0).reshape(2, 3)
    ours = {"t": x.t(), "zero": tinygrad_kr.tensor(2), "half": x.half(), "flag": x > 2, "none": x[:, :0] * 1}
    save_file({name: value.clone() if name == "t" else value for name, value in ours.items()}, tmp_path / "a")
    loaded = library.load_file(tmp_path / "a")
    assert {name: value.tolist() for name, value in loaded.items()} == {
        n: v.tolist() for n, v in ours.items()
    }
    theirs = {**loaded, "b": torch.randn(3).bfloat16()}
    library.save_file(theirs, tmp_path / "b", {"format": "pt"})
    assert {n: v.tolist() for n, v in load_file(tmp_path / "b").items()} == {
        n: v.tolist() for n, v in theirs.items()
    }
