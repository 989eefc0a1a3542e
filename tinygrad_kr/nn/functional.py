"""TEMPORARY while the op pages are being written."""

import importlib

_pages = [
    "activation",
    "piecewise",
    "exponential",
    "trigonometry",
    "elementwise",
    "linear",
    "conv",
    "padding",
    "pooling",
    "adaptive_pooling",
    "unpooling",
    "unfolding",
    "normalization",
    "loss",
    "loss_classification",
    "loss_likelihood",
    "loss_margin",
    "distance",
    "dropout",
    "embedding",
    "interpolation",
    "pixels",
    "grid_sampling",
    "attention",
    "arrangement",
    "counting",
    "softmax",
    "random",
    "shape",
]
for _p in _pages:
    try:
        _m = importlib.import_module(f"tinygrad_kr.ops.{_p}")
    except Exception as e:
        print("page", _p, repr(e)[:100])
        continue
    for _n in [*getattr(_m, "__all__", []), *getattr(_m, "FUNCTIONAL", [])]:
        if hasattr(_m, _n):
            globals().setdefault(_n, getattr(_m, _n))
