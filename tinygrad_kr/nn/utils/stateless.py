"""`functional_call` under its older name; `torch.func.functional_call` is the same."""

from __future__ import annotations

from typing import Any

from ...tensor import Tensor

__all__ = ["functional_call"]


def functional_call(
    module: Any,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other tensors in place of its parameters and buffers.

    Source: PyTorch, `torch.nn.utils.stateless.functional_call`.
    """
    from ...func.modules import functional_call as call

    return call(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)
