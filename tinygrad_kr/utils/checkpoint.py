"""Activation checkpointing: drop what a part of a model saved for backward, and compute it again there.

The call is recorded as any other; then the nodes of its operations forget what they saved. When backward
comes to the first of them, the function runs once more, with the random numbers of the first time, and its
operations, which come in the same order, hand what they saved to the nodes that are waiting. So the graph is
the one that it would be without: hooks, `autograd.grad` and higher derivatives see no difference.
"""

from __future__ import annotations

import contextlib
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import Any

from ..autograd.function import FunctionNode
from ..autograd.modes import enable_grad, no_grad
from ..autograd.node import Node, next_number
from ..autograd.rule_node import CompositeNode, RuleNode
from ..nn.containers import Sequential
from ..random import fork_rng, get_rng_state, set_rng_state
from ..state import state
from ..tensor import Tensor

__all__ = [
    "CheckpointError",
    "checkpoint",
    "checkpoint_sequential",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
]

Contexts = tuple[AbstractContextManager[Any], AbstractContextManager[Any]]


class CheckpointError(RuntimeError):
    """The second run of a checkpointed function did other operations than the first.

    Source: PyTorch, `torch.utils.checkpoint.CheckpointError`.
    """


def noop_context_fn() -> Contexts:
    """The default of `context_fn`: two contexts that do nothing.

    Source: PyTorch, `torch.utils.checkpoint.noop_context_fn`.
    """
    return contextlib.nullcontext(), contextlib.nullcontext()


_debug: bool | None = None  # what `set_checkpoint_debug_enabled` says


@contextlib.contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """Within it, `debug` of every `checkpoint` is this, whatever its call says; None leaves it to the call.

    >>> from tinygrad_kr.utils.checkpoint import checkpoint, set_checkpoint_debug_enabled
    >>> with set_checkpoint_debug_enabled(True):
    ...     y = checkpoint(torch.exp, torch.ones(1, requires_grad=True), use_reentrant=False)

    Source: PyTorch, `torch.utils.checkpoint.set_checkpoint_debug_enabled`.
    """
    global _debug
    before, _debug = _debug, enabled
    try:
        yield
    finally:
        _debug = before


def set_checkpoint_early_stop(enable: bool) -> AbstractContextManager[None]:
    """A context without effect: the second run always goes to its end.

    Source: PyTorch, `torch.utils.checkpoint.set_checkpoint_early_stop`.
    """
    return contextlib.nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], Contexts] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    r"""`function(*args, **kwargs)`, whose intermediate results are not kept for backward but computed again.

    It takes about a third more time per training step where it is used throughout, and as much memory as the
    arguments of all checkpointed calls and the intermediate results of one.

    Args:
        function: a function or module; called again during backward, so it must do the same then.
        args: its arguments; tensors in lists, dicts or the function's surroundings get their gradients, too.
        use_reentrant: PyTorch has two implementations and asks to say which. Here there is one, which does
            what False promises. With True, as there, nothing is recorded (with a warning) unless one of the
            `args` is a tensor that requires a gradient.
        context_fn: returns two context managers, for the first run and for the second.
        determinism_check: "default" compares shapes and dtypes of the two runs, "none" does not.
        debug: list the operations of both runs in the error message when they differ.
        early_stop: accepted; the second run always goes to its end.
        preserve_rng_state: (a keyword) whether the second run draws the random numbers of the first, which
            dropout needs; True by default.
        kwargs: keyword arguments of the function; with `use_reentrant=False` only.

    Raises:
        CheckpointError: in backward, when the second run differs from the first.
        ValueError: for arguments that do not go with `use_reentrant=True`.
        RuntimeError: in backward, when a tensor that the function used was changed in place since.

    >>> from tinygrad_kr.utils.checkpoint import checkpoint
    >>> x = torch.tensor([0.5], requires_grad=True)
    >>> y = checkpoint(lambda x: x.exp().sin().exp(), x, use_reentrant=False)
    >>> y.backward()
    >>> x.grad
    tensor([-0.3478])

    Source: PyTorch, `torch.utils.checkpoint.checkpoint`; Chen et al., "Training Deep Nets with Sublinear
    Memory Cost", 2016.
    """
    if use_reentrant is None:
        _warn_about_reentrant("torch.utils.checkpoint")
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if determinism_check not in ("default", "none"):
        raise ValueError(
            f"determinism_check should be one of ['default', 'none'], but got {determinism_check!r}"
        )
    recording = state.recording
    if use_reentrant:
        if kwargs:
            raise ValueError(
                "Unexpected keyword arguments: " + ",".join(kwargs) + "; pass use_reentrant=False to use them"
            )
        if context_fn is not noop_context_fn or debug:
            raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        if not any(isinstance(one, Tensor) and one.requires_grad for one in args):
            warnings.warn(
                "None of the inputs have requires_grad=True. Gradients will be None; with "
                "use_reentrant=False parameters get theirs nevertheless",
                stacklevel=2,
            )
            recording = False
    first, second = context_fn()
    if not recording:
        with no_grad(), first:
            return function(*args, **kwargs)
    debug = debug if _debug is None else _debug
    segment = _Segment(lambda: function(*args, **kwargs), second, preserve, determinism_check, debug)
    since = next_number()
    with first:
        outputs = function(*args, **kwargs)
    segment.forget(_operations(outputs, since))
    return outputs


def checkpoint_sequential(
    functions: Sequential | Iterable[Callable[[Any], Any]],
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    **kwargs: Any,
) -> Any:
    r"""Run modules one after the other, in segments of which all but the last are checkpointed.

    For a chain of n alike modules, √n segments need the least memory.

    Args:
        functions: a `Sequential`, or modules and functions of one argument.
        segments: how many.
        input: what the first one gets.
        use_reentrant, preserve_rng_state: as for `checkpoint`.

    Raises:
        ValueError: for other keyword arguments.

    >>> net = torch.nn.Sequential(*[torch.nn.Tanh() for _ in range(4)])
    >>> x = torch.ones(1, requires_grad=True)
    >>> torch.utils.checkpoint.checkpoint_sequential(net, 2, x, use_reentrant=False)
    tensor([0.5126], grad_fn=<TanhBackward0>)

    Source: PyTorch, `torch.utils.checkpoint.checkpoint_sequential`.
    """
    if use_reentrant is None:
        _warn_about_reentrant("torch.utils.checkpoint.checkpoint_sequential")
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    chain = list(functions.children() if isinstance(functions, Sequential) else functions)

    def run(first: int, last: int) -> Callable[[Any], Any]:
        def forward(value: Any) -> Any:
            for one in chain[first:last]:
                value = one(value)
            return value

        return forward

    size = len(chain) // segments
    cuts = [size * number for number in range(segments)]
    for first, last in pairwise(cuts):
        input = checkpoint(run(first, last), input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return run(cuts[-1], len(chain))(input)


def _warn_about_reentrant(name: str) -> None:
    warnings.warn(
        f"{name}: the use_reentrant parameter should be passed explicitly. use_reentrant=False is "
        "recommended; without it, it is True.",
        stacklevel=3,
    )


class _Segment:
    """A checkpointed call: its operations in their order, and how to run it again."""

    def __init__(
        self,
        run: Callable[[], Any],
        context: AbstractContextManager[Any],
        preserve: bool,
        determinism_check: str,
        debug: bool,
    ) -> None:
        self.run = run
        self.context = context
        self.random_state = get_rng_state() if preserve else None
        self.compares_shapes = determinism_check == "default"
        self.debug = debug
        self.nodes: list[weakref.ref[Node]] = []  # weak: they hold the segment
        self.names: list[str] = []
        self.stamps: list[tuple[Any, ...]] = []  # the storages that were saved, and their versions

    def forget(self, nodes: list[Node]) -> None:
        """Let the operations drop what they saved."""
        for node in nodes:
            self.stamps.append(_stamps(node))
            node.release()
            self.nodes.append(weakref.ref(node))
            self.names.append(self.describe(node))
            node.restore = self.restore

    def describe(self, node: Node) -> str:
        """What two runs must have in common."""
        return f"{node.name()} of {node.dtype}{list(node.shape)}" if self.compares_shapes else node.name()

    def restore(self) -> None:
        """Run the function again, and let its operations save for those of the first run."""
        since = next_number()
        with fork_rng(enabled=self.random_state is not None), enable_grad(), self.context:
            if self.random_state is not None:
                set_rng_state(self.random_state)
            outputs = self.run()
        twins = _operations(outputs, since)
        names = [self.describe(twin) for twin in twins]
        if names != self.names:
            raise CheckpointError(self._difference(names))
        nodes = [reference() for reference in self.nodes]
        originals = {twin: node for twin, node in zip(twins, nodes) if node is not None}
        for twin, node, stamps in zip(twins, nodes, self.stamps):
            if node is not None:
                _hand_over(twin, node, stamps, originals)
        for inner in {twin.restore.__self__ for twin in originals if twin.restore}:  # type: ignore[attr-defined]
            inner.move(originals)

    def move(self, originals: Mapping[Node, Node]) -> None:
        """Be the segment of these nodes in place of their twins, which the checkpoint around it made."""
        for place, reference in enumerate(self.nodes):
            twin = reference()
            if twin is not None and twin in originals:
                self.nodes[place] = weakref.ref(originals[twin])

    def _difference(self, names: list[str]) -> str:
        place = next(
            (i for i, (one, two) in enumerate(zip(self.names, names)) if one != two),
            min(len(names), len(self.names)),
        )
        one, two = ([*run[place : place + 1], "nothing more"][0] for run in (self.names, names))
        text = (
            "torch.utils.checkpoint: the function did other operations when it was run again for backward: "
            f"operation {place} was {one} and is {two}. It must not depend on what changes between forward "
            "and backward"
        )
        if not self.debug:
            return text + "; debug=True lists all operations."
        return f"{text}.\nFirst run:\n  " + "\n  ".join(self.names) + "\nSecond run:\n  " + "\n  ".join(names)


def _operations(outputs: Any, since: int) -> list[Node]:
    """The operations behind outputs that were recorded after number `since`, in their order."""
    stack = [one._node for one in _tensors(outputs) if one._node is not None]
    found = set()
    while stack:
        node = stack.pop()
        if node.number < since and not node.is_leaf and node not in found:
            found.add(node)
            stack += node.parents
    return sorted(found, key=lambda node: -node.number)  # numbers count down


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _tensors(one)
    elif isinstance(value, Mapping):
        yield from _tensors(list(value.values()))


def _stamps(node: Node) -> tuple[Any, ...]:
    """The storages of what a node saved, each followed by its version then."""
    if not isinstance(node, RuleNode) or node.saved is None:
        return ()
    return node.saved[len(node.plan.names) :]


def _hand_over(twin: Node, node: Node, stamps: tuple[Any, ...], originals: Mapping[Node, Node]) -> None:
    """Let `node` have what `twin`, the same operation in the second run, saved."""
    node.restore = twin.restore  # none, unless it is in a checkpoint itself, within this one
    if isinstance(twin, FunctionNode) and isinstance(node, FunctionNode):
        node.ctx._saved = twin.ctx._saved and [
            entry and (*entry[:3], originals.get(entry[3], entry[3])) for entry in twin.ctx._saved
        ]
    elif isinstance(twin, RuleNode) and isinstance(node, RuleNode) and twin.saved is not None:
        node.saved = twin.saved
        if stamps:
            # Tensors from outside keep the versions of the first run, so that changes since are noticed.
            again = _stamps(twin)
            pairs = zip(stamps[::2], stamps[1::2], again[::2], again[1::2])
            kept = [part for s, v, t, w in pairs for part in ((s, v) if s == t else (t, w))]
            node.saved = (*twin.saved[: len(twin.plan.names)], *kept)
        if isinstance(node, CompositeNode) and isinstance(twin, CompositeNode):
            node.inputs = twin.inputs
    twin.release()


def get_device_states(*args: Any) -> tuple[list[int], list[Tensor]]:
    """The devices of some tensors and the states of their generators: none, as all lie on the CPU.

    Source: PyTorch, `torch.utils.checkpoint.get_device_states`.
    """
    return [], []


def set_device_states(devices: Iterable[int], states: Iterable[Tensor], **options: Any) -> None:
    """Put back what `get_device_states` returned: nothing.

    Source: PyTorch, `torch.utils.checkpoint.set_device_states`.
    """
