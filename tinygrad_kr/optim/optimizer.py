"""The base of all optimizers: parameter groups, the state of each parameter, hooks, saving and loading.

An algorithm is a subclass with two methods on plain arrays. `start` says what it remembers for a parameter,
and `update` is its formula: it changes the parameter and what it remembers, in place. Everything else is done
here, once.
"""

from __future__ import annotations

import copy
import functools
import itertools
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ..autograd.modes import enable_grad
from ..autograd.node import HookHandle, add_hook
from ..tensor import Tensor
from ._portions import Layout, update_group
from ._support import Arrays, Options, fitted, real, restored

Parameters = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]


class _Required:
    """What stands in `defaults` for an option that every group must give."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()

_pre_hooks: dict[int, Callable[..., Any]] = {}
_post_hooks: dict[int, Callable[..., Any]] = {}


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> HookHandle:
    """Call `hook(optimizer, args, kwargs)` before every step of any optimizer, until `remove()`.

    >>> from tinygrad_kr.optim.optimizer import register_optimizer_step_pre_hook
    >>> def tell(optimizer, args, kwargs):
    ...     print(type(optimizer).__name__)
    >>> handle = register_optimizer_step_pre_hook(tell)
    >>> torch.optim.SGD([torch.zeros(1, requires_grad=True)]).step()
    SGD
    >>> handle.remove()

    Source: PyTorch, `torch.optim.optimizer.register_optimizer_step_pre_hook`.
    """
    return add_hook(_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> HookHandle:
    """Call `hook(optimizer, args, kwargs)` after every step of any optimizer, until `remove()`.

    >>> from tinygrad_kr.optim.optimizer import register_optimizer_step_post_hook
    >>> def tell(optimizer, args, kwargs):
    ...     print(type(optimizer).__name__)
    >>> handle = register_optimizer_step_post_hook(tell)
    >>> torch.optim.Adam([torch.zeros(1, requires_grad=True)]).step()
    Adam
    >>> handle.remove()

    Source: PyTorch, `torch.optim.optimizer.register_optimizer_step_post_hook`.
    """
    return add_hook(_post_hooks, hook)


class Optimizer:
    """Base class of optimizers; subclass it to write one.

    Args:
        params: parameters; or `(name, parameter)` pairs; or dicts, each with "params" and its own options.
        defaults: the options, with the values that hold where a group gives none.

    Raises:
        TypeError: for a tensor, a set, or anything that is no tensor among the parameters.
        ValueError: for no parameters, non-leaf tensors, and parameters that appear in two groups.

    A subclass defines either `update` (and `start`), or a `step` of its own as in PyTorch:

    >>> class SignSGD(torch.optim.Optimizer):
    ...     def __init__(self, params, lr=0.1):
    ...         super().__init__(params, {"lr": lr})
    ...     def update(self, p, g, state, group):
    ...         p -= group["lr"] * np.sign(g)
    >>> import numpy as np
    >>> w = torch.tensor([1.0, -1.0], requires_grad=True)
    >>> optimizer = SignSGD([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([ 0.9000, -0.9000], requires_grad=True)

    Source: PyTorch, `torch.optim.Optimizer`.
    """

    defaults: dict[str, Any]
    state: defaultdict[Any, dict[str, Any]]
    param_groups: list[dict[str, Any]]
    elementwise = True  # whether `update` treats each element by itself; else it gets whole parameters, alone
    _steps_taken = 0  # by these two learning-rate schedulers notice that they are stepped too early
    _scheduled_since: int | None = None

    def __init__(self, params: Parameters, defaults: dict[str, Any]) -> None:
        self._make_transient()
        if defaults.get("differentiable"):
            raise NotImplementedError(
                f"{type(self).__name__}(differentiable=True) is not supported: steps change arrays outside "
                "the graph. To differentiate through updates, write them with tensors: w = w - lr * "
                "grad(loss, w, create_graph=True)[0]"
            )
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"{type(params).__name__}; put it into a list: [tensor]"
            )
        _refuse_set(params)
        self.defaults = defaults
        self.state = defaultdict(dict)
        self.param_groups = []
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _with_hooks(cls.step)  # type: ignore[method-assign]

    # -- the algorithm ---------------------------------------------------------------------------------------

    def start(self, p: np.ndarray, group: Options) -> Arrays:
        """What to remember for a parameter before its first update; nothing, unless a subclass says so.

        Arrays of its shape, and 0-d ones.
        """
        return {}

    def update(self, p: np.ndarray, g: np.ndarray, state: Arrays, group: Options) -> None:
        """Change the parameter `p` and its `state` in place, given the gradient `g` (read only).

        The formula must be element-wise, unless `elementwise` is False: a large parameter comes in pieces,
        small ones come joined to one, each with its state (see `_portions`). Options that were given as
        tensors or NumPy scalars arrive as Python numbers.
        """
        raise NotImplementedError(f"{type(self).__name__} must define update(p, g, state, group) or step()")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters that have a gradient.

        Args:
            closure: called first, with gradients enabled: it computes the loss anew and runs backward.

        Returns:
            What `closure` returned.
        """
        loss = _call(closure)
        for group in self.param_groups:
            update_group(self, group)
        return loss

    def _start_parameter(self, p: Tensor, options: Options) -> dict[str, Any]:
        return {name: restored(array, p) for name, array in self.start(real(p._array), options).items()}

    # -- parameters ------------------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own, as `{"params": [...], "lr": 0.01}`."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        _refuse_set(params)
        given = [params] if isinstance(params, Tensor) else list(params)
        names = [one[0] for one in given if isinstance(one, tuple)]
        if names and len(names) != len(given):
            raise ValueError(
                "all optimizer params should be with/without names. Some param names are missing: "
                f"{len(names)} of {len(given)} have one"
            )
        params = param_group["params"] = [one[1] if isinstance(one, tuple) else one for one in given]
        if names:
            param_group["param_names"] = names
        for one in params:
            if not isinstance(one, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {type(one).__name__}"
                )
            if not (one.is_leaf or one.retains_grad):
                raise ValueError(
                    f"can't optimize a non-leaf Tensor, and the one of shape {tuple(one.shape)} is the "
                    f"result of {one.grad_fn.name() if one.grad_fn else 'an operation'}; take "
                    "tensor.detach().requires_grad_()"
                )
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    f"parameter group didn't specify a value of required optimization parameter {name}"
                )
            param_group.setdefault(name, default)
        self._check_unique(param_group)
        self.param_groups.append(param_group)

    def _check_unique(self, group: dict[str, Any]) -> None:
        own = {id(p) for p in group["params"]}
        if len(own) != len(group["params"]):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters: each step updates them more "
                "than once",
                UserWarning,
                stacklevel=4,
            )
        for other in self.param_groups:
            if ("param_names" in group) != ("param_names" in other):
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param group "
                    f"{'with' if 'param_names' in group else 'without'} names to the optimizer"
                )
            if any(id(p) in own for p in other["params"]):
                raise ValueError("some parameters appear in more than one parameter group")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros if not `set_to_none`."""
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is None:
                    continue
                if set_to_none:
                    p._grad = None
                    continue
                if p._grad.requires_grad:
                    p._grad = p._grad.detach()
                p._grad._array.fill(0)
                p._grad._storage.version += 1

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for number, group in enumerate(self.param_groups):
            options = "".join(f"    {name}: {group[name]}\n" for name in sorted(group) if name != "params")
            text += f"\nParameter Group {number}\n{options}"
        return text + ")"

    # -- saving and loading ----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state of all parameters, by number, and the options of all groups, in PyTorch's layout.

        >>> optimizer = torch.optim.SGD([torch.zeros(2, requires_grad=True)], lr=0.1)
        >>> optimizer.state_dict()["param_groups"][0]["params"]
        [0]
        """
        for pre_hook in list(self._state_dict_pre_hooks.values()):
            pre_hook(self)
        numbers: dict[int, int] = {}
        for number, p in enumerate(self._all_parameters()):
            numbers.setdefault(id(p), number)
        saved: dict[str, Any] = {
            "state": {
                numbers[id(key)] if isinstance(key, Tensor) else key: value
                for key, value in self.state.items()
            },
            "param_groups": [
                {name: value for name, value in group.items() if name != "params"}
                | {"params": [numbers[id(p)] for p in group["params"]]}
                for group in self.param_groups
            ],
        }
        for post_hook in list(self._state_dict_post_hooks.values()):
            saved = post_hook(self, saved) or saved
        return saved

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state that `state_dict` returned, here or in PyTorch, in the parameters' dtypes.

        Raises:
            ValueError: for other numbers of groups or of parameters in a group than this optimizer has.
        """
        state_dict = dict(state_dict)
        for pre_hook in list(self._load_state_dict_pre_hooks.values()):
            state_dict = pre_hook(self, state_dict) or state_dict
        groups = copy.deepcopy(state_dict["param_groups"])
        if len(groups) != len(self.param_groups):
            raise ValueError(
                f"loaded state dict has a different number of parameter groups: {len(groups)}, and the "
                f"optimizer has {len(self.param_groups)}"
            )
        parameters: dict[Any, Tensor] = {}
        for number, (saved, group) in enumerate(zip(groups, self.param_groups)):
            if len(saved["params"]) != len(group["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's "
                    f"group: group {number} has {len(saved['params'])} parameters there and "
                    f"{len(group['params'])} here"
                )
            parameters.update(zip(saved["params"], group["params"]))
            saved["params"] = group["params"]
            if "param_names" in group:
                saved.setdefault("param_names", group["param_names"])
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in parameters:
                state[parameters[key]] = fitted(value, parameters[key])
            else:
                state[key] = value
        self.__setstate__({"state": state, "param_groups": groups})
        for post_hook in list(self._load_state_dict_post_hooks.values()):
            post_hook(self)

    def _all_parameters(self) -> Iterator[Tensor]:
        return itertools.chain.from_iterable(group["params"] for group in self.param_groups)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_step_pre_hooks" not in self.__dict__:
            self._make_transient()
        for group in self.param_groups:
            for name, default in self.defaults.items():
                group.setdefault(name, default)

    # -- hooks -----------------------------------------------------------------------------------------------

    def _make_transient(self) -> None:
        """What is neither saved nor copied: hooks, and what `step` remembers of the groups."""
        self._layouts: dict[Tensor, Layout] = {}
        self._step_pre_hooks: dict[int, Callable[..., Any]] = {}
        self._step_post_hooks: dict[int, Callable[..., Any]] = {}
        self._state_dict_pre_hooks: dict[int, Callable[..., Any]] = {}
        self._state_dict_post_hooks: dict[int, Callable[..., Any]] = {}
        self._load_state_dict_pre_hooks: dict[int, Callable[..., Any]] = {}
        self._load_state_dict_post_hooks: dict[int, Callable[..., Any]] = {}

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; a result replaces the arguments."""
        return add_hook(self._step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., None]) -> HookHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return add_hook(self._step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., None], prepend: bool = False) -> HookHandle:
        """Call `hook(optimizer)` before `state_dict` collects."""
        return add_hook(self._state_dict_pre_hooks, hook, first=prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Call `hook(optimizer, state_dict)` on the result of `state_dict`; a result replaces it."""
        return add_hook(self._state_dict_post_hooks, hook, first=prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> HookHandle:
        """Call `hook(optimizer, state_dict)` before loading; a result is loaded instead."""
        return add_hook(self._load_state_dict_pre_hooks, hook, first=prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable[..., None], prepend: bool = False
    ) -> HookHandle:
        """Call `hook(optimizer)` after loading."""
        return add_hook(self._load_state_dict_post_hooks, hook, first=prepend)


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """`step` with the hooks around it, also where a subclass calls the `step` of its base: they run once."""

    @functools.wraps(step)
    def hooked(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if type(self).step is not hooked:
            return step(self, *args, **kwargs)
        for hook in [*_pre_hooks.values(), *self._step_pre_hooks.values()]:
            # As in PyTorch, hooks see the arguments with the optimizer itself in front.
            changed = hook(self, (self, *args), kwargs)
            if changed is not None:
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise RuntimeError(
                        f"a step pre-hook must return None or (new_args, new_kwargs), but {hook} returned "
                        f"{changed!r}"
                    )
                (_, *args), kwargs = changed  # type: ignore[assignment]
        self._steps_taken += 1
        result = step(self, *args, **kwargs)
        for hook in [*self._step_post_hooks.values(), *_post_hooks.values()]:
            hook(self, (self, *args), kwargs)
        return result

    return hooked


Optimizer.step = _with_hooks(Optimizer.step)  # type: ignore[method-assign]


def _call(closure: Callable[[], Any] | None) -> Any:
    if closure is None:
        return None
    with enable_grad():
        return closure()


def _refuse_set(params: Any) -> None:
    if isinstance(params, (set, frozenset)):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of tensors "
            "in sets will change between runs. Please use a list instead."
        )
