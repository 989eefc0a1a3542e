"""`torch.utils.tensorboard`: logs of scalars, images and histograms that TensorBoard shows.

The files are written by tensorboardX, which the extra `tensorboard` brings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..tensor import Tensor

if TYPE_CHECKING:
    from typing import Self

__all__ = ["SummaryWriter"]


class SummaryWriter:
    """Writes events for TensorBoard into a directory; PyTorch's class of this name.

    Its methods are `add_scalar(tag, value, step)`, `add_scalars`, `add_histogram`, `add_image`, `add_images`,
    `add_figure`, `add_video`, `add_audio`, `add_text`, `add_embedding`, `add_pr_curve`, `add_mesh`,
    `add_hparams`, `flush` and `close`, with PyTorch's arguments.

    Args:
        log_dir: the directory; by default "runs/" with the time, the host's name and `comment`.
        comment: the end of the directory's name, if that is not given.
        purge_step: hide what an earlier run wrote from this step on.
        max_queue: how many events wait before they are written.
        flush_secs: or how many seconds.
        filename_suffix: the end of the file's name.

    Raises:
        ImportError: tensorboardX is not installed.
        RuntimeError: for `add_graph` and `add_onnx_graph`, for there is no traced graph.

    Source: PyTorch, `torch.utils.tensorboard.SummaryWriter`.
    """

    def __init__(
        self,
        log_dir: Any = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None:
        try:
            from tensorboardX import SummaryWriter as Writer
        except ImportError as error:
            raise ImportError(
                "torch.utils.tensorboard needs tensorboardX: pip install tinygrad_kr[tensorboard]"
            ) from error
        self._writer = Writer(
            None if log_dir is None else str(log_dir),
            comment,
            purge_step=purge_step,
            max_queue=max_queue,
            flush_secs=flush_secs,
            filename_suffix=filename_suffix,
        )
        self.log_dir: str = self._writer.logdir

    def get_logdir(self) -> str:
        """The directory."""
        return self.log_dir

    def add_hparams(
        self,
        hparam_dict: dict[str, Any],
        metric_dict: dict[str, Any],
        hparam_domain_discrete: dict[str, list[Any]] | None = None,
        run_name: str | None = None,
        global_step: int | None = None,
    ) -> None:
        """Hyperparameters, and the metrics they led to; `hparam_domain_discrete` has no effect."""
        self._writer.add_hparams(_plain(hparam_dict), _plain(metric_dict), run_name, global_step)

    def add_graph(self, *args: Any, **kwargs: Any) -> None:
        """Not part of tinygrad_kr: there is no traced graph to draw."""
        raise RuntimeError(
            "SummaryWriter.add_graph is not part of tinygrad_kr, which traces no graphs; write str(model) "
            "with add_text"
        )

    add_onnx_graph = add_graph

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not (name.startswith("add_") or name in ("flush", "close")):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        method = getattr(self._writer, name)
        return lambda *args, **kwargs: method(*_plain(args), **_plain(kwargs))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _plain(value: Any) -> Any:
    """Arguments with arrays in place of tensors."""
    if isinstance(value, Tensor):
        return value.numpy(force=True)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_plain(one) for one in value)
    return value
