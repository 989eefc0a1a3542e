"""Hooks of modules: functions that see, and may replace, what goes into and out of a module.

`Module.__call__` comes here only when there is a hook. The hooks of one module live in its dicts
`_forward_hooks`, `_forward_pre_hooks`, `_backward_hooks` and `_backward_pre_hooks`; the ones that
`register_module_*` installs for every module live in the dicts of the same names here, and run first.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..autograd.function import Function
from ..autograd.node import HookHandle
from ..state import state
from ..tensor import Tensor

if TYPE_CHECKING:
    from .module import Module

Hook = Callable[..., Any]
Hooks = dict[int, Hook]

_forward_hooks: Hooks = {}
_forward_pre_hooks: Hooks = {}
_backward_hooks: Hooks = {}
_backward_pre_hooks: Hooks = {}
_forward_hooks_with_kwargs: dict[int, bool] = {}
_forward_hooks_always_called: dict[int, bool] = {}
registration_hooks: dict[str, Hooks] = {"buffer": {}, "module": {}, "parameter": {}}


class RemovableHandle(HookHandle):
    """What registering a hook returns: `remove()` takes it off again; leaving a `with` block does as well."""

    def __init__(self, hooks: Hooks, *marks: dict[int, bool]) -> None:
        super().__init__(hooks)
        self._marks = marks

    def remove(self) -> None:
        """Take the hook off; harmless when it is off already."""
        super().remove()
        for marked in self._marks:
            marked.pop(self.id, None)


def register(
    hooks: Hooks, hook: Hook, *, prepend: bool = False, marks: tuple[tuple[dict[int, bool], bool], ...] = ()
) -> RemovableHandle:
    """Put a hook into a dict, at the end or first of all, and mark it in those `marks` whose switch is on."""
    if not callable(hook):
        raise TypeError(f"a hook must be callable, got {type(hook).__name__} ({hook!r:.80})")
    handle = RemovableHandle(hooks, *[marked for marked, _ in marks])
    before = list(hooks.items()) if prepend else []
    hooks[handle.id] = hook
    for key, other in before:
        del hooks[key]
        hooks[key] = other
    for marked, wanted in marks:
        if wanted:
            marked[handle.id] = True
    return handle


# -- for every module ------------------------------------------------------------------------------


def register_module_forward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, args)` before the forward of every module.

    >>> from tinygrad_kr.nn.modules.module import register_module_forward_pre_hook
    >>> with register_module_forward_pre_hook(lambda module, args: print(type(module).__name__)):
    ...     _ = torch.nn.Identity()(torch.ones(1))
    Identity

    Source: PyTorch, `torch.nn.modules.module.register_module_forward_pre_hook`.
    """
    return register(_forward_pre_hooks, hook)


def register_module_forward_hook(
    hook: Hook, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after the forward of every module (`always_call`: even if it raised).

    Source: PyTorch, `torch.nn.modules.module.register_module_forward_hook`.
    """
    marks = ((_forward_hooks_with_kwargs, with_kwargs), (_forward_hooks_always_called, always_call))
    return register(_forward_hooks, hook, marks=marks)


def register_module_full_backward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, grad_output)` before the backward of every module.

    Source: PyTorch, `torch.nn.modules.module.register_module_full_backward_pre_hook`.
    """
    return register(_backward_pre_hooks, hook)


def register_module_full_backward_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` after the backward of every module.

    Source: PyTorch, `torch.nn.modules.module.register_module_full_backward_hook`.
    """
    return register(_backward_hooks, hook)


def register_module_buffer_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, buffer)` whenever one is registered; what it returns is registered instead.

    Source: PyTorch, `torch.nn.modules.module.register_module_buffer_registration_hook`.
    """
    return register(registration_hooks["buffer"], hook)


def register_module_module_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, child)` whenever one is registered; what it returns is registered instead.

    Source: PyTorch, `torch.nn.modules.module.register_module_module_registration_hook`.
    """
    return register(registration_hooks["module"], hook)


def register_module_parameter_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, parameter)` whenever one is registered; what it returns is registered instead.

    Source: PyTorch, `torch.nn.modules.module.register_module_parameter_registration_hook`.
    """
    return register(registration_hooks["parameter"], hook)


def registered(kind: str, module: Module, name: str, value: Any) -> Any:
    """What is registered in place of `value`, once the registration hooks have seen it."""
    for hook in registration_hooks[kind].values():
        replaced = hook(module, name, value)
        value = value if replaced is None else replaced
    return value


# -- the call --------------------------------------------------------------------------------------

everywhere = (_forward_hooks, _forward_pre_hooks, _backward_hooks, _backward_pre_hooks)


def call_with_hooks(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run `module.forward` between its hooks and those of all modules."""
    result = None
    called: set[int] = set()
    try:
        args, kwargs = _before(module, args, kwargs)
        gate = None
        if module._backward_hooks or module._backward_pre_hooks or _backward_hooks or _backward_pre_hooks:
            gate = BackwardGate(module)
            args = gate.on_inputs(args)
        result = module.forward(*args, **kwargs)
        for key, hook, with_kwargs, _ in _after(module):
            called.add(key)
            replaced = hook(module, args, kwargs, result) if with_kwargs else hook(module, args, result)
            result = result if replaced is None else replaced
        return result if gate is None else gate.on_outputs(result)
    except Exception:
        for key, hook, with_kwargs, always in _after(module):
            if not always or key in called:
                continue
            try:
                hook(module, args, kwargs, result) if with_kwargs else hook(module, args, result)
            except Exception as error:
                warnings.warn(
                    "module forward hook with ``always_call=True`` raised an exception that was silenced as "
                    f"another error was raised in forward: {error}",
                    UserWarning,
                    stacklevel=3,
                )
        raise


def _before(
    module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    for key, hook in (*_forward_pre_hooks.items(), *module._forward_pre_hooks.items()):
        if key in module._forward_pre_hooks_with_kwargs:
            replaced = hook(module, args, kwargs)
            if replaced is None:
                continue
            if not (isinstance(replaced, tuple) and len(replaced) == 2):
                raise RuntimeError(
                    "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got "
                    f"{replaced}."
                )
            args, kwargs = replaced
        else:
            replaced = hook(module, args)
            if replaced is not None:
                args = replaced if isinstance(replaced, tuple) else (replaced,)
    return args, kwargs


def _after(module: Module) -> Iterator[tuple[int, Hook, bool, bool]]:
    """The forward hooks to run, each with its id, whether it takes the keywords, whether it always runs."""
    for key, hook in list(_forward_hooks.items()):
        yield key, hook, key in _forward_hooks_with_kwargs, key in _forward_hooks_always_called
    for key, hook in list(module._forward_hooks.items()):
        yield (
            key,
            hook,
            key in module._forward_hooks_with_kwargs,
            key in module._forward_hooks_always_called,
        )


# -- backward --------------------------------------------------------------------------------------


class _Passage(Function):
    """The identity on several tensors; in backward the gradients pass through `react` together."""

    @staticmethod
    def forward(ctx: Any, react: Callable[..., Any], *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.react = react
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*[tensor for tensor in tensors if not tensor.requires_grad])
        return tensors

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
        return (None, *ctx.react(grads))


class BackwardGate:
    """The backward hooks of one call: an identity before the inputs and one behind the outputs serve them.

    Backward passes the outputs first: the pre-hooks run, and the gradients are kept until those of the inputs
    are known and the hooks can be shown both.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.pre_hooks = [*_backward_pre_hooks.values(), *module._backward_pre_hooks.values()]
        self.hooks = [*_backward_hooks.values(), *module._backward_hooks.values()]
        self.inputs: list[int] | None = None  # which arguments are tensors; None if no gradient is needed
        self.count = 0
        self.grad_output: tuple[Any, ...] | None = None

    def on_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments of forward, behind the first identity."""
        self.count = len(args)
        args, self.inputs = _passed(args, self._inputs_known)
        return args

    def on_outputs(self, result: Any) -> Any:
        """The result of forward, behind the second identity."""
        if not isinstance(result, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but "
                f"received {type(result)}",
                UserWarning,
                stacklevel=4,
            )
            return result
        results = result if isinstance(result, tuple) else (result,)
        positions: list[int] = []
        count = len(results)  # not `results` itself in the function below: the graph would hold its own end

        def known(grads: tuple[Any, ...]) -> tuple[Any, ...]:
            return self._outputs_known(grads, positions, count)

        results, found = _passed(results, known)
        positions.extend(found or ())
        return results if isinstance(result, tuple) else results[0]

    def _outputs_known(self, grads: tuple[Any, ...], positions: list[int], count: int) -> tuple[Any, ...]:
        grad_output = _spread(grads, positions, count)
        for hook in self.pre_hooks:
            replaced = hook(self.module, grad_output)
            if replaced is not None:
                replaced = replaced if isinstance(replaced, tuple) else (replaced,)
                _check_length(replaced, count, "Backward pre hook", "grad_output")
                grad_output = replaced
        if self.inputs is None:
            self._without_inputs(grad_output)
        else:
            self.grad_output = grad_output
        return tuple(grad_output[position] for position in positions)

    def _without_inputs(self, grad_output: tuple[Any, ...]) -> None:
        if self.hooks:
            warnings.warn(
                "Full backward hook is firing when gradients are computed with respect to module outputs "
                f"since no inputs require gradients (module {type(self.module).__name__}).",
                UserWarning,
                stacklevel=5,
            )
        for hook in self.hooks:
            replaced = hook(self.module, (None,) * self.count, grad_output)
            if replaced is not None and not (
                isinstance(replaced, tuple) and all(one is None for one in replaced)
            ):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or "
                    "None for all gradients."
                )

    def _inputs_known(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        if self.grad_output is None or self.inputs is None:
            return grads
        grad_input = _spread(grads, self.inputs, self.count)
        for hook in self.hooks:
            replaced = hook(self.module, grad_input, self.grad_output)
            if replaced is not None:
                replaced = replaced if isinstance(replaced, tuple) else (replaced,)
                _check_length(replaced, self.count, "Backward hook", "grad_input")
                grad_input = replaced
        self.grad_output = None
        return tuple(grad_input[position] for position in self.inputs)


def _passed(
    values: tuple[Any, ...], react: Callable[[tuple[Any, ...]], tuple[Any, ...]]
) -> tuple[tuple[Any, ...], list[int] | None]:
    """`values` with the tensors behind an identity, and where those are; unchanged if none needs one."""
    positions = [position for position, value in enumerate(values) if isinstance(value, Tensor)]
    tensors = [values[position] for position in positions]
    if not state.recording or not any(tensor.requires_grad for tensor in tensors):
        return values, None
    passed = list(values)
    for position, tensor in zip(positions, _Passage.apply(react, *tensors)):
        passed[position] = tensor
    rebuilt = type(values)(*passed) if hasattr(values, "_fields") else tuple(passed)
    return rebuilt, positions


def _spread(grads: tuple[Any, ...], positions: list[int], count: int) -> tuple[Any, ...]:
    """The gradients at their positions among `count` values, None in between."""
    spread: list[Any] = [None] * count
    for position, grad in zip(positions, grads):
        spread[position] = grad
    return tuple(spread)


def _check_length(grads: tuple[Any, ...], count: int, what: str, of: str) -> None:
    if len(grads) != count:
        raise RuntimeError(
            f"{what} returned an invalid number of {of}, got {len(grads)}, but expected {count}"
        )
