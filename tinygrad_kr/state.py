"""The switches of this thread that decide whether operations are recorded; `autograd.modes` throws them."""

from __future__ import annotations

import threading


class _State(threading.local):
    """Per-thread switches; the class attributes are what a new thread starts with."""

    recording = True
    inference = False


state = _State()
