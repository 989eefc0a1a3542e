"""Activations, element by element.

Those of straight pieces are in `hard_activation.py`, those along a dimension in `softmax.py`.

Shapes: (*) -> the same, unless said otherwise.
"""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from . import functional as F
from . import init
from ._arguments import new_parameter, require_size
from .module import Module

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "LeakyReLU",
    "LogSigmoid",
    "Mish",
    "PReLU",
    "RReLU",
    "ReLU",
    "SELU",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Tanh",
]


class _Inplace(Module):
    """An activation whose only argument says whether it overwrites its input."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


def then_inplace(text: str, inplace: bool) -> str:
    """The repr of the arguments, and `inplace` behind them if it is on."""
    return f"{text}, inplace=True" if inplace else text


class ReLU(_Inplace):
    r"""Rectified linear unit: max(0, x).

    Args:
        inplace: whether to overwrite the input.

    >>> torch.nn.ReLU()(torch.tensor([-1.0, 0.0, 2.0]))
    tensor([0., 0., 2.])

    Source: Nair & Hinton 2010; PyTorch, `torch.nn.ReLU`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, inplace=self.inplace)


class LeakyReLU(Module):
    r"""x where positive, negative_slope · x elsewhere.

    Args:
        negative_slope: the slope for negative x.
        inplace: whether to overwrite the input.

    >>> torch.nn.LeakyReLU(0.1)(torch.tensor([-1.0, 2.0]))
    tensor([-0.1000,  2.0000])

    Source: Maas et al. 2013; PyTorch, `torch.nn.LeakyReLU`.
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return then_inplace(f"negative_slope={self.negative_slope}", self.inplace)


class PReLU(Module):
    r"""x where positive, a · x elsewhere, with a learned.

    Args:
        num_parameters: 1 for one slope, or the number of channels (dimension 1) for one each.
        init: where the slopes start.
        device, dtype: of the slopes, the parameter `weight`.

    >>> torch.nn.PReLU()(torch.tensor([-1.0, 2.0]))
    tensor([-0.2500,  2.0000], grad_fn=<...>)

    Source: He et al. 2015; PyTorch, `torch.nn.PReLU`.
    """

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        require_size("num_parameters", num_parameters)
        self.num_parameters = num_parameters
        self.init = init
        self.weight = new_parameter(num_parameters, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the slopes to `init`."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(Module):
    r"""x where positive, a · x elsewhere, with a random slope a.

    In training a is drawn from U(lower, upper) for every element; in evaluation it is (lower + upper) / 2.

    Args:
        lower, upper: the bounds of the slope.
        inplace: whether to overwrite the input.

    >>> torch.nn.RReLU(0.1, 0.3).eval()(torch.tensor([-1.0, 2.0]))
    tensor([-0.2000,  2.0000])

    Source: Xu et al. 2015; PyTorch, `torch.nn.RReLU`.
    """

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return then_inplace(f"lower={self.lower}, upper={self.upper}", self.inplace)


class ELU(Module):
    r"""Exponential linear unit: x where positive, alpha · (eˣ - 1) elsewhere.

    Args:
        alpha: minus the value approached for x → -∞.
        inplace: whether to overwrite the input.

    >>> torch.nn.ELU()(torch.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])

    Source: Clevert et al. 2015; PyTorch, `torch.nn.ELU`.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return then_inplace(f"alpha={self.alpha}", self.inplace)


class CELU(Module):
    r"""ELU with a continuous derivative: max(0, x) + min(0, alpha · (exp(x / alpha) - 1)).

    Args:
        alpha: minus the value approached for x → -∞.
        inplace: whether to overwrite the input.

    >>> torch.nn.CELU(2.0)(torch.tensor([-1.0, 2.0]))
    tensor([-0.7869,  2.0000])

    Source: Barron 2017; PyTorch, `torch.nn.CELU`.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return then_inplace(f"alpha={self.alpha}", self.inplace)


class SELU(_Inplace):
    r"""Self-normalising ELU: scale · (x where positive, alpha · (eˣ - 1) elsewhere).

    scale = 1.0507... and alpha = 1.6733... keep mean 0 and variance 1, with weights from `init.lecun_normal_`
    and with `AlphaDropout`.

    Args:
        inplace: whether to overwrite the input.

    >>> torch.nn.SELU()(torch.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])

    Source: Klambauer et al. 2017; PyTorch, `torch.nn.SELU`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


class GELU(Module):
    r"""Gaussian error linear unit: x · Φ(x), Φ being the normal distribution function.

    Args:
        approximate: "none", or "tanh" for x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))).

    >>> torch.nn.GELU()(torch.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])

    Source: Hendrycks & Gimpel 2016; PyTorch, `torch.nn.GELU`.
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(_Inplace):
    r"""Sigmoid linear unit (swish): x · σ(x).

    Args:
        inplace: whether to overwrite the input.

    >>> torch.nn.SiLU()(torch.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])

    Source: Elfwing et al. 2017; Ramachandran et al. 2017; PyTorch, `torch.nn.SiLU`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, inplace=self.inplace)


class Mish(_Inplace):
    r"""x · tanh(softplus(x)).

    Args:
        inplace: whether to overwrite the input.

    >>> torch.nn.Mish()(torch.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])

    Source: Misra 2019; PyTorch, `torch.nn.Mish`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, inplace=self.inplace)


class Sigmoid(Module):
    r"""Logistic function: σ(x) = 1 / (1 + e⁻ˣ).

    >>> torch.nn.Sigmoid()(torch.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])

    Source: PyTorch, `torch.nn.Sigmoid`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class LogSigmoid(Module):
    r"""Logarithm of the logistic function: log(1 / (1 + e⁻ˣ)).

    >>> torch.nn.LogSigmoid()(torch.tensor([0.0, 2.0]))
    tensor([-0.6931, -0.1269])

    Source: PyTorch, `torch.nn.LogSigmoid`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Tanh(Module):
    r"""Hyperbolic tangent.

    >>> torch.nn.Tanh()(torch.tensor([-1.0, 2.0]))
    tensor([-0.7616,  0.9640])

    Source: PyTorch, `torch.nn.Tanh`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Softsign(Module):
    r"""x / (1 + |x|).

    >>> torch.nn.Softsign()(torch.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])

    Source: PyTorch, `torch.nn.Softsign`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Softplus(Module):
    r"""Smooth ReLU: log(1 + exp(beta · x)) / beta.

    Args:
        beta: how sharp the bend is.
        threshold: where beta · x is above it, the result is x.

    >>> torch.nn.Softplus()(torch.tensor([-1.0, 2.0]))
    tensor([0.3133, 2.1269])

    Source: PyTorch, `torch.nn.Softplus`.
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"
