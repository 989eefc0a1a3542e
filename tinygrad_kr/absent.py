"""What PyTorch has and this package does not: importing it works, calling it says what to do instead.

Many programs import a name that they never reach on a CPU. So such a name exists as a function that raises
where it is called, and `RuntimeError` names it and the nearest alternative.
"""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["absent", "no_accelerator"]


def absent(name: str, instead: str) -> Any:
    """A stand-in for `torch.<name>`: calling it raises.

    >>> absent("onnx.export", "save the state dict with torch.save")()
    Traceback (most recent call last):
    RuntimeError: torch.onnx.export is not part of tinygrad_kr: save the state dict with torch.save
    """

    def missing(*args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(f"torch.{name} is not part of tinygrad_kr: {instead}")

    missing.__name__ = missing.__qualname__ = name.rpartition(".")[2]
    missing.__doc__ = f"Not part of tinygrad_kr: {instead}."
    return missing


def no_accelerator(name: str, kind: str = "CUDA") -> Any:
    """A stand-in for a function that needs an accelerator: calling it raises, as in PyTorch's CPU build.

    >>> no_accelerator("cuda.current_device")()
    Traceback (most recent call last):
    AssertionError: Torch not compiled with CUDA enabled: torch.cuda.current_device needs an accelerator, ...
    """

    def missing(*args: Any, **kwargs: Any) -> NoReturn:
        raise AssertionError(
            f"Torch not compiled with {kind} enabled: torch.{name} needs an accelerator, and tinygrad_kr "
            "computes on the CPU only; guard the call with torch.cuda.is_available()"
        )

    missing.__name__ = missing.__qualname__ = name.rpartition(".")[2]
    missing.__doc__ = f"Raises `AssertionError`: there is no {kind} device."
    return missing
