"""The CPU: what NumPy uses of it."""

from __future__ import annotations


def get_cpu_capability() -> str:
    """The widest vector instructions that NumPy found, in PyTorch's words: AVX512, AVX2 or DEFAULT.

    >>> torch.backends.cpu.get_cpu_capability() in ("AVX512", "AVX2", "DEFAULT")
    True
    """
    import numpy as np

    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]  # type: ignore[index, call-arg]
    names = " ".join(found)
    if "AVX512" in names or "X86_V4" in names:
        return "AVX512"
    return "AVX2" if "AVX2" in names or "X86_V3" in names else "DEFAULT"
