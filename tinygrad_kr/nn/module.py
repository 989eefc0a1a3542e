"""`Module`: the base class of every layer and model.

A module is a tree: it registers parameters, buffers and child modules as they are assigned to its attributes,
in order, in the dicts `_parameters`, `_buffers` and `_modules`. This file does that, and the call. What walks
these dicts is beside it: `_tree.py` (finding and naming), `_state.py` (state dicts), `_conversion.py`
(dtypes); the hooks of a call are in `_hooks.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..tensor import Tensor
from ._conversion import Conversion
from ._hooks import Hook, RemovableHandle, call_with_hooks, everywhere, register, registered
from ._hooks import register_module_buffer_registration_hook as register_module_buffer_registration_hook
from ._hooks import register_module_forward_hook as register_module_forward_hook
from ._hooks import register_module_forward_pre_hook as register_module_forward_pre_hook
from ._hooks import register_module_full_backward_hook as register_module_full_backward_hook
from ._hooks import register_module_full_backward_pre_hook as register_module_full_backward_pre_hook
from ._hooks import register_module_module_registration_hook as register_module_module_registration_hook
from ._hooks import register_module_parameter_registration_hook as register_module_parameter_registration_hook
from ._state import StateDict
from ._tree import Tree
from ._unregistered import watch
from .parameter import Buffer, Parameter

if TYPE_CHECKING:
    from typing import Self

_TABLES = ("_parameters", "_buffers", "_modules")
_global_forward, _global_forward_pre, _global_backward, _global_backward_pre = everywhere


class Module(Tree, StateDict, Conversion):
    """The base class of layers and models: define `__init__` with what it learns, and `forward`.

    Parameters and modules assigned as attributes after `super().__init__()` are registered: `parameters()`
    finds them at any depth, `state_dict()` names them, and `to`, `train`, `apply` reach them.

    >>> class Net(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = torch.nn.Linear(3, 2)
    ...         self.scale = torch.nn.Parameter(torch.ones(2))
    ...     def forward(self, x):
    ...         return self.scale * self.fc(x)
    >>> net = Net()
    >>> [name for name, _ in net.named_parameters()]
    ['scale', 'fc.weight', 'fc.bias']
    >>> net
    Net(
      (fc): Linear(in_features=3, out_features=2, bias=True)
    )

    Source: PyTorch, `torch.nn.Module`.
    """

    call_super_init: bool = False  # whether __init__ passes on to the next class of a multiple inheritance
    training: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init:
            name = type(self).__name__
            if kwargs:
                raise TypeError(
                    f"{name}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'"
                )
            if args:
                raise TypeError(
                    f"{name}.__init__() takes 1 positional argument but {len(args) + 1} were given"
                )
        self.__dict__.update(
            training=True,
            _parameters={},
            _buffers={},
            _non_persistent_buffers_set=set(),
            _backward_pre_hooks={},
            _backward_hooks={},
            _forward_hooks={},
            _forward_hooks_with_kwargs={},
            _forward_hooks_always_called={},
            _forward_pre_hooks={},
            _forward_pre_hooks_with_kwargs={},
            _state_dict_hooks={},
            _state_dict_pre_hooks={},
            _load_state_dict_pre_hooks={},
            _load_state_dict_post_hooks={},
            _modules={},
        )
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    # -- the call ----------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if (
            self._forward_hooks
            or self._forward_pre_hooks
            or self._backward_hooks
            or self._backward_pre_hooks
            or _global_forward
            or _global_forward_pre
            or _global_backward
            or _global_backward_pre
        ):
            return call_with_hooks(self, args, kwargs)
        return self.forward(*args, **kwargs)

    def _forward_unimplemented(self, *input: Any) -> Any:
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    forward: Callable[..., Any] = _forward_unimplemented

    def compile(self, *args: Any, **kwargs: Any) -> Self:
        """The module itself: nothing is compiled here."""
        return self

    # -- registration ------------------------------------------------------------------------------

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make `param` the parameter `name`; None reserves the name, as for a layer without bias.

        Raises:
            KeyError: the name is empty, contains a dot, or is an attribute already.
            TypeError: it is no Parameter.
            ValueError: it was computed from other tensors.
        """
        self._check_name("parameter", name, "_parameters")
        if param is None:
            self._parameters[name] = None
            return
        if not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{_typename(param)}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        if param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created "
                f"explicitly. To express '{name}' as a function of another Tensor, compute the value in the "
                "forward() method."
            )
        self._parameters[name] = registered("parameter", self, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make `tensor` the buffer `name`: part of the module's state, but not trained.

        Args:
            name: the attribute under which it is found.
            tensor: its value; None reserves the name.
            persistent: whether it belongs to the state dict.

        Raises:
            KeyError: the name is empty, contains a dot, or is an attribute already.
            TypeError: it is no Tensor.

        >>> m = torch.nn.Module()
        >>> m.register_buffer("count", torch.zeros(1))
        >>> m.state_dict()["count"]
        tensor([0.])

        Source: PyTorch, `torch.nn.Module.register_buffer`.
        """
        self._check_name("buffer", name, "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{_typename(tensor)}' object to buffer '{name}' (torch Tensor or None "
                "required)"
            )
        self._buffers[name] = registered("buffer", self, name, tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Make `module` the child `name`.

        Raises:
            TypeError: it is no Module.
            KeyError: the name is empty, contains a dot, or is an attribute already.
        """
        if not isinstance(module, Module) and module is not None:
            raise TypeError(f"{_typename(module)} is not a Module subclass")
        self._check_name("module", name, "_modules")
        self._modules[name] = registered("module", self, name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """Another name of `add_module`."""
        self.add_module(name, module)

    def _check_name(self, kind: str, name: str, table: str) -> None:
        if table not in self.__dict__:
            raise AttributeError(_before_init(self, kind))
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {_typename(name)}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain ".", got: {name}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if name not in self.__dict__[table] and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")

    # -- attributes --------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        state = self.__dict__
        if "_modules" in state:  # written out, since every layer's parameters come this way
            if name in (table := state["_parameters"]):
                return table[name]
            if name in (table := state["_modules"]):
                return table[name]
            if name in (table := state["_buffers"]):
                return table[name]
        attribute = getattr(type(self), name, None)
        if isinstance(attribute, property):  # it raised an AttributeError of its own: let that one out
            return attribute.__get__(self)
        hint = "" if "_modules" in state else f"; {_call_init(self)}"
        raise AttributeError(
            f"'{type(self).__name__}' object has no attribute '{name}'{hint}", name=name, obj=self
        )

    def __setattr__(self, name: str, value: Any) -> None:
        state = self.__dict__
        if isinstance(value, Parameter):
            if "_parameters" not in state:
                raise AttributeError(_before_init(self, "parameters"))
            self._forget(name, keep="_parameters")
            self.register_parameter(name, value)
        elif "_parameters" in state and name in state["_parameters"]:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as parameter '{name}' (torch.nn.Parameter or None "
                    "expected); wrap it in torch.nn.Parameter(...), or change the values in place under "
                    "torch.no_grad()"
                )
            self.register_parameter(name, None)
        elif isinstance(value, Module):
            if "_modules" not in state:
                raise AttributeError(_before_init(self, "module"))
            self._forget(name, keep="_modules")
            self._modules[name] = registered("module", self, name, value)
        elif "_modules" in state and name in state["_modules"]:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as child module '{name}' (torch.nn.Module or None "
                    "expected)"
                )
            self._modules[name] = registered("module", self, name, None)
        elif isinstance(value, Buffer) or ("_buffers" in state and name in state["_buffers"]):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as buffer '{name}' "
                    "(torch.nn.Buffer, torch.Tensor or None expected)"
                )
            if "_buffers" not in state:
                raise AttributeError(_before_init(self, "buffer"))
            if name not in self._buffers:
                self._forget(name, keep="_buffers")
            known = name not in self._non_persistent_buffers_set
            self.register_buffer(name, value, value.persistent if isinstance(value, Buffer) else known)
        else:
            if isinstance(value, (list, tuple, dict)) and name not in _TABLES:
                watch(self, name, value)
            object.__setattr__(self, name, value)

    def _forget(self, name: str, *, keep: str) -> None:
        """Take a name out of wherever it is, so that it can be registered as something else."""
        for table in ("__dict__", *_TABLES, "_non_persistent_buffers_set"):
            if table != keep:
                place = getattr(self, table)
                place.discard(name) if isinstance(place, set) else place.pop(name, None)

    def __delattr__(self, name: str) -> None:
        for table in _TABLES:
            if name in self.__dict__.get(table, ()):
                del self.__dict__[table][name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__}
        for table in _TABLES:
            names.update(self.__dict__.get(table, ()))
        return sorted(name for name in names if not name[0].isdigit())

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__.copy()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    # -- hooks -------------------------------------------------------------------------------------

    def register_forward_pre_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before `forward`; a value it returns replaces the arguments.

        Args:
            hook: the function; with `with_kwargs` it is `hook(module, args, kwargs)` and returns both, or
                None.
            prepend: run before the hooks registered so far.
            with_kwargs: whether the hook takes the keyword arguments as well.
        """
        marks = ((self._forward_pre_hooks_with_kwargs, with_kwargs),)
        return register(self._forward_pre_hooks, hook, prepend=prepend, marks=marks)

    def register_forward_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after `forward`; a value it returns replaces the output.

        Args:
            hook: the function; with `with_kwargs` it is `hook(module, args, kwargs, output)`.
            prepend: run before the hooks registered so far.
            with_kwargs: whether the hook takes the keyword arguments as well.
            always_call: run it even when `forward` raised.

        >>> m = torch.nn.ReLU()
        >>> handle = m.register_forward_hook(lambda module, args, output: print(output))
        >>> _ = m(torch.tensor([-1.0, 2.0]))
        tensor([0., 2.])
        >>> handle.remove()

        Source: PyTorch, `torch.nn.Module.register_forward_hook`.
        """
        marks = (
            (self._forward_hooks_with_kwargs, with_kwargs),
            (self._forward_hooks_always_called, always_call),
        )
        return register(self._forward_hooks, hook, prepend=prepend, marks=marks)

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when backward has passed the module.

        Both are tuples with one gradient per positional argument and per output, None where there is none. A
        tuple that the hook returns replaces `grad_input`.

        >>> m = torch.nn.Linear(2, 1)
        >>> handle = m.register_full_backward_hook(lambda module, gi, go: print(gi[0].shape, go[0].shape))
        >>> m(torch.ones(3, 2, requires_grad=True)).sum().backward()
        torch.Size([3, 2]) torch.Size([3, 1])

        Source: PyTorch, `torch.nn.Module.register_full_backward_hook`.
        """
        return register(self._backward_hooks, hook, prepend=prepend)

    register_backward_hook = register_full_backward_hook

    def register_full_backward_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` before backward passes the module; it may return another tuple."""
        return register(self._backward_pre_hooks, hook, prepend=prepend)

    # -- text --------------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands between the parentheses of the repr, such as "in_features=3"; subclasses define it."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        own = extra.split("\n") if extra else []
        children = [f"({name}): {indented(repr(module))}" for name, module in self._modules.items()]
        if len(own) == 1 and not children:
            return f"{self._get_name()}({own[0]})"
        lines = "".join(f"\n  {line}" for line in own + children)
        return f"{self._get_name()}({lines}\n)" if lines else f"{self._get_name()}()"


def indented(text: str) -> str:
    """`text` with two spaces before every line but the first."""
    first, *others = text.split("\n")
    return "\n".join([first, *(f"  {line}" if line.strip() else "" for line in others)])


def _typename(value: Any) -> str:
    """The name of a value's type as PyTorch's messages spell it."""
    if isinstance(value, Tensor):
        return value.type()
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def _call_init(module: Module) -> str:
    return f"call super().__init__() first in {type(module).__name__}.__init__"


def _before_init(module: Module, kind: str) -> str:
    return f"cannot assign {kind} before Module.__init__() call: {_call_init(module)}"
