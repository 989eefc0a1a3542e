"""Boxes (x1, y1, x2, y2): areas, overlaps, and the choice among boxes that overlap."""

from __future__ import annotations

import numpy as np

from ...ops.joining import stack
from ...tensor import Tensor, wrap

__all__ = ["box_area", "box_convert", "box_iou", "nms"]


def box_area(boxes: Tensor) -> Tensor:
    """The areas of boxes (..., 4).

    >>> box_area(torch.tensor([[0.0, 0.0, 2.0, 3.0]]))
    tensor([6.])

    Source: torchvision, `box_area`.
    """
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """What share of their union any two boxes have in common: (N, 4), (M, 4) -> (N, M).

    >>> box_iou(torch.tensor([[0.0, 0.0, 2.0, 2.0]]), torch.tensor([[1.0, 0.0, 3.0, 2.0]]))
    tensor([[0.3333]])

    Source: torchvision, `box_iou`.
    """
    low = boxes1[..., :, None, :2].maximum(boxes2[..., None, :, :2])
    high = boxes1[..., :, None, 2:].minimum(boxes2[..., None, :, 2:])
    sides = (high - low).clamp(min=0)
    common = sides[..., 0] * sides[..., 1]
    return common / (box_area(boxes1)[..., :, None] + box_area(boxes2)[..., None, :] - common)


def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor:
    """Boxes in another form: corners "xyxy", corner and size "xywh", or middle and size "cxcywh".

    Raises:
        ValueError: another form.

    >>> box_convert(torch.tensor([1.0, 2.0, 5.0, 4.0]), "xyxy", "cxcywh")
    tensor([3., 3., 4., 2.])

    Source: torchvision, `box_convert`.
    """
    forms = ("xyxy", "xywh", "cxcywh")
    if in_fmt not in forms or out_fmt not in forms:
        raise ValueError(f"a form of boxes is one of {forms}, got {in_fmt!r} and {out_fmt!r}")
    if in_fmt == out_fmt:
        return boxes.clone()
    a, b, c, d = boxes.unbind(-1)
    if in_fmt == "xywh":
        a, b, c, d = a, b, a + c, b + d
    elif in_fmt == "cxcywh":
        a, b, c, d = a - 0.5 * c, b - 0.5 * d, a + 0.5 * c, b + 0.5 * d
    if out_fmt == "xywh":
        a, b, c, d = a, b, c - a, d - b
    elif out_fmt == "cxcywh":
        a, b, c, d = (a + c) / 2, (b + d) / 2, c - a, d - b
    return stack([a, b, c, d], -1)


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """The boxes that remain when each one drops the lower-scored ones that overlap it too much.

    Args:
        boxes: (N, 4).
        scores: (N,).
        iou_threshold: of overlap (`box_iou`), above which a box is dropped.

    Returns:
        Their indices, by falling score.

    >>> boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 1.9], [5.0, 5.0, 6.0, 6.0]])
    >>> nms(boxes, torch.tensor([0.5, 0.9, 0.4]), 0.5)
    tensor([1, 2])

    Source: torchvision, `nms`.
    """
    overlap = box_iou(boxes.detach(), boxes.detach()).numpy() > iou_threshold
    kept: list[int] = []
    dropped = np.zeros(len(overlap), bool)
    for index in np.argsort(-scores.detach().numpy(), kind="stable"):
        if not dropped[index]:
            kept.append(int(index))
            dropped |= overlap[index]
    return wrap(np.array(kept, np.int64))
