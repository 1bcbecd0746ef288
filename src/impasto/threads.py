"""How many threads the libraries start, and how they wait: never beyond the cores that are ours, and never spinning.

Torch takes both from the environment: see :mod:`impasto.environment`, which sets how its threads wait, and
``OMP_NUM_THREADS``. What is started by other libraries goes by the functions here.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

from impasto.memory import CONTROL_GROUP

if TYPE_CHECKING:
    from onnxruntime import SessionOptions

_LOG_FATAL = 4  # onnxruntime's log severity of what ends the process: errors are raised, and become our own sentence


def core_count() -> int:
    """The cores that this process may run on; a container's share of the processor, rounded up, counts as well."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, _control_group_cores())))


def _control_group_cores() -> float:
    """Cores' worth of time that a control group (version 2 or 1) lets its processes take; infinite without a limit."""
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            quota, period = " ".join((CONTROL_GROUP / name).read_text() for name in names).split()
            return int(quota) / int(period) if int(quota) > 0 else math.inf
        except (OSError, ValueError):  # "max", which stands for no limit, is no number
            continue
    return math.inf


def cpu_threads() -> int:
    """How many CPU threads to use: ``OMP_NUM_THREADS``, else the cores this process may run on."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]  # a list has one number for each nesting level
    return int(wanted) if wanted.isdecimal() and int(wanted) else core_count()


def session_options(threads: int | None = None) -> SessionOptions:
    """Options for a session of onnxruntime.

    Args:
        threads: for one operation; ``None``: as :func:`cpu_threads` says.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cpu_threads() if threads is None else threads
    options.log_severity_level = _LOG_FATAL
    # A waiting thread that spins takes the core from torch, the decoder or another program, and gains nothing.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def openvino_settings(parallel: int = 1) -> dict[str, Any]:
    """Settings for a network in OpenVINO.

    Args:
        parallel: how many pictures are painted at a time, which share the threads.
    """
    return {
        "INFERENCE_NUM_THREADS": cpu_threads(),
        "NUM_STREAMS": parallel,
        # A thread that is bound to a core waits there for whatever else runs on it.
        "ENABLE_CPU_PINNING": False,
    }
