"""Walks over the registry and the public names: all are declared, documented, and have readable rules."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import tinygrad_kr
from tests.declared import Declaration, leaves, load, outputs, tensors
from tinygrad_kr import Tensor
from tinygrad_kr.autograd.inplace import replace_region
from tinygrad_kr.autograd.node import Node
from tinygrad_kr.autograd.primitive import Definition, definitions
from tinygrad_kr.autograd.rule_node import RuleNode
from tinygrad_kr.ops._public import Face, faces

DECLARED = load()
NAMES = {one.name.rsplit(".", 1)[-1] for one in DECLARED}


def _nodes(tensor: Tensor) -> Iterator[Node]:
    stack, seen = [tensor._node], set()
    while stack:
        node = stack.pop()
        if node is not None and node not in seen:
            seen.add(node)
            yield node
            stack.extend(node.parents)


@cache
def _reached() -> set[Definition]:
    """The primitives that the graphs of all declarations consist of, at order one and two."""
    reached: set[Definition] = set()

    def note(results: list[Tensor]) -> None:
        for result in results:
            for node in _nodes(result):
                if isinstance(node, RuleNode):
                    reached.add(node.plan.definition)

    for declaration in DECLARED:
        for seed in range(3):
            args = _example(declaration, seed)
            inputs = tensors(args)
            results = [one for one in outputs(declaration.call(tinygrad_kr, *inputs)) if one.requires_grad]
            note(results)
            if results and declaration.order > 1:
                note(
                    [
                        g
                        for g in tinygrad_kr.autograd.grad(
                            results,
                            leaves(inputs),
                            [tinygrad_kr.ones_like(one) for one in results],
                            create_graph=True,
                            allow_unused=True,
                        )
                        if g is not None
                    ]
                )
    return reached


def _example(declaration: Declaration, seed: int) -> Any:
    """One drawn example of a declaration."""
    wanted = iter(range(100))
    return find(
        declaration.inputs,
        lambda args: next(wanted) >= seed,
        settings=settings(phases=[Phase.generate], max_examples=20, database=None, derandomize=True),
    )


@pytest.mark.parametrize(
    "primitive", [one for one in definitions.values() if one.rules or one.joint], ids=repr
)
def test_every_primitive_is_reached_by_a_declaration(primitive: Definition) -> None:
    if primitive.function is replace_region:
        pytest.skip("written by in-place changes of views; tests/autograd/test_inplace.py")
    assert primitive in _reached(), (
        f"{primitive!r} is in no declared operation's graph: declare one that uses it"
    )


@pytest.mark.parametrize("face", faces.values(), ids=lambda face: face.name)
def test_every_public_operation_is_declared(face: Face) -> None:
    assert face.name in NAMES, f"{face.name} ({face.module}) has no declaration in tests/ops/declare_*.py"


@pytest.mark.parametrize("face", faces.values(), ids=lambda face: face.name)
def test_every_public_operation_has_a_docstring_with_an_example(face: Face) -> None:
    text = inspect.getdoc(face.function) or ""
    assert ">>>" in text, f"{face.name} has no example"
    assert "Source:" in text, f"{face.name} names no source"


PLAIN = [one for one in DECLARED if one.plain and one.name in faces and faces[one.name].methods]


@pytest.mark.parametrize("declaration", PLAIN, ids=str)
@given(data=st.data())
def test_method_and_in_place_forms_equal_the_function(declaration: Declaration, data: st.DataObject) -> None:
    args = data.draw(declaration.inputs)
    face = faces[declaration.name]
    first, *others = tensors(args, requires_grad=False)
    if not isinstance(first, Tensor):
        return
    expected = face.function(first, *others)
    for name in face.methods:
        for one, other in zip(outputs(getattr(first, name)(*others)), outputs(expected)):
            np.testing.assert_array_equal(one.numpy(), other.numpy())
    for name in face.inplace:
        changed = tinygrad_kr.tensor(np.array(args[0]))
        if (
            not isinstance(expected, Tensor)
            or expected.shape != changed.shape
            or expected.dtype != changed.dtype
        ):
            continue
        assert getattr(changed, name)(*others) is changed
        np.testing.assert_array_equal(changed.numpy(), expected.numpy())


@pytest.mark.parametrize("declaration", PLAIN, ids=str)
def test_out_receives_the_result(declaration: Declaration) -> None:
    face = faces[declaration.name]
    args = tensors(_example(declaration, 1), requires_grad=False)
    expected = face.function(*args)
    if (
        not isinstance(expected, Tensor)
        or "out" not in inspect.signature(face.function, follow_wrapped=False).parameters
    ):
        return
    out = tinygrad_kr.empty(expected.shape, dtype=expected.dtype)
    assert face.function(*args, out=out) is out
    np.testing.assert_array_equal(out.numpy(), expected.numpy())


# -- rules run on arrays and on Tensors alike ----------------------------------------------------

ALLOWED = {"shape", "ndim"}  # attributes that mean the same on both


def _functions_of(primitive: Definition) -> list[Callable[..., Any]]:
    if primitive.composite is not None:
        return []  # its backward runs on arrays only
    return [*primitive.rules.values(), *([primitive.joint] if primitive.joint else [])]


def _tree(function: Callable[..., Any]) -> ast.AST | None:
    """The syntax tree of a rule: for a lambda, the one with these parameters among those on its lines."""
    lines, _ = inspect.getsourcelines(function)
    wanted = list(inspect.signature(function).parameters)
    source = textwrap.dedent("".join(lines))
    for attempt in (source, f"f({source.strip().rstrip(',')})", f"f({source.strip()}"):
        try:
            tree = ast.parse(attempt)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, (ast.Lambda, ast.FunctionDef)) and [a.arg for a in node.args.args] == wanted:
                return node
    return None


def _complaints(function: Callable[..., Any], seen: set[Any]) -> Iterator[str]:
    """What in a rule, or in a function of this package that it calls, means another thing on a Tensor."""
    if function in seen:
        return
    seen.add(function)
    tree = _tree(function)
    if tree is None:
        return
    names = set(inspect.signature(function).parameters)
    for node in ast.walk(tree):
        method = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if method and node.value.id in names and node.attr not in ALLOWED:
            yield f"{ast.unparse(node)}: methods mean other things on Tensors; use np.{node.attr}(...)"
        if isinstance(node, ast.AugAssign):
            yield f"{ast.unparse(node)}: changes an array in place"
        if isinstance(node, ast.keyword) and node.arg == "out":
            yield f"out={ast.unparse(node.value)}: writes into an array"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = function.__globals__.get(node.func.id)
            if _is_of_a_page(called):
                yield from _complaints(called, seen)


def _is_of_a_page(function: object) -> bool:
    """Whether it is a function of the pages; the helpers in `_public` know both arrays and Tensors."""
    module = getattr(function, "__module__", "") or ""
    return inspect.isfunction(function) and module.startswith("tinygrad_kr.ops") and "_public" not in module


@pytest.mark.parametrize("primitive", definitions.values(), ids=repr)
def test_rules_use_operators_and_numpy_functions_only(primitive: Definition) -> None:
    found = [one for function in _functions_of(primitive) for one in _complaints(function, set())]
    assert not found, "\n".join(found)
