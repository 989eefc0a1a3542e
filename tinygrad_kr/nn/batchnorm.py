"""Batch and instance normalisation, with their running statistics."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, Self

from ..ops.creation import ones, tensor, zeros
from ..tensor import Tensor
from . import functional as F
from . import init
from ._arguments import new_parameter, require_size
from .module import Module
from .parameter import Parameter

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "SyncBatchNorm",
]


class _NormBase(Module):
    """The parameters and the running statistics that batch and instance norm share."""

    _version = 2  # since which num_batches_tracked is in the state dict
    frozen = False  # `transfer.freeze` sets it: then `train()` leaves the layer in evaluation mode
    accepted: ClassVar[tuple[int, ...]]  # numbers of dimensions of the input

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        require_size("num_features", num_features, least=0)
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        options = {"device": device, "dtype": dtype}
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(name, new_parameter(num_features, **options) if wanted else None)
        tracked = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, **options) if tracked else None)
        self.register_buffer("running_var", ones(num_features, **options) if tracked else None)
        self.register_buffer("num_batches_tracked", tensor(0, device=device) if tracked else None)
        self.reset_parameters()

    def train(self, mode: bool = True) -> Self:
        """Training or evaluation mode; evaluation in any case while the statistics are frozen."""
        return super().train(mode and not self.frozen)

    def reset_running_stats(self) -> None:
        """Forget the running statistics: mean 0, variance 1, no batch counted."""
        if self.track_running_stats:
            self.running_mean.zero_()  # type: ignore[union-attr]
            self.running_var.fill_(1)  # type: ignore[union-attr]
            self.num_batches_tracked.zero_()  # type: ignore[union-attr]

    def reset_parameters(self) -> None:
        """Forget the running statistics, set the weight to 1 and the bias to 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        if input._array.ndim not in self.accepted:
            expected = " or ".join(f"{dims}D" for dims in self.accepted)
            raise ValueError(f"expected {expected} input (got {input._array.ndim}D input)")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *rest: Any
    ) -> None:
        key = prefix + "num_batches_tracked"
        if local_metadata.get("version", 1) < 2 and self.track_running_stats and key not in state_dict:
            counted = self.num_batches_tracked
            state_dict[key] = tensor(0) if counted is None else counted
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class _BatchNorm(_NormBase):
    """The forward of batch norm."""

    def forward(self, input: Tensor) -> Tensor:
        """The input normalised: with the statistics of the batch in training, with the running ones else."""
        self._check_input_dim(input)
        running_mean, running_var = self.running_mean, self.running_var
        if not self.training:
            by_batch = running_mean is None and running_var is None
            return F.batch_norm(
                input, running_mean, running_var, self.weight, self.bias, by_batch, 0.0, self.eps
            )
        factor = 0.0 if self.momentum is None else self.momentum
        if not self.track_running_stats:
            running_mean = running_var = None
        elif self.num_batches_tracked is not None:
            self.num_batches_tracked._array += 1
            self.num_batches_tracked._storage.version += 1
            if self.momentum is None:
                factor = 1.0 / float(self.num_batches_tracked)
        return F.batch_norm(input, running_mean, running_var, self.weight, self.bias, True, factor, self.eps)


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of vectors or signals; the arguments are those of `BatchNorm2d`.

    Shapes: (N, C) or (N, C, L) -> the same.

    >>> torch.nn.BatchNorm1d(100)(torch.randn(20, 100)).mean(0).abs().max().item() < 1e-5
    True

    Source: PyTorch, `torch.nn.BatchNorm1d`.
    """

    accepted = (2, 3)


class BatchNorm2d(_BatchNorm):
    r"""Batch normalisation of images: each channel gets mean 0 and variance 1 over the batch, then γ and β.

    y = (x - mean) / √(var + eps) · γ + β. In training mean and (biased) variance are those of the batch, over
    samples and positions, and the running ones follow: running ← (1 - momentum) · running + momentum · batch,
    with the unbiased variance. In evaluation (`eval()`) the running ones are used and stay.

    Args:
        num_features: the channels C of the input.
        eps: keeps the root away from 0.
        momentum: the weight of the newest batch in the running statistics; None for the mean of all batches.
        affine: whether γ (`weight`) and β (`bias`), one per channel, are learned.
        track_running_stats: whether there are running statistics; without them, evaluation uses the batch's
            too.
        device, dtype: of parameters and buffers.
        bias: whether β is learned, if γ is.

    Shapes: (N, C, H, W) -> the same.

    Raises:
        ValueError: an input of other dimensions, or in training one value per channel only.

    >>> bn = torch.nn.BatchNorm2d(100)
    >>> bn(torch.randn(20, 100, 35, 45)).shape, bn.num_batches_tracked
    (torch.Size([20, 100, 35, 45]), tensor(1))

    Source: Ioffe & Szegedy 2015, "Batch normalization"; PyTorch, `torch.nn.BatchNorm2d`.
    """

    accepted = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of volumes or videos; the arguments are those of `BatchNorm2d`.

    Shapes: (N, C, D, H, W) -> the same.

    >>> torch.nn.BatchNorm3d(2)(torch.randn(3, 2, 4, 4, 4)).shape
    torch.Size([3, 2, 4, 4, 4])

    Source: PyTorch, `torch.nn.BatchNorm3d`.
    """

    accepted = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation over the batches of all processes; of the one process there is, like `BatchNorm2d`.

    Args:
        process_group: kept, without effect.

    Shapes: (N, C, *) -> the same.

    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    >>> torch.nn.SyncBatchNorm.convert_sync_batchnorm(net)[1]
    SyncBatchNorm(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)

    Source: PyTorch, `torch.nn.SyncBatchNorm`.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input)")
        if input.size(1) == 0:
            raise ValueError("SyncBatchNorm number of input channels should be non-zero")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """The module with a `SyncBatchNorm` in place of every batch norm in it; they share the tensors."""
        converted = module
        if isinstance(module, _BatchNorm):
            converted = cls(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            for table in ("_parameters", "_buffers"):
                converted.__dict__[table].update(module.__dict__[table])
            converted.training = module.training
        for name, child in module.named_children():
            converted.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return converted


class _InstanceNorm(_NormBase):
    """The forward of instance norm."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """The input normalised, each sample and channel by its own statistics."""
        self._check_input_dim(input)
        unbatched = input.dim() == self.accepted[0]
        dim = 0 if unbatched else 1
        if input.size(dim) != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={dim} to match num_features ({self.num_features}), but "
                    f"got: {input.size(dim)}."
                )
            warnings.warn(
                f"input's size at dim={dim} does not match num_features. You can silence this warning by not "
                "passing in num_features, which is not used because affine=False",
                UserWarning,
                stacklevel=2,
            )
        out = F.instance_norm(
            input.unsqueeze(0) if unbatched else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return out.squeeze(0) if unbatched else out

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        superfluous = [
            prefix + name for name in ("running_mean", "running_var") if prefix + name in state_dict
        ]
        if local_metadata.get("version") is None and not self.track_running_stats and superfluous:
            names = " and ".join(f'"{key}"' for key in superfluous)
            klass = type(self).__name__
            error_msgs.append(
                f"Unexpected running stats buffer(s) {names} for {klass} with track_running_stats=False. "
                f"Remove these keys from the state_dict, or set track_running_stats=True in {klass} if they "
                "are needed."
            )
            for key in superfluous:
                state_dict.pop(key)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation of signals; the arguments are those of `InstanceNorm2d`.

    Shapes: (N, C, L) or (C, L) -> the same.

    >>> torch.nn.InstanceNorm1d(4)(torch.randn(2, 4, 10)).shape
    torch.Size([2, 4, 10])

    Source: PyTorch, `torch.nn.InstanceNorm1d`.
    """

    accepted = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    r"""Instance normalisation of images: each channel of each sample gets mean 0 and variance 1.

    y = (x - mean) / √(var + eps) · γ + β, with the statistics over the positions of one channel of one
    sample, in training and evaluation alike unless `track_running_stats`.

    Args:
        num_features: the channels C of the input.
        eps: keeps the root away from 0.
        momentum: the weight of the newest batch in the running statistics.
        affine: whether γ (`weight`) and β (`bias`), one per channel, are learned.
        track_running_stats: whether to keep running statistics, which evaluation then uses.
        device, dtype: of parameters and buffers.
        bias: whether β is learned, if γ is.

    Shapes: (N, C, H, W) or (C, H, W) -> the same.

    Raises:
        ValueError: an input of other dimensions, or with `affine` one of other channels.

    >>> torch.nn.InstanceNorm2d(4)(torch.randn(2, 4, 5, 5)).mean((2, 3)).abs().max().item() < 1e-5
    True

    Source: Ulyanov et al. 2016, "Instance normalization"; PyTorch, `torch.nn.InstanceNorm2d`.
    """

    accepted = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation of volumes; the arguments are those of `InstanceNorm2d`.

    Shapes: (N, C, D, H, W) or (C, D, H, W) -> the same.

    >>> torch.nn.InstanceNorm3d(4)(torch.randn(2, 4, 3, 3, 3)).shape
    torch.Size([2, 4, 3, 3, 3])

    Source: PyTorch, `torch.nn.InstanceNorm3d`.
    """

    accepted = (4, 5)
