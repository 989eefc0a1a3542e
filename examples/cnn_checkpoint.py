"""The checkpoint of `train_cnn.py`: an `.npz` of plain arrays, written atomically, read without pickle."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_kr as torch


def save(
    path: Path, model: Any, optimizer: Any, scheduler: Any, history: Any, best: dict[str, Any], epoch: int
) -> None:
    """Write all that going on needs. A process killed at any moment leaves the previous file whole."""
    state = {
        "model": model.state_dict(),
        "best": best,
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "history": vars(history),
        "epoch": epoch,
        "random": torch.get_rng_state(),
    }
    arrays: dict[str, np.ndarray] = {}
    arrays["structure"] = np.array(json.dumps(_flatten(state, arrays)))
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load(path: Path) -> dict[str, Any]:
    """What `save` wrote.

    Raises:
        ValueError: the file is no checkpoint of this program, or is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return _restore(json.loads(str(arrays["structure"])), arrays)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is not a whole checkpoint of train_cnn.py: {error}") from error


def restore(saved: dict[str, Any], model: Any, optimizer: Any, scheduler: Any, history: Any) -> int:
    """Put a loaded checkpoint into the parts of a training run; returns how many epochs are done."""
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    scheduler.load_state_dict(saved["scheduler"])
    vars(history).update(saved["history"])
    torch.set_rng_state(saved["random"])
    return saved["epoch"]


def _flatten(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The structure as JSON, its tensors replaced by the names of arrays."""
    if isinstance(value, torch.Tensor):
        name = f"array{len(arrays)}"
        arrays[name] = value.detach().numpy()
        return {"tensor": name}
    if isinstance(value, dict):
        return {"items": [[_flatten(key, arrays), _flatten(one, arrays)] for key, one in value.items()]}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [_flatten(one, arrays) for one in value]}
    return value


def _restore(value: Any, arrays: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return torch.from_numpy(arrays[content])
    if kind == "items":
        return {_restore(key, arrays): _restore(one, arrays) for key, one in content}
    parts = [_restore(one, arrays) for one in content]
    return tuple(parts) if kind == "tuple" else parts
