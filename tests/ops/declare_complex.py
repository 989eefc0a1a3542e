"""Complex tensors: made of two real ones here, and seen as pairs of real numbers, which have derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.declared import declare, elementwise, fixed, real, shaped

X = real()
AWAY = real(0.3, 2)  # from the origin, where a modulus has a kink


def pairs(z: np.ndarray) -> np.ndarray:
    """What `view_as_real` shows."""
    return np.stack([z.real, z.imag], -1)


def parts(torch: Any, z: Any) -> Any:
    """The same of a tensor, where it is empty too, which PyTorch's `view_as_real` refuses."""
    return torch.stack([z.real, z.imag], -1)


declare(
    "complex",
    lambda torch, x, y: parts(torch, torch.complex(x, y)),
    elementwise(X, X),
    reference=lambda x, y: pairs(x + 1j * y),
)
declare(
    "polar",
    lambda torch, r, angle: parts(torch, torch.polar(r, angle)),
    elementwise(real(0.1, 2), X),
    reference=lambda r, angle: pairs(r * np.exp(1j * angle)),
)
declare(
    "view_as_real",
    lambda torch, x, y: torch.view_as_real(torch.complex(x, y) ** 2),
    fixed(((2, 3), X), ((3,), X)),
    reference=lambda x, y: pairs((x + 1j * y) ** 2),
)
declare(
    "view_as_complex",
    lambda torch, x: torch.view_as_complex(x.contiguous() * 1).abs(),
    fixed(((3, 2), AWAY)),
    reference=lambda x: np.hypot(x[..., 0], x[..., 1]),
)
declare("real", lambda torch, x, y: torch.real(torch.complex(x, y) ** 3), elementwise(X, X))
declare("real", lambda torch, x: torch.real(x), shaped(X), reference=lambda x: x, view=True)
declare("imag", lambda torch, x, y: torch.imag(torch.complex(x, y) ** 3), elementwise(X, X))
declare(
    "angle",
    lambda torch, x, y: torch.angle(torch.complex(x, y)),
    elementwise(AWAY, AWAY),
    reference=lambda x, y: np.angle(x + 1j * y),
)
declare("angle", None, shaped(real(avoid=0)), reference=np.angle)
declare(
    "abs",
    lambda torch, x, y: torch.complex(x, y).abs(),
    elementwise(AWAY, AWAY),
    reference=lambda x, y: np.abs(x + 1j * y),
)
declare(
    "sgn",
    lambda torch, x, y: parts(torch, torch.sgn(torch.complex(x, y))),
    elementwise(AWAY, AWAY),
    reference=lambda x, y: pairs((x + 1j * y) / np.abs(x + 1j * y)),
)
for _name in ("conj", "conj_physical", "resolve_conj"):
    declare(
        _name,
        lambda torch, x, y, name=_name: parts(torch, getattr(torch, name)(torch.complex(x, y).conj() ** 2)),
        elementwise(X, X),
    )
declare("resolve_neg", lambda torch, x: torch.resolve_neg(x), shaped(X), reference=lambda x: x, view=True)
declare("is_conj", lambda torch, x: torch.is_conj(x), shaped(X), order=0)
declare("is_neg", lambda torch, x: torch.is_neg(x), shaped(X), order=0)
declare(
    "vdot",
    lambda torch, a, b, c, d: torch.view_as_real(torch.vdot(torch.complex(a, b), torch.complex(c, d))),
    fixed(*[((3,), X)] * 4),
    reference=lambda a, b, c, d: pairs(np.vdot(a + 1j * b, c + 1j * d)),
)
