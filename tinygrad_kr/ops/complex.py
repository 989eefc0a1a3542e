"""Complex tensors, as Fourier transforms give them: their parts, conjugates and angles.

Each `rule` below is a derivative: `g` is the gradient that arrives, and the names after it are what the rule
needs. As everywhere, `g` multiplies a differential, dL = Re Σ g·dx (see `autograd/conjugate.py`): for a real
function L of z = x + iy it is ∂L/∂x - i ∂L/∂y, whose conjugate a user sees. A gradient that reaches a real
tensor loses its imaginary part by itself.

Arithmetic, exponentials, products of matrices and what moves elements have their rules on the other pages;
these hold for complex numbers as they stand. The modulus is beside `abs` on the page `elementwise`.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from ..autograd.primitive import rule
from ..tensor import Tensor, graft
from ._public import public, require_tensor
from .arithmetic import mul_rule
from .trigonometry import cos, sin

__all__ = [
    "angle",
    "complex",
    "conj",
    "conj_physical",
    "imag",
    "is_conj",
    "is_neg",
    "polar",
    "real",
    "resolve_conj",
    "resolve_neg",
    "view_as_complex",
    "view_as_real",
]

# -- the derivatives -----------------------------------------------------------------------------------------


def parts_to_complex(x: Any, y: Any) -> Any:
    """x + iy."""
    out = np.empty(np.broadcast_shapes(x.shape, y.shape), np.result_type(x, np.complex64))
    out.real, out.imag = x, y
    return out


def complex_to_pairs(z: Any) -> Any:
    """The parts of each number along a new last dimension, a view."""
    return np.expand_dims(z, -1).view(z.real.dtype)


def pairs_to_complex(pairs: Any) -> Any:
    """The numbers whose parts lie along the last dimension, a view."""
    return pairs.view(np.result_type(pairs, np.complex64))[..., 0]


def angle_(z: Any) -> Any:
    """The angle between each number and the positive real axis; a real -0 has the angle 0."""
    return np.angle(z if np.iscomplexobj(z) else z + 0)


conj_rule = rule(np.conjugate, name="conj", promote="same", x=lambda g: np.conj(g))
real_rule = rule(np.real, name="real", view=True, val=lambda g: g)
imag_rule = rule(np.imag, name="imag", view=True, val=lambda g: g * -1j)
complex_rule = rule(parts_to_complex, name="complex", x=lambda g: g, y=lambda g: g * 1j)
view_as_real_rule = rule(
    complex_to_pairs, name="view_as_real", view=True, z=lambda g: complex_rule(g[..., 0], -g[..., 1])
)
view_as_complex_rule = rule(
    pairs_to_complex,
    name="view_as_complex",
    view=True,
    pairs=lambda g: np.stack([np.real(g), -np.imag(g)], -1),
)
angle_rule = rule(  # d(angle) = Im(dz / z)
    angle_, name="angle", promote="float", z=lambda g, z: np.where(np.equal(z, 0), 0.0, g * -1j / z)
)


# -- the functions -------------------------------------------------------------------------------------------


@public(method=False, out=False)
def real(input: Tensor) -> Tensor:
    r"""The real parts, a view of the same memory; a real tensor is its own real part.

    >>> torch.real(torch.tensor([1 + 2j, 3 - 4j]))
    tensor([1., 3.])

    Source: PyTorch, `torch.real`.
    """
    return real_rule(input) if require_tensor(input, "real").is_complex() else input


@public(method=False, out=False)
def imag(input: Tensor) -> Tensor:
    r"""The imaginary parts, a view of the same memory.

    Raises:
        RuntimeError: the tensor is real.

    >>> torch.imag(torch.tensor([1 + 2j, 3 - 4j]))
    tensor([ 2., -4.])

    Source: PyTorch, `torch.imag`.
    """
    if not require_tensor(input, "imag").is_complex():
        raise RuntimeError(
            f"imag is not implemented for tensors with non-complex dtypes, got {input.dtype}; the imaginary "
            "part of a real tensor is torch.zeros_like(x)"
        )
    return imag_rule(input)


def _set_real(self: Tensor, value: Any) -> None:
    real(self).copy_(value if isinstance(value, Tensor) else Tensor(np.asarray(value)))


def _set_imag(self: Tensor, value: Any) -> None:
    imag(self).copy_(value if isinstance(value, Tensor) else Tensor(np.asarray(value)))


graft(property(real, _set_real, doc="The real parts, a view; settable."), "real")  # type: ignore[arg-type]
graft(property(imag, _set_imag, doc="The imaginary parts, a view; settable."), "imag")  # type: ignore[arg-type]


@public(out=False)
def conj(input: Tensor) -> Tensor:
    r"""The conjugates x - iy of x + iy: a copy (PyTorch's is a view); a real tensor itself.

    >>> torch.conj(torch.tensor([1 + 2j, 3 - 4j]))
    tensor([1.-2.j, 3.+4.j])

    Source: PyTorch, `torch.conj`.
    """
    return conj_rule(input) if require_tensor(input, "conj").is_complex() else input


@public(inplace=True, saves_input=False)
def conj_physical(input: Tensor) -> Tensor:
    r"""The conjugates, as `conj` gives them.

    >>> torch.conj_physical(torch.tensor([1 + 2j]))
    tensor([1.-2.j])

    Source: PyTorch, `torch.conj_physical`.
    """
    return conj(input)


@public(out=False)
def resolve_conj(input: Tensor) -> Tensor:
    r"""The tensor itself: conjugates are computed at once here, so none is pending.

    >>> torch.resolve_conj(torch.tensor([1 + 2j]).conj())
    tensor([1.-2.j])

    Source: PyTorch, `torch.resolve_conj`.
    """
    return require_tensor(input, "resolve_conj")


@public(out=False)
def resolve_neg(input: Tensor) -> Tensor:
    r"""The tensor itself: negatives are computed at once here, so none is pending.

    >>> torch.resolve_neg(torch.tensor([1 + 2j]).conj().imag)
    tensor([-2.])

    Source: PyTorch, `torch.resolve_neg`.
    """
    return require_tensor(input, "resolve_neg")


@public(out=False)
def is_conj(input: Tensor) -> builtins.bool:
    r"""Whether a conjugation is pending: never, as `conj` computes at once.

    >>> torch.is_conj(torch.tensor([1 + 2j]).conj())
    False

    Source: PyTorch, `torch.is_conj`.
    """
    require_tensor(input, "is_conj")
    return False


@public(out=False)
def is_neg(input: Tensor) -> builtins.bool:
    r"""Whether a negation is pending: never.

    >>> torch.is_neg(torch.tensor([1 + 2j]).conj().imag)
    False

    Source: PyTorch, `torch.is_neg`.
    """
    require_tensor(input, "is_neg")
    return False


@public()
def angle(input: Tensor) -> Tensor:
    r"""The angle between each number and the positive real axis, in (-π, π]; 0 or π for a real number.

    Its derivative at 0 is 0.

    >>> torch.angle(torch.tensor([1j, -1.0, 1 - 1j]))
    tensor([ 1.5708,  3.1416, -0.7854])

    Source: PyTorch, `torch.angle`.
    """
    return angle_rule(require_tensor(input, "angle"))


def _two_parts(function: str, first: Tensor, second: Tensor) -> None:
    """Check that two tensors can be the parts of complex numbers."""
    require_tensor(first, function)
    require_tensor(second, function)
    if not (first.is_floating_point() and second.is_floating_point()):
        raise RuntimeError(
            f"Expected both inputs to be Float or Double tensors but got {first.dtype.scalar_name} and "
            f"{second.dtype.scalar_name}; convert with .float() first"
        )
    if first.dtype is not second.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {first.dtype.scalar_name} but got scalar type "
            f"{second.dtype.scalar_name} for second argument: both parts need one dtype"
        )
    first.dtype.to_complex()  # raises for float16, which has no complex dtype


@public(method=False)
def complex(real: Tensor, imag: Tensor) -> Tensor:
    r"""Complex numbers of given parts: outⱼ = realⱼ + i·imagⱼ.

    Args:
        real, imag: float32 for complex64, float64 for complex128; shapes broadcast.

    Raises:
        RuntimeError: other dtypes, or two different ones.

    >>> torch.complex(torch.tensor([1.0, 2.0]), torch.tensor([3.0, -4.0]))
    tensor([1.+3.j, 2.-4.j])

    Source: PyTorch, `torch.complex`.
    """
    _two_parts("complex", real, imag)
    return complex_rule(real, imag)


@public(method=False)
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    r"""Complex numbers of given size and angle: outⱼ = absⱼ·(cos angleⱼ + i sin angleⱼ).

    Raises:
        RuntimeError: dtypes other than float32 and float64, or two different ones.

    >>> torch.polar(torch.tensor([1.0, 2.0]), torch.tensor([0.0, torch.pi / 2]))
    tensor([ 1.0000e+00+0.j, -8.7423e-08+2.j])

    Source: PyTorch, `torch.polar`.
    """
    _two_parts("polar", abs, angle)
    return complex_rule(mul_rule(abs, cos(angle)), mul_rule(abs, sin(angle)))


@public(method=False, out=False)
def view_as_real(input: Tensor) -> Tensor:
    r"""The parts of complex numbers along a new last dimension of size 2, a view of the same memory.

    Raises:
        RuntimeError: the tensor is real.

    >>> torch.view_as_real(torch.tensor([1 + 2j, 3 - 4j]))
    tensor([[ 1.,  2.],
            [ 3., -4.]])

    Source: PyTorch, `torch.view_as_real`.
    """
    if not require_tensor(input, "view_as_real").is_complex():
        raise RuntimeError(f"view_as_real is only supported for complex tensors, got {input.dtype}")
    return view_as_real_rule(input)


@public(method=False, out=False)
def view_as_complex(input: Tensor) -> Tensor:
    r"""The complex numbers whose parts lie along the last dimension, a view of the same memory.

    Raises:
        RuntimeError: the last dimension has not the size 2 or does not lie side by side in memory, or the
            dtype is neither float32 nor float64.

    >>> torch.view_as_complex(torch.tensor([[1.0, 2.0], [3.0, -4.0]]))
    tensor([1.+2.j, 3.-4.j])

    Source: PyTorch, `torch.view_as_complex`.
    """
    array = require_tensor(input, "view_as_complex")._array
    if array.dtype not in (np.float32, np.float64):
        raise RuntimeError(
            "view_as_complex is only supported for float and double tensors, but got a tensor of scalar "
            f"type: {input.dtype.scalar_name}; convert with .float() first"
        )
    if array.ndim == 0:
        raise RuntimeError("Input tensor must have one or more dimensions, the last of size 2")
    if array.shape[-1] != 2:
        raise RuntimeError(f"Tensor must have a last dimension of size 2, got the shape {list(array.shape)}")
    if array.strides[-1] != array.itemsize:
        raise RuntimeError(
            f"Tensor must have a last dimension with stride 1, got the strides {input.stride()}; call "
            ".contiguous() first"
        )
    if any(step % (2 * array.itemsize) for step in array.strides[:-1]):
        raise RuntimeError(
            "Tensor must have a stride divisible by 2 for all but last dimension, got the strides "
            f"{input.stride()}; call .contiguous() first"
        )
    return view_as_complex_rule(input)


# -- transforms, whose page is imported when it is first asked for -------------------------------------------


def stft(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """Short-time Fourier transform; see `torch.stft`."""
    from .spectrogram import stft

    return stft(self, *args, **kwargs)


def istft(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The inverse of `stft`; see `torch.istft`."""
    from .spectrogram import istft

    return istft(self, *args, **kwargs)


graft(stft)
graft(istft)
