"""Containers of modules: in sequence, in a list, in a dict; registered, so that they are found."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from operator import index as as_index
from typing import TYPE_CHECKING, Any, overload

from .module import Module, indented

if TYPE_CHECKING:
    from typing import Self

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


def position(index: Any, size: int) -> int:
    """An index as a position from 0; negative ones count from the end."""
    index = as_index(index)
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of range for {size} elements")
    return index % size


class _Numbered(Module):
    """Modules under the names "0", "1", ...: what `Sequential` and `ModuleList` share."""

    _modules: dict[str, Module]  # type: ignore[assignment]

    def _name(self, index: int) -> str:
        return list(self._modules)[position(index, len(self._modules))]

    def _renumber(self, modules: Iterable[Module]) -> None:
        self._modules = {str(number): module for number, module in enumerate(modules)}

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name(index), module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)
        chosen = set(names[index]) if isinstance(index, slice) else {self._name(index)}
        self._renumber([module for name, module in self._modules.items() if name not in chosen])

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def append(self, module: Module) -> Self:
        """Add a module at the end; returns the container."""
        self.add_module(str(len(self)), module)
        return self

    def pop(self, key: int | slice) -> Any:
        """Take a module (or those of a slice) out and return it."""
        found = self[key]  # type: ignore[index]
        del self[key]
        return found

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end; returns the container."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"{self._get_name()}.extend should be called with an iterable, but got "
                f"{type(modules).__name__}"
            )
        for module in list(modules):
            self.append(module)
        return self


class Sequential(_Numbered):
    """Modules called one after the other: each gets what the one before returned.

    Args:
        *args: the modules in order, or one `OrderedDict` of names and modules.

    >>> net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    >>> net(torch.ones(5, 4)).shape, len(net), net[1]
    (torch.Size([5, 2]), 3, ReLU())
    >>> net[1:]
    Sequential(
      (1): ReLU()
      (2): Linear(in_features=3, out_features=2, bias=True)
    )

    Source: PyTorch, `torch.nn.Sequential`.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = len(args) == 1 and isinstance(args[0], OrderedDict)
        for name, module in args[0].items() if named else enumerate(args):
            self.add_module(str(name) if isinstance(name, int) else name, module)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return self._modules[self._name(index)]

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *_require_sequential(other))

    def __iadd__(self, other: Sequential) -> Self:
        return self.extend(_require_sequential(other))

    def __mul__(self, other: int) -> Sequential:
        return Sequential(*[module for _ in range(self._times(other)) for module in self])

    __rmul__ = __mul__

    def __imul__(self, other: int) -> Self:
        once = list(self)
        for _ in range(self._times(other) - 1):
            self.extend(once)
        return self

    def _times(self, other: int) -> int:
        if not isinstance(other, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(other)}")
        if other <= 0:
            raise ValueError(f"Non-positive multiplication factor {other} for {type(self)}")
        return other

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before the one at `index`; the later ones move up. Returns the container."""
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}, got {type(module).__name__}")
        size = len(self)
        if not -size <= index <= size:
            raise IndexError(f"Index out of range: {index} for {size} modules")
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def forward(self, input: Any) -> Any:
        """What the last module returns."""
        for module in self._modules.values():
            input = module(input)
        return input


def _require_sequential(other: Any) -> Sequential:
    if not isinstance(other, Sequential):
        raise ValueError(
            f"add operator supports only objects of Sequential class, but {type(other)} is given."
        )
    return other


class ModuleList(_Numbered):
    """A list of modules that are registered, unlike those in a plain list. It has no `forward`.

    Args:
        modules: the modules to start with.

    >>> layers = torch.nn.ModuleList([torch.nn.Linear(2, 2) for _ in range(3)])
    >>> len(layers), len(list(layers.parameters()))
    (3, 6)
    >>> layers
    ModuleList(
      (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
    )

    Source: PyTorch, `torch.nn.ModuleList`.
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self._modules.values())[index])
        return self._modules[self._name(index)]

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def _name(self, index: int) -> str:
        return str(position(index, len(self._modules)))

    def insert(self, index: int, module: Module) -> None:
        """Put a module before the one at `index`; the later ones move up."""
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)

    def __repr__(self) -> str:
        runs: list[tuple[int, str, int]] = []  # first index, text, how many in a row have this text
        for number, text in enumerate(map(repr, self)):
            if runs and runs[-1][1] == text:
                first, _, count = runs[-1]
                runs[-1] = (first, text, count + 1)
            else:
                runs.append((number, text, 1))
        lines = [
            f"({first}): {text}" if count == 1 else f"({first}-{first + count - 1}): {count} x {text}"
            for first, text, count in runs
        ]
        inside = "".join(f"\n  {indented(line)}" for line in lines)
        return f"{self._get_name()}({inside}\n)" if lines else f"{self._get_name()}()"


class ModuleDict(Module):
    """A dict of modules that are registered, in the order of insertion. It has no `forward`.

    Args:
        modules: a mapping, or an iterable of pairs, of names and modules.

    >>> acts = torch.nn.ModuleDict({"relu": torch.nn.ReLU(), "tanh": torch.nn.Tanh()})
    >>> acts["relu"](torch.tensor([-1.0])), list(acts)
    (tensor([0.]), ['relu', 'tanh'])

    Source: PyTorch, `torch.nn.ModuleDict`.
    """

    _modules: dict[str, Module]  # type: ignore[assignment]

    def __init__(self, modules: Mapping[str, Module] | Iterable[Any] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Take all modules out."""
        self._modules.clear()

    def pop(self, key: str) -> Module:
        """Take a module out and return it."""
        return self._modules.pop(key)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._modules.keys()

    def items(self) -> ItemsView[str, Module]:
        """Pairs of name and module."""
        return self._modules.items()

    def values(self) -> ValuesView[Module]:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable[Any]) -> None:
        """Add the modules of a mapping or of pairs; names that exist get the new module."""
        for key, module in pairs_of(modules, "ModuleDict"):
            self[key] = module


def pairs_of(entries: Any, name: str) -> list[tuple[str, Any]]:
    """The entries of a mapping, or pairs after checking that they are pairs."""
    if not isinstance(entries, Iterable):
        raise TypeError(
            f"{name}.update should be called with an iterable of key/value pairs, but got "
            f"{type(entries).__name__}"
        )
    if hasattr(entries, "items"):
        return list(entries.items())
    pairs = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, Iterable):
            raise TypeError(
                f"{name} update sequence element #{number} should be Iterable; is {type(entry).__name__}"
            )
        pair = tuple(entry)
        if len(pair) != 2:
            raise ValueError(
                f"{name} update sequence element #{number} has length {len(pair)}; 2 is required"
            )
        pairs.append(pair)
    return pairs
