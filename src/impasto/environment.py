"""Environment variables for the libraries that Impasto runs on, which read them once, when they are loaded.

``import impasto`` sets them, before any module of ours can import such a library; processes that are started later
inherit them. A variable that is set already keeps its value.
"""

from __future__ import annotations

import os

_WAITING = {
    # A thread that waits for the others spins, unless told otherwise, and keeps a core that it shares with another
    # program from the thread that it waits for: measured, three to ten times the time beside one busy process.
    "OMP_WAIT_POLICY": "PASSIVE",
    # GNU's runtime, which torch brings on Linux, may spin for a few microseconds: enough between two small layers,
    # where falling asleep at once would take a third more time on an idle machine.
    "GOMP_SPINCOUNT": "1000",
}


def prepare() -> None:
    """Set the variables.

    ``ORT_DISABLE_TELEMETRY`` keeps onnxruntime from looking up a host of its maker, and from keeping a device id and
    events in the user's cache, which its wheels do from 1.29 on.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    if not _WAITING.keys() & os.environ.keys():  # who chooses one of them chooses the way of waiting
        os.environ.update(_WAITING)
