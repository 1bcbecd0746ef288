"""The stabiliser that carries the last painting along with the motion of the picture.

It follows Ruder, Dosovitskiy and Brox 2016 (arXiv 1604.08610), who initialise the optimisation of a frame with the last
result, warped by optical flow. Here the warped painting is blended with the network's new one.
"""

from __future__ import annotations

import numpy as np

from impasto.engines.base import Statistics
from impasto.extras import opencv
from impasto.feedforward.painted import Painted
from impasto.feedforward.painter import Painter
from impasto.flow.estimate import Estimator, Pixels
from impasto.pictures.sphere import close_ends
from impasto.video.carrying import carry_painting
from impasto.video.flow_files import FlowFiles
from impasto.video.motion import Floats, fast_consistency, measure_motion, sample_at
from impasto.video.moving_grain import fixed_grain, moved_grain
from impasto.video.scene_cuts import is_scene_cut, thumbnail
from impasto.video.stabilizer_base import FADING_SHARE, FrameInProgress, Stabilizer, StabilizerState

_NEW_PAINTING_SHARE = 0.15  # share of the new painting in what moves, 0 to 1: it corrects distortions over time
_MASK_TOLERANCE = 3  # grey levels by which the masks of two places may differ and still count as alike
_FLOW_SMOOTHING = 7  # pixels: side of the box over which flow is averaged


class CarryingStabilizer(Stabilizer):
    """Carries the last painting along with the motion of the picture, wherever that can be followed.

    Motion is measured against the reference of the frame before, which shows what its painting shows; see
    :class:`impasto.video.stabilizer_base.FrameInProgress`.

    Args:
        scale: at how much of the frame's size motion is estimated, above 0, up to 1.
        estimate: estimates the flow between two frames.
        files: read instead of estimating; ``None``: estimate.
        period: columns after which frames repeat themselves, as a band around a sphere does; 0: they do not.
    """

    def __init__(self, scale: float, estimate: Estimator, files: FlowFiles | None = None, period: int = 0) -> None:
        self.scale, self.estimate, self.files, self.period = scale, estimate, files, period
        self.last_begun: FrameInProgress | None = None
        self.last_finished: FrameInProgress | None = None

    def begin(self, frame: Pixels, changing: bool = False, index: int | None = None) -> FrameInProgress:
        """See :class:`Stabilizer`."""
        before, small, resized = self.last_begun, thumbnail(frame), self._resized(frame)
        if index is None:
            index = before.index + 1 if before else 0
        if before is None or before.frame.shape != frame.shape or is_scene_cut(small, before.thumbnail):
            grain = fixed_grain(*frame.shape[:2], self.period)
            self.last_begun = FrameInProgress(frame, changing, grain, small, resized, index=index, starts_scene=True)
            return self.last_begun
        flow, trust = self._flow_to_reference(index, resized, before)
        motion = measure_motion(flow, trust, resized, before.reference, *frame.shape[:2])
        stays = ((motion.moves == 0) & (motion.trust > 0.5)).astype(np.uint8)
        reference = opencv().copyTo(before.reference, stays, resized)
        fixed = fixed_grain(*frame.shape[:2], self.period)
        grain = moved_grain(fixed if before.grain is None else before.grain, motion, self.period)
        if self.period:
            close_ends(reference, round(self.period * self.scale))
            close_ends(grain, self.period)
        self.last_begun = FrameInProgress(frame, changing, grain, small, reference, before, motion, index=index)
        return self.last_begun

    def run_network(self, in_progress: FrameInProgress, painter: Painter, like: Painted | None = None) -> None:
        """See :class:`Stabilizer`."""
        super().run_network(in_progress, painter, like)
        in_progress.coverage = painter.styles.coverage((in_progress.frame.shape[1], in_progress.frame.shape[0]))

    def finish(self, in_progress: FrameInProgress) -> Pixels:
        """See :class:`Stabilizer`."""
        before, motion = in_progress.before, in_progress.motion
        if before is not None and motion is not None:
            fresh = FADING_SHARE if in_progress.changing else motion.moves * np.float32(_NEW_PAINTING_SHARE)
            carried = carry_painting(before.painted, in_progress.painted, motion, motion.trust * (1 - fresh))
            in_progress.painted = (
                carried if in_progress.coverage is None else _renewed_at_masks(carried, in_progress, before)
            )
            in_progress.before = FrameInProgress(before.frame, used=before.used)  # no later frame needs more of it
        if self.period:
            close_ends(in_progress.painted, self.period)
        in_progress.network_painting = None  # no later frame needs it
        self.last_finished = in_progress
        return in_progress.painted

    def _flow_to_reference(self, index: int, frame: Pixels, before: FrameInProgress) -> tuple[Floats, Floats]:
        """The flow from a frame to the reference of the frame before, and how far it can be trusted, 0 to 1.

        Flow is smoothed, since strokes bend with every wrinkle in it, frame after frame. The forward-backward check
        distrusts what is still uneven: it counts as an edge of motion.

        Args:
            index: the number of the frame, from 0.
            frame: the frame at the size at which motion is estimated.
            before: the frame before it.
        """
        cv2, reference = opencv(), before.reference
        flow, trust, known = (
            self.files.read(index, before.index, *frame.shape[:2])
            if self.files
            else (self.estimate(frame, reference), None, None)
        )
        flow = cv2.blur(flow, (_FLOW_SMOOTHING, _FLOW_SMOOTHING))
        if trust is None:
            opposite = self.estimate(reference, frame)
            trust = fast_consistency(flow, cv2.blur(opposite, (_FLOW_SMOOTHING, _FLOW_SMOOTHING)))
        if known is not None and not known.all():  # smoothing has spread what stands for unknown flow
            trust = trust * cv2.erode(known.astype(np.float32), np.ones((_FLOW_SMOOTHING, _FLOW_SMOOTHING), np.uint8))
        return flow, trust

    def _resized(self, frame: Pixels) -> Pixels:
        """A copy of a frame at the size at which motion is estimated."""
        if self.scale == 1:
            return frame.copy()
        height, width = (max(1, round(side * self.scale)) for side in frame.shape[:2])
        resized: Pixels = opencv().resize(frame, (width, height), interpolation=opencv().INTER_AREA)
        return resized

    def state(self) -> StabilizerState:
        """See :class:`Stabilizer`."""
        found: StabilizerState = {}
        last = self.last_finished
        for age, in_progress in enumerate((last, last and last.before)):
            for (pass_index, layer), statistics in (in_progress.used if in_progress else {}).items():
                key = f"{age}_{pass_index}_{layer}"
                found |= {f"mean{key}": statistics.mean, f"variance{key}": statistics.variance}
        if last is not None:
            found |= {
                "index": np.array(last.index),
                "small": last.thumbnail,
                "reference": last.reference,
                "painted": last.painted,
            }
            optional = {"grain": last.grain, "applies": last.coverage}
            found |= {name: array for name, array in optional.items() if array is not None}
        return found

    def restore(self, state: StabilizerState) -> None:
        """See :class:`Stabilizer`."""
        if "index" not in state:
            return
        used: list[dict[tuple[int, int], Statistics]] = [{}, {}]
        for name in state:
            if name.startswith("mean"):
                key = name.removeprefix("mean")
                age, pass_index, layer = map(int, key.split("_"))
                mean, variance = (state[f"{what}{key}"].astype(np.float32) for what in ("mean", "variance"))
                used[age][pass_index, layer] = Statistics(mean, variance)
        last = state["painted"]
        before = FrameInProgress(last, used=used[1]) if used[1] else None
        self.last_begun = self.last_finished = FrameInProgress(
            last,
            grain=state.get("grain"),
            thumbnail=state["small"],
            reference=state["reference"],
            before=before,
            painted=last,
            used=used[0],
            index=int(state["index"]),
            coverage=state.get("applies"),
        )


def _renewed_at_masks(carried: Pixels, in_progress: FrameInProgress, before: FrameInProgress) -> Pixels:
    """A carried painting, replaced by the new one wherever another style or strength applies than where it came from.

    Masks do not move with the picture, so a carried painting would take their edges along. Places where no style
    applies are renewed, too: they show the frame itself.

    Args:
        carried: the last painting, moved and blended with the new one, H x W x 3.
        in_progress: the frame, whose network has run.
        before: the frame before it, finished.
    """
    cv2 = opencv()
    assert in_progress.coverage is not None
    assert in_progress.motion is not None
    here = in_progress.coverage
    there = here if before.coverage is None else before.coverage
    if in_progress.motion.source is not None:
        there = sample_at(there, in_progress.motion.source, cv2.INTER_LINEAR).reshape(here.shape)
    other = (cv2.absdiff(here, there).reshape(here.shape).max(axis=2) > _MASK_TOLERANCE).astype(np.uint8)
    new = (cv2.dilate(other, np.ones((3, 3), np.uint8)) > 0) | (in_progress.painted == in_progress.frame).all(axis=2)
    return np.where(new[..., None], in_progress.painted, carried)
