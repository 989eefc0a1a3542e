"""State dicts: what they hold, how they load, and that a failed load changes nothing."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

import tinygrad_kr as torch
from tinygrad_kr import nn


def make() -> nn.Sequential:
    return nn.Sequential(OrderedDict(fc=nn.Linear(2, 3), bn=nn.BatchNorm1d(3), out=nn.Linear(3, 1)))


def values(module: nn.Module) -> dict[str, Any]:
    return {name: tensor.tolist() for name, tensor in module.state_dict().items()}


def test_entries_are_detached_and_share_memory() -> None:
    net = make()
    state = net.state_dict()
    assert type(state) is OrderedDict and type(state["fc.weight"]) is torch.Tensor
    assert not state["fc.weight"].requires_grad
    state["fc.weight"][0, 0] = 7.0
    assert net.fc.weight[0, 0].item() == 7
    assert net.state_dict(keep_vars=True)["fc.weight"] is net.fc.weight


def test_prefix_destination_and_metadata() -> None:
    target: OrderedDict[str, Any] = OrderedDict()
    assert make().state_dict(destination=target, prefix="m.") is target
    assert next(iter(target)) == "m.fc.weight"
    assert make().state_dict(OrderedDict(), "p.")["p.fc.bias"].shape == (3,)
    metadata = make().state_dict()._metadata
    assert metadata == {"": {"version": 1}, "fc": {"version": 1}, "bn": {"version": 2}, "out": {"version": 1}}


def test_loading_copies_values() -> None:
    one, two = make(), make()
    kept = two.fc.weight
    result = two.load_state_dict(one.state_dict())
    assert repr(result) == "<All keys matched successfully>" and result.missing_keys == []
    assert values(one) == values(two) and two.fc.weight is kept and kept.requires_grad
    with torch.no_grad():
        one.fc.weight.zero_()
    assert values(one) != values(two)


def test_arrays_and_other_dtypes_are_taken() -> None:
    net = nn.Linear(2, 1)
    net.load_state_dict({"weight": np.array([[1.0, 2.0]]), "bias": torch.tensor([3.0], dtype=torch.float64)})
    assert net.weight.tolist() == [[1.0, 2.0]] and net.bias.dtype is torch.float32
    norm = nn.BatchNorm1d(1)
    norm.load_state_dict({**norm.state_dict(), "num_batches_tracked": torch.tensor([4])})
    assert norm.num_batches_tracked.item() == 4 and norm.num_batches_tracked.ndim == 0


def test_all_errors_are_collected_and_nothing_is_loaded() -> None:
    net = make()
    before = values(net)
    state = make().state_dict()
    del state["bn.bias"]
    state["out.weight"] = torch.zeros(5, 5)
    state["extra"] = torch.zeros(1)
    state["fc.deep.weight"] = torch.zeros(1)
    state["out.bias"] = "three"
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    assert str(caught.value) == (
        "Error(s) in loading state_dict for Sequential:\n"
        '\tMissing key(s) in state_dict: "bn.bias". \n'
        '\tUnexpected key(s) in state_dict: "extra", "fc.deep.weight". \n'
        "\tsize mismatch for out.weight: copying a param with shape torch.Size([5, 5]) from checkpoint, the "
        "shape in current model is torch.Size([1, 3]).\n"
        '\tWhile copying the parameter named "out.bias", expected torch.Tensor or Tensor-like object from '
        "checkpoint but received <class 'str'>"
    )
    assert values(net) == before
    with pytest.raises(TypeError, match=r"Expected state_dict to be dict-like"):
        net.load_state_dict([])


def test_not_strict_reports_the_names_and_still_refuses_shapes() -> None:
    net = make()
    result = net.load_state_dict({"fc.bias": torch.ones(3), "extra": torch.zeros(1)}, strict=False)
    assert net.fc.bias.tolist() == [1, 1, 1]
    assert result.unexpected_keys == ["extra"] and "fc.weight" in result.missing_keys
    before = values(net)
    with pytest.raises(RuntimeError, match=r"size mismatch for out.bias"):
        net.load_state_dict({"fc.bias": torch.zeros(3), "out.bias": torch.ones(7)}, strict=False)
    assert values(net) == before


def test_an_exception_in_a_hook_undoes_the_load() -> None:
    net = make()
    before = values(net)

    def fail(module: nn.Module, keys: Any) -> None:
        raise ValueError("no")

    net.register_load_state_dict_post_hook(fail)
    with pytest.raises(ValueError, match=r"no"):
        net.load_state_dict(make().state_dict())
    assert values(net) == before


@pytest.mark.parametrize("fails", [False, True])
def test_assign_takes_the_tensors_themselves(fails: bool) -> None:
    net = nn.Linear(2, 1)
    net.bias.requires_grad_(False)
    old = net.weight
    state = {"weight": torch.zeros(1, 2, dtype=torch.float64), "bias": torch.ones(3 if fails else 1)}
    if fails:
        with pytest.raises(RuntimeError, match=r"size mismatch for bias"):
            net.load_state_dict(state, assign=True)
        assert net.weight is old
        return
    net.load_state_dict(state, assign=True)
    assert net.weight.dtype is torch.float64 and net.weight.requires_grad and not net.bias.requires_grad
    state["weight"][0, 0] = 5.0
    assert net.weight[0, 0].item() == 5 and isinstance(net.weight, nn.Parameter)


def test_extra_state() -> None:
    class Counter(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.count = 0

        def get_extra_state(self) -> dict[str, int]:
            return {"count": self.count}

        def set_extra_state(self, state: dict[str, int]) -> None:
            self.count = state["count"]

    net = nn.Sequential(Counter())
    net[0].count = 3
    state = net.state_dict()
    assert state["0._extra_state"] == {"count": 3}
    other = nn.Sequential(Counter())
    other.load_state_dict(state)
    assert other[0].count == 3
    with pytest.raises(RuntimeError, match=r'Missing key.*"0._extra_state"'):
        other.load_state_dict({})
    with pytest.raises(RuntimeError, match=r'Unexpected key.*"_extra_state"'):
        nn.ReLU().load_state_dict({"_extra_state": 1})


def test_hooks_of_saving_and_loading() -> None:
    net = nn.Sequential(nn.Linear(1, 1))
    seen: list[Any] = []

    def rename(module: nn.Module, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        assert module is net[0]
        state[prefix + "weight"] = state.pop(prefix + "w")

    net[0].register_load_state_dict_pre_hook(rename)
    net.register_load_state_dict_post_hook(lambda module, keys: seen.append(keys))
    net.load_state_dict({"0.w": torch.zeros(1, 1), "0.bias": torch.zeros(1)}, strict=False)
    assert net[0].weight.item() == 0 and seen[0].missing_keys == []
    before = net.register_state_dict_pre_hook(lambda module, prefix, keep: seen.append(prefix))
    after = net.register_state_dict_post_hook(lambda module, state, prefix, meta: state.update(more=1))
    assert net.state_dict(prefix="p.")["more"] == 1 and seen[-1] == "p."
    before.remove()
    after.remove()
    assert "more" not in net.state_dict()
    net._register_state_dict_hook(lambda module, state, prefix, meta: {"only": 1})
    assert net.state_dict() == {"only": 1}
    net.register_state_dict_post_hook(lambda *_: {})
    with pytest.raises(RuntimeError, match=r"must return None"):
        net.state_dict()
    with pytest.raises(TypeError, match=r"must be callable, got int"):
        net.register_load_state_dict_pre_hook(3)


def test_batch_norm_of_version_1_loads_without_its_counter() -> None:
    net = nn.BatchNorm1d(2)
    state = net.state_dict()
    del state["num_batches_tracked"]
    with pytest.raises(RuntimeError, match=r"num_batches_tracked"):
        net.load_state_dict(state)
    state._metadata[""]["version"] = 1
    assert net.load_state_dict(state).missing_keys == []
    del state._metadata
    assert net.load_state_dict(dict(state)).missing_keys == []
