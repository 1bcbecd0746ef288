"""Folders of flow and certainty files for all frames of a video, as the script of artistic-videos makes them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from impasto.errors import InputError
from impasto.flow.estimate import Estimator, Pixels, estimator
from impasto.flow.files import read_flo, write_certainty, write_flo
from impasto.flow.forward_backward import Variant, consistency

log = logging.getLogger(__name__)


def compute_files(
    frames: Iterable[tuple[int, Pixels]],
    folder: Path,
    *,
    step: int = 1,
    method: str | Path = "dis",
    variant: Variant = "artistic-videos",
    overwrite: bool = False,
) -> Iterator[tuple[int, int]]:
    """Flow and certainty files for frames ``step`` apart, named as artistic-videos does.

    For frames i and j = i + step: ``forward_i_j.flo``, ``backward_j_i.flo`` (files that exist are kept), and
    ``reliable_i_j.pgm``, ``reliable_j_i.pgm``, each judging the flow of the same two numbers.

    Args:
        frames: number and picture (H x W x 3, uint8) of each frame, in order.
        folder: where the files go.
        step: number of frames from the first frame of a pair to the second, at least 1.
        method: how flow is estimated; see :func:`impasto.flow.estimate.estimator`.
        variant: which consistency checker; that of fast-artistic-videos also looks at the frame.
        overwrite: whether to estimate flow anew where its file exists. Flow files do not tell how they were made, so
            that keeping any is logged.

    Yields:
        i and j, once their files are written.

    Raises:
        InputError: the step is not positive, or a flow file in the folder is of another size than the frames.
    """
    if step < 1:
        raise InputError(f"The step {step} is not positive; give 1 or more.")
    estimate: Estimator | None = None
    kept = False
    waiting: list[tuple[int, Pixels]] = []
    for j, later in frames:
        waiting.append((j, later))
        if len(waiting) <= step:
            continue
        i, earlier = waiting.pop(0)
        flows = {}
        for kind, (a, one), (b, two) in (
            ("forward", (i, earlier), (j, later)),
            ("backward", (j, later), (i, earlier)),
        ):
            path = folder / f"{kind}_{a}_{b}.flo"
            if path.is_file() and not overwrite:
                if not kept:
                    log.warning("%s exists and is kept, as others may be; --overwrite makes them anew.", path)
                kept = True
                flows[kind] = read_flo(path)
                if flows[kind].shape[:2] != one.shape[:2]:
                    raise InputError(f"{path} is of another size than the frames; delete it, or name another folder.")
            else:
                estimate = estimate or estimator(method)
                flows[kind] = estimate(one, two)
                write_flo(flows[kind], path)
        for judged, opposite, (a, frame), b in (
            ("backward", "forward", (j, later), i),
            ("forward", "backward", (i, earlier), j),
        ):
            shown = frame if variant == "fast-artistic-videos" else None
            certainty = consistency(flows[judged], flows[opposite], variant=variant, frame=shown)
            write_certainty(certainty, folder / f"reliable_{a}_{b}.pgm")
        yield i, j
