"""Every layer and loss once or more, as a constructor written against PyTorch's API and what to feed it.

`test_layers.py` walks the catalogue with plain checks, `test_layers_torch.py` compares it with PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Draw = Callable[[np.random.Generator], np.ndarray]


def real(*shape: int) -> Draw:
    """Normal values; these need gradients."""
    return lambda rng: rng.standard_normal(shape).astype(np.float32)


def positive(*shape: int) -> Draw:
    """Values in (0.05, 0.95)."""
    return lambda rng: rng.uniform(0.05, 0.95, shape).astype(np.float32)


def integers(high: int, *shape: int) -> Draw:
    """Integers from 0 to high - 1."""
    return lambda rng: rng.integers(0, high, shape)


def signs(*shape: int) -> Draw:
    """-1 or 1."""
    return lambda rng: rng.choice([-1.0, 1.0], shape).astype(np.float32)


def fixed(values: Any) -> Draw:
    """These values."""
    return lambda rng: np.array(values)


@dataclass(frozen=True)
class Case:
    """A module and its inputs; the first `trained` inputs need gradients."""

    name: str
    make: Callable[[Any], Any]  # takes `torch`
    inputs: tuple[Draw, ...]
    trained: int = 1
    tolerance: float = 2e-5

    def __str__(self) -> str:
        return self.name


cases: list[Case] = []


def case(make: str, *inputs: Draw, trained: int = 1, tolerance: float = 2e-5) -> None:
    """Add a case; `make` is the expression that constructs it, in which `nn` and `torch` are known."""
    function = lambda torch: eval(make, {"torch": torch, "nn": torch.nn})  # noqa: E731
    cases.append(Case(make, function, inputs, trained, tolerance))


# -- linear ----------------------------------------------------------------------------------------
case("nn.Identity(3, x=4)", real(2, 3))
case("nn.Linear(4, 3)", real(2, 4))
case("nn.Linear(20, 30)", real(5, 2, 20))
case("nn.Linear(4, 3, bias=False)", real(4))
case("nn.Linear(17, 3, dtype=torch.float32, device='cpu')", real(2, 17))
case("nn.Bilinear(3, 4, 2)", real(5, 3), real(5, 4), trained=2)
case("nn.Bilinear(3, 4, 2, bias=False)", real(5, 3), real(5, 4), trained=2)
case("nn.Flatten()", real(2, 3, 4))
case("nn.Flatten(0, 1)", real(2, 3, 4))
case("nn.Unflatten(1, (2, 3))", real(2, 6))
case("nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))", real(3, 4))

# -- convolution -----------------------------------------------------------------------------------
case("nn.Conv1d(3, 4, 3)", real(2, 3, 9))
case("nn.Conv1d(4, 4, 3, stride=2, padding=1, groups=2, bias=False)", real(2, 4, 9))
case("nn.Conv1d(2, 3, 4, padding='same', dilation=2)", real(2, 2, 9))
case("nn.Conv1d(2, 3, 3, padding=2, padding_mode='circular')", real(2, 2, 9))
case("nn.Conv2d(3, 8, 3, padding=1)", real(2, 3, 7, 7))
case("nn.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2))", real(2, 3, 8, 7))
case("nn.Conv2d(4, 8, 3, groups=4)", real(4, 6, 6))
case("nn.Conv2d(2, 3, 3, padding='valid')", real(1, 2, 5, 5))
case("nn.Conv2d(2, 3, (4, 3), padding='same', padding_mode='reflect')", real(1, 2, 6, 5))
case("nn.Conv2d(2, 3, 3, padding=(1, 2), padding_mode='replicate')", real(1, 2, 5, 5))
case("nn.Conv3d(2, 3, (2, 3, 2), padding=1)", real(1, 2, 4, 5, 4))
case("nn.Conv3d(2, 2, 2, stride=2, padding_mode='circular', padding=1)", real(1, 2, 4, 4, 4))
case("nn.ConvTranspose1d(3, 2, 3, stride=2, output_padding=1)", real(2, 3, 5))
case("nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1)", real(2, 4, 4, 4))
case("nn.ConvTranspose2d(4, 6, (2, 3), groups=2, dilation=2, bias=False)", real(4, 3, 4))
case("nn.ConvTranspose3d(2, 1, 2, stride=2)", real(1, 2, 2, 3, 2))

# -- normalisation ---------------------------------------------------------------------------------
case("nn.BatchNorm1d(4)", real(6, 4))
case("nn.BatchNorm1d(4, momentum=None)", real(6, 4, 3))
case("nn.BatchNorm1d(4, affine=False, track_running_stats=False)", real(6, 4))
case("nn.BatchNorm2d(3, eps=1e-3, momentum=0.3)", real(4, 3, 5, 5))
case("nn.BatchNorm2d(3, bias=False)", real(4, 3, 5, 5))
case("nn.BatchNorm2d(3).eval()", real(4, 3, 5, 5))
case("nn.BatchNorm2d(3, track_running_stats=False).eval()", real(4, 3, 5, 5))
case("nn.SyncBatchNorm(3, momentum=None)", real(4, 3, 5))
case("nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.BatchNorm1d(4, bias=False)))", real(6, 4))
case("nn.BatchNorm3d(2)", real(3, 2, 3, 3, 2))
case("nn.InstanceNorm1d(3)", real(2, 3, 7), tolerance=5e-5)
case("nn.InstanceNorm1d(3, affine=True)", real(3, 7), tolerance=5e-5)
case("nn.InstanceNorm2d(3, affine=True, track_running_stats=True)", real(2, 3, 5, 4), tolerance=5e-5)
case("nn.InstanceNorm2d(3, track_running_stats=True).eval()", real(2, 3, 5, 4))
case("nn.InstanceNorm3d(2)", real(2, 2, 3, 3, 3), tolerance=5e-5)
case("nn.LayerNorm(5)", real(3, 5), tolerance=5e-5)
case("nn.LayerNorm((4, 5), eps=1e-3, bias=False)", real(3, 4, 5))
case("nn.LayerNorm([5], elementwise_affine=False)", real(3, 5), tolerance=5e-5)
case("nn.GroupNorm(2, 4)", real(3, 4, 5))
case("nn.GroupNorm(4, 4, affine=False)", real(3, 4, 5, 2))
case("nn.GroupNorm(1, 4, bias=False)", real(3, 4, 5, 2))
case("nn.RMSNorm(6)", real(3, 6))
case("nn.RMSNorm((2, 6), eps=1e-2, elementwise_affine=False)", real(3, 2, 6))
case("nn.LocalResponseNorm(2)", real(3, 4, 5))
case("nn.LocalResponseNorm(3, alpha=0.1, beta=0.5, k=2.0)", real(3, 4, 5, 5))

# -- layers that find out the size of their input: after a first call they are ordinary ones --------
for _layer, _shape in (
    ("LazyLinear(3)", (2, 4)),
    ("LazyLinear(3, bias=False)", (2, 4)),
    ("LazyConv1d(4, 3, stride=2)", (2, 3, 9)),
    ("LazyConv2d(4, 3, padding=1, groups=2)", (2, 4, 5, 5)),
    ("LazyConv2d(4, 3, bias=False)", (3, 5, 5)),
    ("LazyConv3d(4, 2)", (1, 2, 3, 3, 3)),
    ("LazyConvTranspose1d(2, 3, stride=2, output_padding=1)", (2, 3, 5)),
    ("LazyConvTranspose2d(2, 3)", (2, 4, 4, 4)),
    ("LazyConvTranspose3d(2, 2)", (1, 2, 2, 2, 2)),
    ("LazyBatchNorm1d()", (6, 4)),
    ("LazyBatchNorm2d(affine=False)", (4, 3, 5, 5)),
    ("LazyBatchNorm3d(bias=False, momentum=None)", (3, 2, 3, 3, 2)),
    ("LazyInstanceNorm1d()", (2, 3, 7)),
    ("LazyInstanceNorm2d(affine=False)", (2, 3, 5, 5)),
    ("LazyInstanceNorm3d(0.1)", (2, 2, 3, 3, 3)),
):
    _called = f"(lambda layer: (layer(torch.ones({_shape})), layer)[1])(nn.{_layer})"
    case(_called, real(*_shape), tolerance=5e-5)

# -- activations -----------------------------------------------------------------------------------
for _name in (
    *(
        "ReLU()",
        "ReLU6()",
        "LeakyReLU()",
        "LeakyReLU(0.2)",
        "PReLU()",
        "ELU()",
        "ELU(0.5)",
        "CELU(2.0)",
        "SELU()",
    ),
    *("GELU()", "GELU('tanh')", "SiLU()", "Mish()", "Sigmoid()", "LogSigmoid()", "Tanh()", "Tanhshrink()"),
    *("Softsign()", "Softplus()", "Softplus(2, 1)", "Hardshrink()", "Hardshrink(0.2)", "Softshrink()"),
    *("Hardtanh()", "Hardtanh(-0.5, 0.7)", "Hardsigmoid()", "Hardswish()", "Threshold(0.1, 20)"),
    *(
        "RReLU().eval()",
        "RReLU(0.1, 0.3)",
        "Softmax(1)",
        "Softmin(dim=0)",
        "LogSoftmax(-1)",
        "GLU()",
        "GLU(0)",
    ),
):
    case(f"nn.{_name}", real(4, 6))
case("nn.PReLU(3, init=0.1)", real(2, 3, 4))
case("nn.Softmax2d()", real(2, 3, 2, 2))
case("nn.Softmax2d()", real(3, 2, 2))

# -- pooling ---------------------------------------------------------------------------------------
case("nn.MaxPool1d(2)", real(2, 3, 9))
case("nn.MaxPool1d(3, stride=2, padding=1, ceil_mode=True)", real(3, 10))
case("nn.MaxPool2d(2)", real(2, 3, 6, 6))
case("nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0))", real(2, 3, 7, 6))
case("nn.MaxPool2d(3, 2, dilation=2, return_indices=True)", real(2, 3, 9, 8))
case("nn.MaxPool3d(2)", real(1, 2, 4, 4, 4))
case("nn.AvgPool1d(2)", real(2, 3, 9))
case("nn.AvgPool1d(3, 1, 1, count_include_pad=False)", real(2, 3, 9))
case("nn.AvgPool2d(2)", real(2, 3, 6, 6))
case("nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True)", real(2, 3, 6, 6))
case("nn.AvgPool2d((2, 3), divisor_override=5)", real(2, 3, 6, 6))
case("nn.AvgPool3d(2, padding=1)", real(1, 2, 4, 4, 4))
case("nn.LPPool1d(2, 3)", positive(2, 3, 9))
case("nn.LPPool2d(3, 2, stride=1)", positive(2, 3, 6, 6))
case("nn.LPPool3d(2, 2)", positive(1, 2, 4, 4, 4))
case("nn.AdaptiveAvgPool1d(3)", real(2, 3, 8))
case("nn.AdaptiveAvgPool2d(1)", real(2, 3, 5, 6))
case("nn.AdaptiveAvgPool2d((3, None))", real(2, 3, 5, 6))
case("nn.AdaptiveAvgPool3d(2)", real(1, 2, 3, 4, 5))
case("nn.AdaptiveMaxPool1d(3)", real(2, 3, 8))
case("nn.AdaptiveMaxPool2d((3, 2), return_indices=True)", real(2, 3, 5, 6))
case("nn.AdaptiveMaxPool3d(2)", real(1, 2, 3, 4, 5))
case("nn.FractionalMaxPool2d(2, output_size=(3, 2))", real(2, 3, 6, 5))
case("nn.FractionalMaxPool2d((3, 2), output_ratio=0.5, return_indices=True)", real(3, 9, 8))
case("nn.FractionalMaxPool3d(2, output_size=2)", real(2, 2, 4, 5, 6))
case("nn.FractionalMaxPool3d((2, 1, 3), output_ratio=(0.5, 0.7, 0.6))", real(2, 6, 5, 9))
case("nn.MaxUnpool1d(2)", real(1, 1, 2), fixed([[[1, 2]]]))
case("nn.MaxUnpool2d((2, 1), stride=(2, 1))", real(1, 1, 1, 2), fixed([[[[2, 1]]]]))
case("nn.MaxUnpool3d(2)", real(1, 1, 1, 1, 1), fixed([[[[[5]]]]]))

# -- padding and pixels ----------------------------------------------------------------------------
for _dims, _shape in ((1, (2, 3, 5)), (2, (2, 3, 5, 4)), (3, (1, 2, 4, 4, 3))):
    _wide = tuple(range(1, 2 * _dims + 1)) if _dims < 3 else (1, 2, 1, 0, 2, 1)
    for _kind in ("Zero", "Reflection", "Replication", "Circular"):
        case(f"nn.{_kind}Pad{_dims}d(1)", real(*_shape))
    case(f"nn.ZeroPad{_dims}d({_wide})", real(*_shape))
    case(f"nn.ConstantPad{_dims}d({_wide}, 2.5)", real(*_shape))
    case(f"nn.ReplicationPad{_dims}d({_wide})", real(*_shape))
case("nn.Upsample(scale_factor=2)", real(1, 2, 3, 3))
case("nn.Upsample(size=(5, 4), mode='bilinear')", real(1, 2, 3, 3))
case("nn.Upsample(scale_factor=(2, 3), mode='bicubic', align_corners=True)", real(1, 2, 3, 3))
case("nn.Upsample(scale_factor=2, mode='linear')", real(1, 2, 5))
case("nn.Upsample(scale_factor=2, mode='trilinear')", real(1, 1, 2, 3, 2))
case("nn.UpsamplingNearest2d(scale_factor=3)", real(1, 2, 3, 3))
case("nn.UpsamplingBilinear2d(size=(7, 5))", real(1, 2, 3, 3))
case("nn.PixelShuffle(2)", real(1, 8, 2, 3))
case("nn.PixelUnshuffle(2)", real(1, 2, 4, 6))
case("nn.ChannelShuffle(2)", real(1, 4, 2, 2))
case("nn.Unfold((2, 3), dilation=1, padding=1, stride=2)", real(2, 3, 6, 6))
case("nn.Fold((5, 5), kernel_size=2, stride=1)", real(2, 12, 16))

# -- embedding -------------------------------------------------------------------------------------
case("nn.Embedding(10, 3)", integers(10, 2, 4), trained=0)
case("nn.Embedding(10, 3, padding_idx=2)", integers(4, 2, 4), trained=0)
case("nn.Embedding(10, 3, padding_idx=-1, scale_grad_by_freq=True)", integers(3, 2, 4), trained=0)
case("nn.Embedding(6, 3, max_norm=1.0, norm_type=1.0)", integers(6, 5), trained=0)
case("nn.Embedding.from_pretrained(torch.arange(6.0).view(2, 3), freeze=False)", integers(2, 3), trained=0)
case("nn.EmbeddingBag(10, 3)", integers(10, 2, 4), trained=0)
case("nn.EmbeddingBag(10, 3, mode='sum', padding_idx=1)", integers(4, 2, 4), trained=0)
case("nn.EmbeddingBag(10, 3, mode='max')", integers(10, 6), fixed([0, 2, 5]), trained=0)
case(
    "nn.EmbeddingBag(10, 3, mode='sum', include_last_offset=True)",
    integers(10, 6),
    fixed([0, 2, 6]),
    trained=0,
)

# -- softmax over many classes ---------------------------------------------------------------------
case("nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10])", real(9, 8), fixed([0, 19, 5, 4, 3, 10, 11, 2, 7]))
case(
    "nn.AdaptiveLogSoftmaxWithLoss(8, 20, (4,), div_value=2.0, head_bias=True)", real(3, 8), fixed([7, 1, 19])
)

# -- distances and losses --------------------------------------------------------------------------
case("nn.PairwiseDistance()", real(3, 4), real(3, 4), trained=2)
case("nn.PairwiseDistance(p=1, keepdim=True)", real(3, 4), real(3, 4), trained=2)
case("nn.CosineSimilarity()", real(3, 4), real(3, 4), trained=2)
case("nn.CosineSimilarity(dim=0)", real(3, 4), real(3, 4), trained=2)
for _reduction in ("mean", "sum", "none"):
    _r = f"reduction='{_reduction}'"
    case(f"nn.MSELoss({_r})", real(3, 4), real(3, 4))
    case(f"nn.L1Loss({_r})", real(3, 4), real(3, 4))
    case(f"nn.SmoothL1Loss({_r}, beta=0.5)", real(3, 4), real(3, 4))
    case(f"nn.HuberLoss({_r}, delta=0.7)", real(3, 4), real(3, 4))
    case(f"nn.BCELoss({_r})", positive(3, 4), positive(3, 4))
    case(f"nn.BCELoss(weight=torch.tensor([1.0, 2.0, 3.0, 4.0]), {_r})", positive(3, 4), positive(3, 4))
    case(f"nn.BCEWithLogitsLoss({_r})", real(3, 4), positive(3, 4))
    case(
        f"nn.BCEWithLogitsLoss(pos_weight=torch.tensor([1.0, 2.0, 3.0, 4.0]), {_r})",
        real(3, 4),
        positive(3, 4),
    )
    case(f"nn.PoissonNLLLoss({_r})", real(3, 4), positive(3, 4))
    case(f"nn.PoissonNLLLoss(log_input=False, full=True, {_r})", positive(3, 4), positive(3, 4))
    case(f"nn.GaussianNLLLoss({_r}, full=True)", real(3, 4), real(3, 4), positive(3, 4), trained=3)
    case(f"nn.KLDivLoss({_r})", real(3, 4), positive(3, 4))
    case(f"nn.NLLLoss({_r})", real(3, 4), integers(4, 3))
    case(f"nn.CrossEntropyLoss({_r})", real(3, 4), integers(4, 3))
    case(f"nn.CrossEntropyLoss({_r}, label_smoothing=0.1)", real(3, 4, 2), integers(4, 3, 2))
    case(
        f"nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 3.0]), ignore_index=1, {_r})",
        real(5, 3),
        fixed([0, 1, 2, 2, 0]),
    )
    case(f"nn.CrossEntropyLoss({_r})", real(3, 4), positive(3, 4))
    case(f"nn.HingeEmbeddingLoss({_r})", real(3, 4), signs(3, 4))
    case(f"nn.CosineEmbeddingLoss(margin=0.2, {_r})", real(3, 4), real(3, 4), signs(3), trained=2)
    case(f"nn.MarginRankingLoss(margin=0.2, {_r})", real(3), real(3), signs(3), trained=2)
    case(f"nn.SoftMarginLoss({_r})", real(3, 4), signs(3, 4))
    case(f"nn.MultiMarginLoss(p=2, margin=0.7, {_r})", real(3, 4), integers(4, 3))
    case(f"nn.MultiLabelMarginLoss({_r})", real(2, 4), fixed([[3, 0, -1, 1], [1, 2, 3, -1]]))
    case(f"nn.MultiLabelSoftMarginLoss({_r})", real(3, 4), integers(2, 3, 4))
    case(f"nn.TripletMarginLoss(p=1, swap=True, {_r})", real(3, 4), real(3, 4), real(3, 4), trained=3)
    case(f"nn.TripletMarginWithDistanceLoss({_r})", real(3, 4), real(3, 4), real(3, 4), trained=3)
    # PyTorch's gradient is that of the logits behind the log-probabilities: not compared here
    _targets, _lengths = fixed([[1, 2, 2], [3, 1, 1]]), (fixed([6, 5]), fixed([3, 2]))
    case(f"nn.CTCLoss({_r})", real(6, 2, 4), _targets, *_lengths, trained=0)
case("nn.KLDivLoss(reduction='batchmean', log_target=True)", real(3, 4), real(3, 4))
