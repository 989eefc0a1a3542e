"""All parameters as one vector, and back: for optimisers and analyses that want a vector."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ...ops.joining import cat
from ...tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of the parameters, one after the other; gradients flow through.

    >>> torch.nn.utils.parameters_to_vector([torch.ones(2, 2), torch.zeros(1)])
    tensor([1., 1., 1., 1., 0.])

    Source: PyTorch, `torch.nn.utils.parameters_to_vector`.
    """
    return cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give the parameters the elements of a vector, in place of what they hold; they become views of it.

    Raises:
        TypeError: `vec` is no tensor.
        RuntimeError: it has fewer elements than the parameters.

    >>> w = torch.nn.Parameter(torch.zeros(2))
    >>> torch.nn.utils.vector_to_parameters(torch.tensor([1.0, 2.0]), [w])
    >>> w
    Parameter containing:
    tensor([1., 2.], requires_grad=True)

    Source: PyTorch, `torch.nn.utils.vector_to_parameters`.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    parameters = list(parameters)
    wanted = sum(math.prod(one.shape) for one in parameters)
    if vec.numel() < wanted:
        raise RuntimeError(f"the vector has {vec.numel()} elements, the parameters have {wanted}")
    start = 0
    for parameter in parameters:
        end = start + parameter.numel()
        parameter.data = vec.detach()[start:end].view(parameter.shape)
        start = end
