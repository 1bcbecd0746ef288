"""The loop of an optimisation: one picture painted at a series of sizes, each from the one before."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

import torch
from torch import Tensor

from impasto.errors import InputError
from impasto.optimisation.minimise import LBFGS, Adam, Minimiser
from impasto.optimisation.objective import ExtraLoss, Objective
from impasto.optimisation.scales import scale_sizes
from impasto.optimisation.state import (
    OptimisationProgress,
    OptimisationResult,
    OptimisationState,
    eight_bit_levels,
)
from impasto.optimisation.style_pictures import Array
from impasto.optimisation.style_targets import StyleTargets
from impasto.optimisation.tensors import resize_tensor, to_tensor
from impasto.pictures.resampling import resize_array

_SETTLING_ITERATIONS = 10  # iterations over which the loss has to change for a scale to go on
_NOISE_DEVIATION = 0.02  # standard deviation of noise to start from, in [0, 1]: strong noise stays in the picture
_GREY = 0.5  # level, in [0, 1], that noise is added to and that ``gray`` starts from, as in neural-style


class Optimisation:
    """One picture on its way through the scales.

    Args:
        targets: the styles, with the recipe and the network.
        content: the photograph at the result's size, H x W x 3 in [0, 1].
        init: where to start instead of what the recipe says, H x W x 3.
        extra: another differentiable loss; sees each scale's size.
        progress: called after each iteration.
        resume: the state to go on from.

    Attributes:
        scale: index of the size that is painted at now.
        done: iterations done at this scale.
        count: iterations done over all scales and runs.
        losses: the loss after each iteration of this run.

    Raises:
        InputError: the state is of another picture or of other scales.
    """

    def __init__(
        self,
        targets: StyleTargets,
        content: Array,
        init: Array | None,
        extra: ExtraLoss | None,
        progress: Callable[[OptimisationProgress], None] | None,
        resume: OptimisationState | None,
    ) -> None:
        self.targets, self.planner, self.recipe = targets, targets.planner, targets.recipe
        self.device = targets.planner.device
        self.content, self.init, self.extra, self.report = content, init, extra, progress
        self.full = content.shape[0], content.shape[1]
        self.sizes = scale_sizes(*self.full, self.recipe.scale_count)
        self.scale, self.done = 0, 0
        self.minimiser = self._start() if resume is None else self._restore(resume)
        self.losses: list[float] = []
        self.parts: dict[str, float] = {}
        self.started = time.perf_counter()
        left = [self.recipe.iterations_a_scale] * (len(self.sizes) - self.scale)
        left[0] = max(0, left[0] - self.done)
        self.count = 0 if resume is None else resume.count
        self.planned = self.count + sum(left)
        # Work is counted in pixels times iterations.
        self.planned_work = max(1, sum(n * h * w for n, (h, w) in zip(left, self.sizes[self.scale :], strict=True)))
        self.done_work = 0

    def paint(self) -> OptimisationResult:
        """Paint at all sizes that are left; on Ctrl-C the result is what is done."""
        interrupted = False
        try:
            while True:
                self._paint_scale()
                if self.scale == len(self.sizes) - 1:
                    break
                self._enlarge()
        except KeyboardInterrupt:
            interrupted = True
        rgb = self._picture()
        if rgb.shape[:2] != self.full:
            rgb = resize_array(rgb, self.full[::-1])
        return OptimisationResult(rgb, self._state(finished=not interrupted), self.losses, interrupted)

    def _enlarge(self) -> None:
        """Go on to the next scale.

        Fine detail is added to the enlarged painting: measured, this reaches lower losses of both content and style
        than a start from the blurred painting alone. It is the photograph's, or where a fast painting is refined, that
        painting's, which has strokes already.
        """
        size, next_size = self.sizes[self.scale : self.scale + 2]
        source = self.init if self.recipe.refines and self.init is not None else self.content
        blurred = resize_tensor(to_tensor(_resized(source, size), self.device), *next_size)
        detail = to_tensor(_resized(source, next_size), self.device).sub_(blurred)
        larger = self.minimiser.enlarged(detail.add_(resize_tensor(self.minimiser.result, *next_size)))
        # One assignment at the end: Ctrl-C before it leaves the finished scale, from which a later run can go on.
        self.scale, self.done, self.minimiser = self.scale + 1, 0, larger

    def _paint_scale(self) -> None:
        """Do the iterations that are left at this scale.

        Raises:
            InputError: the loss is no finite number.
        """
        objective, pixels = self._objective(), math.prod(self.sizes[self.scale])

        def evaluate(picture: Tensor) -> tuple[float, Tensor]:
            loss, gradient, self.parts = objective(picture)
            return loss, gradient

        first = len(self.losses)
        while self.done < self.recipe.iterations_a_scale:
            loss = self.minimiser.step(evaluate)
            if not math.isfinite(loss):
                raise InputError("The loss is no longer a finite number; give a smaller learning rate or weights.")
            self.losses.append(loss)
            self.done, self.count, self.done_work = self.done + 1, self.count + 1, self.done_work + pixels
            if self.report is not None:
                self.report(self._progress())
            if self._has_settled(self.losses[first:]):
                break

    def _objective(self) -> Objective:
        """What the picture is judged by at this scale."""
        size = self.sizes[self.scale]
        content = to_tensor(self._content(size), self.device)
        regions = self.targets.regions(content, self.full, self.content)
        recipe = self.recipe
        if self.scale < len(self.sizes) - 1:
            recipe = replace(recipe, style_loss=recipe.coarse_style_loss)
        tiled = self.planner.tiled(self.planner.plan(*size).tile)
        return Objective(tiled, content, regions, recipe, self.extra)

    def _has_settled(self, losses: Sequence[float]) -> bool:
        """Whether the losses of this scale change by less than the recipe's tolerance."""
        tolerance, span = self.recipe.stop_tolerance, _SETTLING_ITERATIONS
        if not tolerance or len(losses) <= span:
            return False
        before, now = losses[-1 - span], losses[-1]
        return abs(before - now) < tolerance * abs(before)

    def _progress(self) -> OptimisationProgress:
        """Where the optimisation is."""
        return OptimisationProgress(
            iteration=self.count,
            iterations=self.planned,
            scale=self.scale + 1,
            scales=len(self.sizes),
            size=self.sizes[self.scale][::-1],
            loss=self.losses[-1],
            parts=self.parts,
            seconds=time.perf_counter() - self.started,
            share=self.done_work / self.planned_work,
            picture=self._picture,
            state=self._state,
        )

    def _state(self, *, finished: bool = False) -> OptimisationState:
        """What a later run needs to go on."""
        return OptimisationState(
            tensors=self.minimiser.state(),
            scale=self.scale,
            done=self.done,
            size=self.full,
            content=self._content_hash,
            optimizer=self.recipe.optimizer,
            finished=finished,
            objective=self.targets.objective_hash,
            count=self.count,
        )

    @cached_property
    def _content_hash(self) -> str:
        """A hash of the photograph."""
        return hashlib.sha256(eight_bit_levels(self.content)).hexdigest()

    def _content(self, size: tuple[int, int]) -> Array:
        """The photograph at a height and width, H x W x 3."""
        return _resized(self.content, size)

    def _picture(self) -> Array:
        """The picture so far, H x W x 3 in [0, 1] at this scale's size; where no style applies, the photograph."""
        rgb: Array = self.minimiser.result[0].clamp(0, 1).permute(1, 2, 0).cpu().numpy()
        height, width = rgb.shape[:2]
        cover = self.targets.cover(height, width)
        if cover is not None:
            photograph = self._content((height, width))
            rgb = photograph + cover[..., None] * (rgb - photograph)
        return rgb

    def _start(self) -> Minimiser:
        """A minimiser at the start of the first scale."""
        recipe = self.recipe
        height, width = self.sizes[0]
        if self.init is not None:
            start = to_tensor(resize_array(self.init, (width, height)), self.device)
        elif recipe.init == "noise":
            generator = torch.Generator().manual_seed(recipe.seed)
            noise = torch.randn(1, 3, height, width, generator=generator)
            start = noise.mul_(_NOISE_DEVIATION).add_(_GREY).to(self.device)
        elif recipe.init == "gray":
            start = torch.full((1, 3, height, width), _GREY, device=self.device)
        else:
            start = to_tensor(self._content((height, width)), self.device)
        return self._minimiser(start)

    def _minimiser(self, start: Tensor) -> Minimiser:
        """A minimiser of the kind that the recipe names, at a picture, 1 x 3 x H x W."""
        recipe = self.recipe
        if recipe.optimizer == "lbfgs":
            history = self.planner.plan(start.shape[2], start.shape[3]).history
            monotone = not recipe.normalize_gradients
            rate = recipe.learning_rate or LBFGS.LEARNING_RATE
            painted = self.scale > 0 or recipe.refines
            return LBFGS(start, learning_rate=rate, history=history, monotone=monotone, painted=painted)
        return Adam(start, learning_rate=recipe.learning_rate or Adam.LEARNING_RATE, average=recipe.average)

    def _restore(self, state: OptimisationState) -> Minimiser:
        """The minimiser of an earlier run, at the scale where that stopped.

        Raises:
            InputError: the run painted another picture or at other scales.
        """
        if state.size != self.full:
            raise InputError(
                f"The run to resume had {state.size[1]} x {state.size[0]} pixels and this one has {self.full[1]} x "
                f"{self.full[0]}; give the same picture and --size, or start anew without --resume."
            )
        if state.content != self._content_hash:
            raise InputError(
                "The run to resume painted another photograph; give that one, or start anew without --resume."
            )
        last = len(self.sizes) - 1
        self.scale, self.done = (last, 0) if state.finished else (state.scale, state.done)
        picture = state.tensors["picture"].to(self.device)
        shape = tuple(picture.shape[2:])
        if self.scale > last or shape != self.sizes[self.scale]:
            raise InputError("The run to resume had other scales; give the same --scales, or start anew.")
        minimiser = self._minimiser(picture)
        if state.optimizer == self.recipe.optimizer and state.objective == self.targets.objective_hash:
            minimiser.restore(state.tensors)
        return minimiser


def _resized(picture: Array, size: tuple[int, int]) -> Array:
    """A picture, H x W x 3, at a height and width; the same array where it has them already."""
    return picture if picture.shape[:2] == size else resize_array(picture, size[::-1])
