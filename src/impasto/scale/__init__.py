"""More than one process or machine: many pictures, long videos.

In: pictures as bytes, or sources (folders, patterns, lists, tars, Parquet files, here or at URLs) and styles.
Out: paintings as bytes, or in sinks (folders, tars, URLs), and a job folder that says what is done.
Order: places (local paths and URLs), shards, containers (tars, Parquet), sources, maker (bytes to bytes), worker (to
a painting), style_learner (to a style file), sinks; station (what a process does), child (the process), pool; job (plan
and receipts), sessions, runner (shards through a pool), on_ray (actors), api, run_progress; videos (in parts).
Must never import: studio, cli, torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.scale.api import plan, run
    from impasto.scale.run_progress import progress
    from impasto.scale.style_learner import StyleLearner
    from impasto.scale.videos import stylize_video
    from impasto.scale.worker import Worker

# Public names and the modules that define them, imported on first use.
_PUBLIC = {
    "StyleLearner": "style_learner",
    "Worker": "worker",
    "plan": "api",
    "progress": "run_progress",
    "run": "api",
    "stylize_video": "videos",
}

__all__ = ["StyleLearner", "Worker", "plan", "progress", "run", "stylize_video"]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"impasto.scale.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'impasto.scale' has no attribute {name!r}")
