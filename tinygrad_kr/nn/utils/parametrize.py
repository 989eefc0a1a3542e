"""Parametrizations: a parameter or buffer that is computed from others each time it is read.

`register_parametrization(module, "weight", f)` makes `module.weight` the value f(original), where `original`
is what the optimizer trains. The module gets a class of its own, in which "weight" is a property, and a child
`parametrizations` that holds the maps and the originals.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from typing import Any

from ...autograd.modes import no_grad
from ...tensor import Tensor
from ..containers import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]

_cache: dict[tuple[int, str], Tensor] = {}
_caching = 0  # how many `cached()` are entered


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """Within it, a parametrized tensor is computed once, and then the same tensor is read again.

    It pays where a weight is read several times per step, as in a recurrent cell. Changing an original
    meanwhile does not change what was computed.

    >>> rnn = torch.nn.utils.parametrizations.spectral_norm(torch.nn.RNNCell(2, 2), "weight_hh")
    >>> with torch.nn.utils.parametrize.cached():
    ...     rnn.weight_hh is rnn.weight_hh
    True
    >>> rnn.weight_hh is rnn.weight_hh
    False

    Source: PyTorch, `torch.nn.utils.parametrize.cached`.
    """
    global _caching
    _caching += 1
    try:
        yield
    finally:
        _caching -= 1
        if not _caching:
            _cache.clear()


class ParametrizationList(ModuleList):
    """The maps of one parametrized tensor, in the order they are applied, and what the first one is given.

    That is `original`, or `original0`, `original1`, ... where its `right_inverse` gave a sequence.

    Args:
        modules: the maps; a map may have `right_inverse`, which goes from the tensor to what it is made of.
        original: the parameter or buffer.
        unsafe: whether dtype and shape may change.

    Raises:
        ValueError: no maps; a map or `right_inverse` gives no tensor, or one of another dtype or shape.

    Source: PyTorch, `torch.nn.utils.parametrize.ParametrizationList`.
    """

    original: Tensor
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        made_of = _inverted(self, original, optional=True)
        self.is_tensor = isinstance(made_of, Tensor)
        self.ntensors = 1 if self.is_tensor else len(made_of)
        if self.is_tensor:
            if made_of.dtype != dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype: the original has "
                    f"{dtype}, right_inverse(original) has {made_of.dtype}"
                )
            _set_values(original, made_of)
            _register(self, "original", original)
        else:
            for place, one in enumerate(made_of):
                if not isinstance(one, Tensor):
                    raise ValueError(
                        "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
                        f"element {place} of the sequence with type {type(one).__name__}."
                    )
                if isinstance(original, Parameter):
                    one = Parameter(one, original.requires_grad)
                _register(self, f"original{place}", one.requires_grad_(original.requires_grad))
        if not unsafe:
            _require_alike(self(), shape, dtype, "A parametrization")

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals so that the parametrized tensor becomes `value`, through all `right_inverse`s.

        Raises:
            RuntimeError: a map has none.
            ValueError: one gives something else than the originals are.
        """
        made_of = _inverted(self, value)
        if self.is_tensor:
            originals, values = [self.original], [made_of]
        else:
            originals, values = self._originals(), made_of
            if not isinstance(values, Sequence):
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors. Got {type(values).__name__}."
                )
            if len(values) != self.ntensors:
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a "
                    f"sequence of length {len(values)}."
                )
        for original, one in zip(originals, values):
            if not isinstance(one, Tensor):
                raise ValueError(f"`right_inverse` should return a tensor. Got {type(one).__name__}")
            if one.dtype != original.dtype:
                raise ValueError(
                    f"The tensor returned by `right_inverse` has dtype {one.dtype} while `original` has "
                    f"dtype {original.dtype}"
                )
            _set_values(original, one)

    def _originals(self) -> list[Tensor]:
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{place}") for place in range(self.ntensors)]

    def forward(self) -> Tensor:
        """The parametrized tensor."""
        first, *others = self
        value: Tensor = first(*self._originals())
        for one in others:
            value = one(value)
        return value


def _inverted(maps: ParametrizationList, value: Tensor, *, optional: bool = False) -> Any:
    """What the maps make `value` of; a map without `right_inverse` is the identity, if `optional`."""
    made_of: Any = value
    with no_grad():
        for module in reversed(list(maps)):
            if hasattr(module, "right_inverse"):
                try:
                    made_of = module.right_inverse(made_of)
                except NotImplementedError:
                    if not optional:
                        raise
            elif not optional:
                raise RuntimeError(
                    f"parametrization {type(module).__name__} does not implement right_inverse."
                )
    if optional and not isinstance(made_of, (Tensor, Sequence)):
        raise ValueError(
            "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
            f"{type(made_of).__name__}"
        )
    return made_of


def _set_values(tensor: Tensor, value: Tensor) -> None:
    """Let `tensor`, which stays the same object, have a copy of `value`, unless it has it already."""
    if tensor is not value:
        tensor.data = value.detach().clone()


def _register(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _require_alike(value: Any, shape: Any, dtype: Any, who: str) -> None:
    if not isinstance(value, Tensor):
        raise ValueError(f"{who} must return a tensor. Got {type(value).__name__}.")
    for what, one, other in (("dtype", dtype, value.dtype), ("shape", tuple(shape), tuple(value.shape))):
        if one != other:
            raise ValueError(
                f"{who} may not change the {what} of the tensor, unless the `unsafe` flag is enabled: "
                f"{what} {one} became {other}"
            )


# -- the class that a parametrized module gets -----------------------------------------------------------


def _deepcopy(self: Module, memo: dict[int, Any]) -> Module:
    replica = type(self).__new__(_own_class(type(self).__bases__[0], list(self.parametrizations)))
    memo[id(self)] = replica
    replica.__dict__.update(copy.deepcopy(self.__dict__, memo))
    return replica


def _refuse_pickling(self: Module) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(): save "
        "module.state_dict(), or call remove_parametrizations first"
    )


def _own_class(base: type[Module], names: Sequence[str]) -> type[Any]:
    """A subclass for one module, in which `names` are computed."""
    own: dict[str, Any] = {"__getstate__": _refuse_pickling}
    if not hasattr(base, "__deepcopy__"):
        own["__deepcopy__"] = _deepcopy
    cls = type(f"Parametrized{base.__name__}", (base,), own)
    for name in names:
        setattr(cls, name, _computed(name))
    return cls


def _computed(name: str) -> property:
    def get(self: Module) -> Tensor:
        maps = self.parametrizations[name]
        if not _caching:
            return maps()
        key = (id(self), name)
        if key not in _cache:
            _cache[key] = maps()
        return _cache[key]

    def put(self: Module, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get, put)


# -- registering and removing ----------------------------------------------------------------------------


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    r"""Let a parameter or buffer of a module be computed by `parametrization` from an original one.

    The original takes the tensor's place in `parameters()` and in the state dict, as
    "parametrizations.weight.original". If `parametrization` has `right_inverse`, that says what the original
    is at first, and assigning to `module.weight` works. Registering several applies one after the other.

    Args:
        module: whose tensor.
        tensor_name: the name of its parameter or buffer.
        parametrization: the map, a module.
        unsafe: whether the dtype and shape may change; then nothing is checked.

    Raises:
        ValueError: there is no such parameter or buffer; the map gives no tensor of the same dtype and shape.

    >>> class Symmetric(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).T
    >>> m = torch.nn.utils.parametrize.register_parametrization(torch.nn.Linear(3, 3), "weight", Symmetric())
    >>> torch.equal(m.weight, m.weight.T), [name for name, _ in m.named_parameters()]
    (True, ['bias', 'parametrizations.weight.original'])

    Source: PyTorch, `torch.nn.utils.parametrize.register_parametrization`.
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_chained(getattr(module, tensor_name), parametrization)
        maps = module.parametrizations[tensor_name]
        maps.append(parametrization)
        maps.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        maps = ParametrizationList([parametrization], original, unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            module.__class__ = _own_class(type(module), [])
            module.parametrizations = ModuleDict()
        setattr(type(module), tensor_name, _computed(tensor_name))
        module.parametrizations[tensor_name] = maps
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    return module


def _check_chained(before: Tensor, parametrization: Module) -> None:
    after = parametrization(before)
    _require_alike(after, before.shape, before.dtype, "Registering a parametrization")
    if hasattr(parametrization, "right_inverse"):
        with contextlib.suppress(NotImplementedError):
            back = parametrization.right_inverse(after)
            _require_alike(back, before.shape, before.dtype, "parametrization.right_inverse")


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has a parametrized tensor, or one of this name.

    >>> torch.nn.utils.parametrize.is_parametrized(torch.nn.Linear(2, 2), "weight")
    False

    Source: PyTorch, `torch.nn.utils.parametrize.is_parametrized`.
    """
    maps = getattr(module, "parametrizations", None)
    if not isinstance(maps, ModuleDict):
        return False
    return len(maps) > 0 if tensor_name is None else tensor_name in maps


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a parametrized tensor an ordinary parameter or buffer again.

    Args:
        module: whose tensor.
        tensor_name: its name.
        leave_parametrized: keep its value as computed now, rather than that of the original.

    Raises:
        ValueError: it is not parametrized; or the original value is wanted of one made of several.

    >>> m = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(2, 2))
    >>> torch.nn.utils.parametrize.remove_parametrizations(m, "weight")
    Linear(in_features=2, out_features=2, bias=True)

    Source: PyTorch, `torch.nn.utils.parametrize.remove_parametrizations`.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    maps = module.parametrizations[tensor_name]
    if not maps.is_tensor and not leave_parametrized:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms "
            "of a sequence of tensors."
        )
    if maps.is_tensor:
        tensor = maps.original
        if leave_parametrized:
            with no_grad():
                _set_values(tensor, getattr(module, tensor_name))
    else:
        computed = getattr(module, tensor_name)
        tensor = Parameter(computed.detach()) if computed.requires_grad else computed
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, tensor)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class that a module had before it was parametrized.

    >>> m = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(2, 2))
    >>> torch.nn.utils.parametrize.type_before_parametrizations(m).__name__
    'Linear'

    Source: PyTorch, `torch.nn.utils.parametrize.type_before_parametrizations`.
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Give another module the parametrizations and originals of this one: of all its tensors or of one.

    The maps and originals are shared, not copied.

    Source: PyTorch, `torch.nn.utils.parametrize.transfer_parametrizations_and_params`.
    """
    if not is_parametrized(from_module):
        return to_module
    for name in list(from_module.parametrizations) if tensor_name is None else [tensor_name]:
        given = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
        for one in given:
            register_parametrization(to_module, name, one)
        own = to_module.parametrizations[name]
        places = ["original"] if given.is_tensor else [f"original{i}" for i in range(given.ntensors)]
        for place in places:
            setattr(own, place, getattr(given, place))
    return to_module
