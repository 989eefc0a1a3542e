"""Modules as functions of their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import tinygrad_kr as torch
from tinygrad_kr import Tensor, nn

__all__ = ["functional_call", "replace_all_batch_norm_modules_", "stack_module_state"]


def functional_call(
    module: nn.Module,
    parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other tensors in place of its parameters and buffers; afterwards it has its own.

    Args:
        module: the module.
        parameter_and_buffer_dicts: tensors by the names of `named_parameters` and `named_buffers`, in a dict
            or several with different names. What is not named stays.
        args: the arguments, a tuple, or a single one that is no tuple.
        kwargs: keyword arguments.
        tie_weights: a tensor given for one name of a shared parameter counts for its other names.
        strict: raise where a name is missing or unknown.

    Raises:
        ValueError: a name in several dicts, or different tensors for one shared parameter.
        RuntimeError: under `strict`, names that do not match.

    >>> linear = nn.Linear(2, 1, bias=False)
    >>> torch.func.functional_call(linear, {"weight": torch.ones(1, 2)}, torch.tensor([1.0, 2.0]))
    tensor([3.])

    Source: PyTorch, `torch.func.functional_call`.
    """
    if isinstance(parameter_and_buffer_dicts, dict):
        given = parameter_and_buffer_dicts
    elif isinstance(parameter_and_buffer_dicts, Sequence):
        names = [name for one in parameter_and_buffer_dicts for name in one]
        repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if repeated:
            raise ValueError(
                f"{repeated} appeared in multiple dictionaries; behavior of functional call is ambiguous"
            )
        given = {name: value for one in parameter_and_buffer_dicts for name, value in one.items()}
    else:
        raise ValueError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, "
            f"but got {type(parameter_and_buffer_dicts)}"
        )
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    with _replaced(module, given, tie_weights=tie_weights, strict=strict):
        return module(*arguments, **(kwargs or {}))


@contextmanager
def _replaced(
    module: nn.Module, given: dict[str, Tensor], *, tie_weights: bool, strict: bool
) -> Iterator[None]:
    """The module with other tensors under these names."""
    places: dict[str, tuple[dict[str, Any], str]] = {}  # by full name: the table, and the name in it
    for prefix, owner in module.named_modules(remove_duplicate=False):
        tables: list[dict[str, Any]] = [owner._parameters, owner._buffers]
        for table in tables:
            for name, value in table.items():
                if value is not None:
                    places[f"{prefix}.{name}" if prefix else name] = (table, name)
    wanted = {name: value for name, value in given.items() if name in places}
    if tie_weights:
        wanted = _tied(places, wanted)
    if strict:
        unexpected, missing = sorted(set(given) - set(places)), sorted(set(places) - set(wanted))
        if unexpected or missing:
            words = [f"Unexpected key(s): {', '.join(map(repr, unexpected))}."] if unexpected else []
            words += [f"Missing key(s): {', '.join(map(repr, missing))}."] if missing else []
            lines = "".join(f"\n\t{one}" for one in words)
            raise RuntimeError(f"Error(s) in reparametrizing for {type(module).__name__}:{lines}")
    before = [(table, name, table[name]) for table, name in (places[full] for full in wanted)]
    try:
        for full, value in wanted.items():
            table, name = places[full]
            table[name] = value
        yield
    finally:
        for table, name, value in before:
            table[name] = value


def _tied(places: dict[str, tuple[dict[str, Any], str]], wanted: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same, with all names of a shared tensor where one is given."""
    names: dict[int, list[str]] = {}
    for full, (table, name) in places.items():
        names.setdefault(id(table[name]), []).append(full)
    tied = dict(wanted)
    for group in names.values():
        values = [wanted[full] for full in group if full in wanted]
        if any(value is not values[0] for value in values):
            raise ValueError(
                f"functional_call got different values for {group}, which are one tensor; give one of them, "
                "or tie_weights=False"
            )
        if values:
            tied.update(dict.fromkeys(group, values[0]))
    return tied


def stack_module_state(models: Sequence[nn.Module] | nn.ModuleList) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of models of one kind, stacked along a new first dimension.

    With `vmap` over that, `functional_call` runs them as an ensemble. The stacked parameters are new leaves.

    Raises:
        RuntimeError: no models, or of different classes or modes.

    >>> params, buffers = torch.func.stack_module_state([nn.Linear(2, 1), nn.Linear(2, 1)])
    >>> params["weight"].shape
    torch.Size([2, 1, 2])

    Source: PyTorch, `torch.func.stack_module_state`.
    """
    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if any(model.training != models[0].training for model in models):
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if any(type(model) is not type(models[0]) for model in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    params = {
        name: _stack([dict(model.named_parameters())[name] for model in models], name)
        for name, _ in models[0].named_parameters()
    }
    buffers = {
        name: _stack([dict(model.named_buffers())[name] for model in models], name)
        for name, _ in models[0].named_buffers()
    }
    return params, buffers


def _stack(tensors: Sequence[Tensor], name: str) -> Tensor:
    wanted = {one.requires_grad for one in tensors}
    if len(wanted) > 1:
        raise RuntimeError(f"Expected {name} from each model to have the same .requires_grad")
    return torch.stack([one.detach() for one in tensors]).requires_grad_(wanted.pop())


def replace_all_batch_norm_modules_(root: nn.Module) -> nn.Module:
    """Make every batch norm below `root` use batch statistics only, in place; returns `root`.

    Source: PyTorch, `torch.func.replace_all_batch_norm_modules_`.
    """
    for module in root.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root
