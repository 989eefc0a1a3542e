"""The switches of this thread that decide whether operations are recorded; `autograd.modes` throws them.

Every operation asks for them, and reading a thread's own value takes as long as a small dict look-up with a
call. So operations first look whether *any* thread may have thrown a switch, and mostly none has:

    recording = not departed or state.recording
"""

from __future__ import annotations

import threading

departed: set[int] = set()  # the threads whose switches may differ from the defaults


class _State(threading.local):
    """Per-thread switches; the class attributes are what a new thread starts with."""

    recording = True
    inference = False


state = _State()


def throw(recording: bool, inference: bool) -> None:
    """Set this thread's switches."""
    state.recording, state.inference = recording, inference
    (departed.discard if recording and not inference else departed.add)(threading.get_ident())
