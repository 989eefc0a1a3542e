"""PyTorch's own samples of its operations, the ones its test-suite uses, run here and there.

For each operation that exists here: values of samples in several dtypes, gradients in float64. Both
generators start from one seed before each call, so that random operations are compared as well.
"""

from __future__ import annotations

import itertools
import math
import re
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tinygrad_kr

pytestmark = pytest.mark.torch

SAMPLES = 6  # of each operation and dtype, spread over the first fifty
GRADIENTS = 2  # of these, in float64
TOLERANCE = {"float32": 1e-4, "float64": 1e-8, "complex64": 1e-4, "complex128": 1e-8}

UNFILLED = "memory that nothing has written to"
TIES = "which of several equal elements is named"
SIGNS = "singular vectors and eigenvectors have no sign of their own"
TRIANGLE = "PyTorch's gradient has values in the triangle that is not read; here they are 0"
INTEGERS = "PyTorch drops the fractions of beta and alpha; here the result is of floats"
LOSS_OF_INTEGERS = "losses take floats, as most of PyTorch's do"

# Operations whose samples are not compared, in the dtypes or forms that the pattern says, and why.
EXCEPTIONS = {
    r"(new_)?empty(_like|_strided)? .*": UNFILLED,
    r"(kthvalue|topk|mode|argsort|sort) (int64|bool)": TIES,
    r"(linalg\.)?(svd|eigh|qr)( .*|\..*)": SIGNS,
    r"cholesky_(inverse|solve) gradient": TRIANGLE,
    r"(addmm|addmv|addbmm|baddbmm|addr)(\..*)? (int64|bool)": INTEGERS,
    r"nn\.functional\.(margin_ranking|cosine_embedding|poisson_nll)_loss (int64|bool)": LOSS_OF_INTEGERS,
    r"nn\.functional\.local_response_norm int64": "PyTorch means over integers, rounded",
    r"nn\.functional\.unfold bool": "folding is arithmetic, which bool has none of",
    r"clamp_(min|max) bool": "clamping is arithmetic, which bool has none of",
    r"sum_to_size bool": "PyTorch counts even where there is nothing to sum",
    r"nn\.functional\.ctc_loss gradient": "PyTorch's is that of logits, right only through log_softmax",
    r"nn\.functional\.gaussian_nll_loss .*": "losses do not broadcast targets here",
    r"nn\.functional\.triplet_margin_with_distance_loss .*": "the samples hold modules of PyTorch",
    r"nn\.functional\.embedding_bag .*": "the samples have PyTorch's former order of arguments",
    r"nn\.functional\.batch_norm float.*": "a batch without channels is refused",
    r"nn\.functional\.multi(label)?_margin_loss .*": "a class alone, without dimensions, is refused",
    r"as_strided\.partial_views .*": "a view knows no more of its base than it shows",
    r"__rmatmul__ .*": "only the interpreter calls it, where the other operand is no tensor",
    r"linalg\.matrix_power gradient": "the power 0 is constant; PyTorch returns zeros for its gradient",
    r"linalg\.pinv\.hermitian gradient": "PyTorch's is of all of a matrix whose lower triangle it reads",
    r"as_strided_scatter gradient": "PyTorch's for `input` is that of `src`, put where `src` is",
    r"nextafter gradient": "no derivative here; PyTorch's for `input` is 1",
    r"histogramdd .*": "some samples have bins that fall, which are refused",
    r"to_sparse .*": "another layout; tests/test_sparse_torch.py compares them",
    r"special\.bessel_[jy][01] float64": "PyTorch's are right to seven digits, these to the last",
    r"linalg\.pinv\.singular .*": "the samples are factors, which a function of the test-suite multiplies",
}


def looked_up(library: Any, name: str) -> Any:
    """The function that PyTorch's list of operations calls `name`, or the method, or None."""
    found: Any = library
    for part in name.split("."):
        found = getattr(found, part, None)
        if found is None:
            break
    return found if found is not None else getattr(library.Tensor, name, None)


def converted(value: Any, torch: Any) -> Any:
    """What is said with PyTorch's objects, with this package's; tensors keep their strides."""
    if isinstance(value, torch.Tensor):
        array = value.detach().numpy()
        mine = tinygrad_kr.from_numpy(np.array(array, order="K") if array.flags.forc else array)
        return mine.requires_grad_(value.requires_grad)
    if isinstance(value, torch.dtype | torch.memory_format | torch.layout):
        return getattr(tinygrad_kr, str(value).removeprefix("torch."))
    if isinstance(value, torch.device):
        return tinygrad_kr.device(str(value))
    if isinstance(value, torch.Size):
        return tinygrad_kr.Size(value)
    if isinstance(value, tuple | list):
        return type(value)([converted(one, torch) for one in value])
    if isinstance(value, dict):
        return {key: converted(one, torch) for key, one in value.items()}
    return value


def flat(value: Any) -> list[Any]:
    """What an operation returned, in one list."""
    if isinstance(value, tuple | list) and not hasattr(value, "numel"):
        return [leaf for one in value for leaf in flat(one)]
    return [value]


def spread(samples: Iterator[Any], count: int) -> list[Any]:
    """`count` of the first samples, from one end of them to the other."""
    first = list(itertools.islice(samples, 6 * count))
    if len(first) <= count:
        return first
    return [first[round(i * (len(first) - 1) / (count - 1))] for i in range(count)]


def compare(mine: list[Any], theirs: list[Any]) -> None:
    """Equal up to rounding, of one shape and dtype."""
    assert len(mine) == len(theirs), f"{len(mine)} results, expected {len(theirs)}"
    for one, two in zip(mine, theirs):
        if not hasattr(two, "detach"):
            assert one == two or math.isclose(one, two, rel_tol=1e-6) or (one != one and two != two)
            continue
        assert str(one.dtype) == str(two.dtype), f"{one.dtype}, expected {two.dtype}"
        expected = two.detach().numpy(force=True)
        tolerance = TOLERANCE.get(expected.dtype.name, 0)
        scale = np.abs(expected[np.isfinite(expected)]).max(initial=1.0) if tolerance else 0
        np.testing.assert_allclose(one.detach().numpy(), expected, rtol=tolerance, atol=tolerance * scale)


def gradients(function: Callable[..., Any], library: Any, arguments: Any) -> list[Any]:
    """The gradients of a weighted sum of all results with respect to all arguments that ask for them."""
    args, kwargs = arguments
    inputs = [one for one in flat([*args, *kwargs.values()]) if getattr(one, "requires_grad", False) is True]
    results = flat(function(*args, **kwargs))
    floats = [one for one in results if hasattr(one, "is_floating_point") and one.is_floating_point()]
    total = sum((one * (1 + 0.1 * library.arange(one.numel()).reshape(one.shape))).sum() for one in floats)
    if not any(one.numel() for one in inputs) or not getattr(total, "requires_grad", False):
        return []
    found = library.autograd.grad(total, inputs, allow_unused=True)
    return [library.zeros_like(one) if g is None else g for g, one in zip(found, inputs)]


def excepted(case: str) -> bool:
    """Whether a case, an operation's name and a dtype or "gradient", is among the exceptions."""
    return any(re.fullmatch(pattern, case) for pattern in EXCEPTIONS)


def cases(operation: Any, torch: Any) -> Iterator[tuple[str, Any, Any, Callable[..., Any]]]:
    """Name, sample, the function here and what to compute with it."""
    name = ".".join(filter(None, [operation.name, operation.variant_test_name]))
    for dtype in (torch.float32, torch.float64, torch.int64, torch.bool):
        case = f"{name} {str(dtype).removeprefix('torch.')}"
        if dtype in operation.dtypes and not excepted(case):
            torch.manual_seed(0)
            for sample in spread(operation.sample_inputs("cpu", dtype), SAMPLES):
                yield case, sample, lambda f, _, given: flat(f(*given[0], **given[1]))
    if operation.supports_autograd and torch.float64 in operation.dtypes and not excepted(f"{name} gradient"):
        torch.manual_seed(0)
        samples = operation.sample_inputs("cpu", torch.float64, requires_grad=True)
        for sample in spread(samples, GRADIENTS):
            yield f"{name} gradient", sample, gradients


def test_pytorchs_samples_give_the_same_values_and_gradients() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("expecttest", reason="PyTorch's samples need expecttest, which is not installed")
    with ThreadPoolExecutor(1) as thread:  # each sample notes the stack it is made on, and pytest's is deep
        compared, wrong = thread.submit(compared_samples).result()
    assert not wrong, "\n".join(wrong)
    assert len(compared) > 380


def compared_samples() -> tuple[set[str], list[str]]:
    """The operations of which a sample was compared, and what differs."""
    import torch

    torch.set_num_threads(1)  # the samples are small
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_methods_invocations import op_db

        compared, wrong = set[str](), list[str]()
        for operation in op_db:
            here, there = (looked_up(library, operation.name) for library in (tinygrad_kr, torch))
            if here is None or there is None:
                continue
            for case, sample, compute in cases(operation, torch):
                given = [sample.input, *sample.args], sample.kwargs
                try:
                    torch.default_generator.manual_seed(1)
                    expected = compute(there, torch, given)
                    mine = converted(given[0], torch), converted(given[1], torch)
                except Exception:
                    continue  # a sample of a function of the test-suite, or with sparse tensors
                try:
                    tinygrad_kr.manual_seed(1)
                    compare(compute(here, tinygrad_kr, mine), expected)
                    compared.add(operation.name)
                except Exception as error:
                    wrong.append(f"{case}: {type(error).__name__} {' '.join(str(error).split())[:300]}")
    return compared, wrong
