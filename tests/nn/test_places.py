"""Programs import layers and helpers from the files in which PyTorch has them."""

from __future__ import annotations

import pytest

import tinygrad_kr as torch

IMPORTS = """
from tinygrad_kr.nn.common_types import _size_2_t, _ratio_2_t, _size_any_t
from tinygrad_kr.nn.modules.activation import MultiheadAttention, ReLU, Hardtanh, Softmax
from tinygrad_kr.nn.modules.batchnorm import _BatchNorm, _NormBase, SyncBatchNorm
from tinygrad_kr.nn.modules.container import ModuleDict, ParameterList, Sequential
from tinygrad_kr.nn.modules.conv import _ConvNd, Conv2d
from tinygrad_kr.nn.modules.lazy import LazyModuleMixin
from tinygrad_kr.nn.modules.loss import CrossEntropyLoss, HingeEmbeddingLoss
from tinygrad_kr.nn.modules.pooling import FractionalMaxPool2d, MaxUnpool2d
from tinygrad_kr.nn.modules.rnn import GRUCell, LSTM, RNNBase
from tinygrad_kr.nn.modules.transformer import TransformerEncoderLayer
from tinygrad_kr.nn.modules.utils import _pair, _triple
from tinygrad_kr.nn.parameter import Parameter, UninitializedParameter
from tinygrad_kr.nn.parallel import DataParallel, DistributedDataParallel
from tinygrad_kr.nn.utils.clip_grad import clip_grad_norm_
from tinygrad_kr.nn.utils.convert_parameters import parameters_to_vector
from tinygrad_kr.nn.utils.fusion import fuse_conv_bn_eval
from tinygrad_kr.nn.utils.parametrizations import orthogonal
from tinygrad_kr.nn.utils.prune import l1_unstructured
from tinygrad_kr.nn.utils.rnn import PackedSequence, unpad_sequence
from tinygrad_kr.nn.utils.weight_norm import WeightNorm
from tinygrad_kr.optim.lr_scheduler import _LRScheduler, LRScheduler
from tinygrad_kr.optim.optimizer import Optimizer, required
from tinygrad_kr.optim.swa_utils import AveragedModel
from tinygrad_kr.utils.data.dataloader import default_collate
from tinygrad_kr.utils.data.dataset import random_split
from tinygrad_kr.utils.data.distributed import DistributedSampler
from tinygrad_kr.utils.hooks import RemovableHandle
from tinygrad_kr.utils.model_zoo import load_url
from tinygrad_kr.utils.tensorboard import SummaryWriter
""".strip().splitlines()


@pytest.mark.parametrize("statement", IMPORTS)
def test_places(statement: str) -> None:
    exec(statement, {})


@pytest.mark.torch
@pytest.mark.parametrize("statement", IMPORTS)
def test_they_are_pytorchs(statement: str) -> None:
    pytest.importorskip("torch", reason="compares with PyTorch")
    if "tensorboard" not in statement:  # PyTorch's needs another package
        exec(statement.replace("tinygrad_kr", "torch"), {})


def test_the_class_is_the_same_everywhere() -> None:
    assert torch.nn.modules.rnn.LSTM is torch.nn.LSTM is torch.nn.modules.LSTM
    assert torch.nn.modules.conv is torch.nn.conv


def test_distributed_modules_can_be_asked_for_but_not_made() -> None:
    net = torch.nn.Linear(1, 1)
    assert not isinstance(net, torch.nn.parallel.DistributedDataParallel)
    with pytest.raises(RuntimeError, match="one process"):
        torch.nn.parallel.DistributedDataParallel(net)
