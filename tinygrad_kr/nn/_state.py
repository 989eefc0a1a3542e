"""The state dict of a module: what it holds, by name, and how it is loaded again."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd.modes import no_grad
from ..tensor import Tensor, wrap
from ._hooks import RemovableHandle, register
from .parameter import Parameter, is_lazy

if TYPE_CHECKING:
    from .module import Module

EXTRA = "_extra_state"


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """The names that `load_state_dict` missed in the state dict, and those it could not place."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


class _WithModule:
    """A hook that wants the module as its first argument, but does not hold it: that would be a cycle."""

    def __init__(self, hook: Callable[..., Any]) -> None:
        if not callable(hook):
            raise TypeError(f"a hook must be callable, got {type(hook).__name__} ({hook!r:.80})")
        self.hook = hook

    def __call__(self, *args: Any) -> Any:
        return self.hook(*args)


class StateDict:
    """The part of `Module` that saves and loads: `state_dict`, `load_state_dict` and the hooks of both."""

    _version: int = 1  # of the names and shapes in the state dict; a class that changes them counts it up

    if TYPE_CHECKING:
        _parameters: dict[str, Parameter | None]
        _buffers: dict[str, Tensor | None]
        _modules: dict[str, Module | None]
        _non_persistent_buffers_set: set[str]
        _state_dict_hooks: dict[int, Callable[..., Any]]
        _state_dict_pre_hooks: dict[int, Callable[..., Any]]
        _load_state_dict_pre_hooks: dict[int, Callable[..., Any]]
        _load_state_dict_post_hooks: dict[int, Callable[..., Any]]

        def modules(self, remove_duplicate: bool = True) -> Iterator[Module]: ...

    # -- saving ------------------------------------------------------------------------------------

    def state_dict(
        self,
        *args: Any,
        destination: dict[str, Any] | None = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> dict[str, Any]:
        """All parameters and persistent buffers, by their full names, in the order of registration.

        The tensors are detached but share memory with the module: training on changes them too, so copy
        (`copy.deepcopy`) what shall stay.

        Args:
            destination: a dict to fill, in place of a new `OrderedDict`.
            prefix: what every name starts with.
            keep_vars: give the parameters themselves rather than detached tensors.

        >>> net = torch.nn.Sequential(torch.nn.Linear(2, 1, bias=False), torch.nn.BatchNorm1d(1))
        >>> list(net.state_dict())  # doctest: +NORMALIZE_WHITESPACE
        ['0.weight', '1.weight', '1.bias', '1.running_mean', '1.running_var', '1.num_batches_tracked']

        Source: PyTorch, `torch.nn.Module.state_dict`.
        """
        if args:  # PyTorch's older spelling, which overriding methods still use
            destination = args[0]
            prefix = args[1] if len(args) > 1 else prefix
            keep_vars = args[2] if len(args) > 2 else keep_vars
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()  # type: ignore[attr-defined]
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in self._state_dict_hooks.values():
            replaced = hook(self, destination, prefix, metadata)
            if replaced is not None:
                if getattr(hook, "_from_public_api", False):
                    raise RuntimeError("state_dict post-hook must return None")
                destination = replaced
        return destination

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        """Put this module's own state (not its children's) into `destination`; subclasses may extend it."""
        for name, tensor in self._own_state():
            destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if type(self).get_extra_state is not StateDict.get_extra_state:
            destination[prefix + EXTRA] = self.get_extra_state()

    def _own_state(self) -> Iterator[tuple[str, Tensor]]:
        for name, parameter in self._parameters.items():
            if parameter is not None:
                yield name, parameter
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                yield name, buffer

    def get_extra_state(self) -> Any:
        """What else a subclass wants in its state dict; define it together with `set_extra_state`."""
        raise RuntimeError(f"{type(self).__name__} has no extra state: define get_extra_state to have one")

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` returned; called by `load_state_dict`."""
        raise RuntimeError(f"{type(self).__name__} has no extra state: define set_extra_state to load it")

    # -- loading -----------------------------------------------------------------------------------

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copy parameters and buffers from a state dict; arrays are taken as well as tensors.

        All errors are collected and raised together, and then nothing at all has been loaded.

        Args:
            state_dict: names and values, as `state_dict()` returns them.
            strict: whether missing and superfluous names are errors.
            assign: take the tensors of the state dict themselves, with their dtype, rather than copy their
                values.

        Returns:
            A named tuple of `missing_keys` and `unexpected_keys`.

        Raises:
            RuntimeError: names or shapes do not fit.

        >>> one, two = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
        >>> two.load_state_dict(one.state_dict())
        <All keys matched successfully>

        Source: PyTorch, `torch.nn.Module.load_state_dict`.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata = getattr(state_dict, "_metadata", None)
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []

        def load(module: Any, own: dict[str, Any], prefix: str) -> None:
            local = {} if metadata is None else metadata.get(prefix[:-1], {})
            local = {**local, "assign_to_params_buffers": True} if assign else local
            module._load_from_state_dict(own, prefix, local, True, missing, unexpected, errors)
            for name, child in module._modules.items():
                if child is not None:
                    below = f"{prefix}{name}."
                    load(child, {k: v for k, v in own.items() if k.startswith(below)}, below)
            for hook in module._load_state_dict_post_hooks.values():
                if hook(module, _IncompatibleKeys(missing, unexpected)) is not None:
                    raise AssertionError(
                        "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to "
                        "return new values; change incompatible_keys in place instead."
                    )

        before = _Snapshot(self, values=not assign)
        try:
            load(self, OrderedDict(state_dict), "")
            if strict and unexpected:
                errors.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
            if strict and missing:
                errors.insert(0, f"Missing key(s) in state_dict: {_quoted(missing)}. ")
            if errors:
                listed = "\n\t".join(errors)
                raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{listed}")
        except BaseException:
            before.restore()
            raise
        return _IncompatibleKeys(missing, unexpected)

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Load this module's own state, not its children's; subclasses extend it to accept older versions."""
        for hook in self._load_state_dict_pre_hooks.values():
            who = (self,) if isinstance(hook, _WithModule) else ()
            hook(*who, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        assign = local_metadata.get("assign_to_params_buffers", False)
        own = dict(self._own_state())
        for name, tensor in own.items():
            key = prefix + name
            if key in state_dict:
                self._load_one(name, tensor, key, state_dict[key], assign, error_msgs)
            elif strict:
                missing_keys.append(key)
        extra = prefix + EXTRA
        if type(self).set_extra_state is not StateDict.set_extra_state:
            if extra in state_dict:
                self.set_extra_state(state_dict[extra])
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        if strict:
            for key in state_dict:
                if key.startswith(prefix) and key != extra:
                    first, dot, _ = key[len(prefix) :].partition(".")
                    if first not in (self._modules if dot else own):
                        unexpected_keys.append(key)

    def _load_one(
        self, name: str, tensor: Tensor, key: str, given: Any, assign: bool, error_msgs: list[str]
    ) -> None:
        if not isinstance(given, Tensor):
            if not hasattr(given, "__array__"):
                error_msgs.append(
                    f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object '
                    "from "
                    f"checkpoint but received {type(given)}"
                )
                return
            given = wrap(np.array(given))
        if is_lazy(tensor) and is_lazy(given):
            return  # neither has a shape yet
        if tensor.ndim == 0 and given.shape == (1,):  # how PyTorch 0.3 stored scalars
            given = given[0]
        if given.shape != tensor.shape:
            error_msgs.append(
                f"size mismatch for {key}: copying a param with shape {given.shape} from checkpoint, the "
                f"shape in current model is {tensor.shape}."
            )
            return
        try:
            with no_grad():
                if not assign:
                    tensor.copy_(given)
                elif isinstance(tensor, Parameter) and not isinstance(given, Parameter):
                    setattr(self, name, Parameter(given, requires_grad=tensor.requires_grad))
                else:
                    setattr(self, name, given.requires_grad_(tensor.requires_grad))
        except Exception as error:
            error_msgs.append(
                f'While copying the parameter named "{key}", whose dimensions in the model are '
                f"{tensor.size()} and "
                f"whose dimensions in the checkpoint are {given.size()}, an exception occurred : "
                f"{error.args}."
            )

    # -- hooks -------------------------------------------------------------------------------------

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, metadata)` afterwards; it may return another dict."""
        return register(self._state_dict_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, metadata)` afterwards, to change the dict in place."""
        hook._from_public_api = True  # type: ignore[attr-defined]
        return register(self._state_dict_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before `state_dict` collects anything."""
        return register(self._state_dict_pre_hooks, hook)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., None], with_module: bool = False
    ) -> RemovableHandle:
        return register(self._load_state_dict_pre_hooks, _WithModule(hook) if with_module else hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call a hook before this module loads, for example to rename entries of older state dicts.

        It gets `(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
        error_msgs)`.
        """
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def register_load_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after this module and its children have loaded."""
        return register(self._load_state_dict_post_hooks, hook)


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


class _Snapshot:
    """The parameters and buffers of a module and all below it, to go back to when loading fails."""

    def __init__(self, root: StateDict, *, values: bool) -> None:
        self.tables = [
            (table, dict(table))
            for module in root.modules()
            for table in (module._parameters, module._buffers)
        ]
        tensors = dict.fromkeys(one for _, table in self.tables for one in table.values() if one is not None)
        self.without_shape = [(one, type(one)) for one in tensors if is_lazy(one)]
        self.values = [(one, one._array.copy()) for one in tensors if not is_lazy(one)] if values else []

    def restore(self) -> None:
        """Put everything back as it was."""
        for table, entries in self.tables:
            table.clear()
            table.update(entries)  # type: ignore[arg-type]
        for tensor, cls in self.without_shape:
            tensor.__class__ = cls
        for tensor, array in self.values:
            tensor._array[...] = array
            tensor._storage.version += 1
