"""TODO: say what this module is for."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from impasto.errors import InputError
from impasto.optimisation.minimise import LBFGS, Adam, Minimiser, resize_tensor
from impasto.optimisation.objective import ExtraLoss, Objective
from impasto.optimisation.scales import scale_sizes
from impasto.optimisation.state import OptimisationProgress, OptimisationResult, OptimisationState
from impasto.optimisation.style_pictures import Array, hashable_levels, to_tensor
from impasto.pictures import resampling

if TYPE_CHECKING:
    from impasto.optimisation.optimiser import Optimiser


class Optimisation:
    """One picture on its way through the scales."""

    def __init__(
        self,
        painter: Optimiser,
        content: Array,
        init: Array | None,
        extra: ExtraLoss | None,
        callback: Callable[[OptimisationProgress], None] | None,
        resume: OptimisationState | None,
    ) -> None:
        self.painter, self.recipe, self.device = painter, painter.recipe, painter.device
        self.content, self.init, self.extra, self.callback = content, init, extra, callback
        self.full = content.shape[0], content.shape[1]
        self.sizes = scale_sizes(*self.full, self.recipe.scales)
        painter.peak(*self.full)  # refuses what will not fit before the work, not after the smaller scales
        self.scale, self.done = 0, 0  # the scale now painted at, and the iterations done there
        self.minimiser = self._started() if resume is None else self._restored(resume)
        self.losses: list[float] = []
        self.parts: dict[str, float] = {}
        self.seconds = time.perf_counter()
        left = [self.recipe.iterations] * (len(self.sizes) - self.scale)
        left[0] = max(0, left[0] - self.done)
        self.count = 0 if resume is None else resume.count
        self.planned = self.count + sum(left)
        self.work = max(1, sum(n * h * w for n, (h, w) in zip(left, self.sizes[self.scale :], strict=True)))
        self.worked = 0

    def paint(self) -> OptimisationResult:
        """All that is left to do, or what is done when Ctrl-C comes."""
        interrupted = False
        try:
            while True:
                self._paint_scale()
                if self.scale == len(self.sizes) - 1:
                    break
                self._enlarge()
        except KeyboardInterrupt:
            interrupted = True
        rgb = self._shown()
        if rgb.shape[:2] != self.full:
            rgb = resampling.resize_array(rgb, self.full[::-1])
        return OptimisationResult(rgb, self._state(finished=not interrupted), self.losses, interrupted)

    def _enlarge(self) -> None:
        """Go on to the next scale.

        The photograph's fine detail is added to the enlarged painting: measured, this reaches lower losses of both
        content and style than a start from the blurred painting alone.
        """
        here, size = self.sizes[self.scale : self.scale + 2]
        before = to_tensor(self._content(here), self.device)
        detail = to_tensor(self._content(size), self.device).sub_(resize_tensor(before, *size))
        larger = self.minimiser.enlarged(detail.add_(resize_tensor(self.minimiser.result, *size)))
        # Last and all at once, so that Ctrl-C before leaves the finished scale to go on from.
        self.scale, self.done, self.minimiser = self.scale + 1, 0, larger

    def _paint_scale(self) -> None:
        height, width = self.sizes[self.scale]
        content = to_tensor(self._content((height, width)), self.device)
        regions = self.painter.regions(content, self.full, self.content)
        recipe = self.recipe
        if self.scale < len(self.sizes) - 1:
            recipe = replace(recipe, style_loss=recipe.coarse_style_loss)
        objective = Objective(self.painter.viewer(height, width), content, regions, recipe, self.extra)
        del content  # large pictures count every copy

        def evaluate(picture: Tensor) -> tuple[float, Tensor]:
            loss, gradient, self.parts = objective(picture)
            return loss, gradient

        first = len(self.losses)
        while self.done < self.recipe.iterations:
            loss = self.minimiser.step(evaluate)
            if not math.isfinite(loss):
                raise InputError("The loss is no longer a finite number; give a smaller learning rate or weights.")
            self.losses.append(loss)
            self.done, self.count, self.worked = self.done + 1, self.count + 1, self.worked + height * width
            if self.callback is not None:
                self.callback(self._progress())
            if self._settled(self.losses[first:]):
                break

    def _settled(self, losses: Sequence[float]) -> bool:
        tolerance = self.recipe.stop_tolerance
        return tolerance > 0 and len(losses) > 10 and abs(losses[-11] - losses[-1]) < tolerance * abs(losses[-11])

    def _progress(self) -> OptimisationProgress:
        return OptimisationProgress(
            iteration=self.count,
            iterations=self.planned,
            scale=self.scale + 1,
            scales=len(self.sizes),
            size=self.sizes[self.scale][::-1],
            loss=self.losses[-1],
            parts=self.parts,
            seconds=time.perf_counter() - self.seconds,
            share=self.worked / self.work,
            picture=self._shown,
            state=self._state,
        )

    def _state(self, *, finished: bool = False) -> OptimisationState:
        return OptimisationState(
            tensors=self.minimiser.state(),
            scale=self.scale,
            done=self.done,
            size=self.full,
            content=self._mark,
            optimizer=self.recipe.optimizer,
            finished=finished,
            objective=self.painter.objective,
            count=self.count,
        )

    @cached_property
    def _mark(self) -> str:
        """A hash of the photograph."""
        return hashlib.sha256(hashable_levels(self.content)).hexdigest()

    def _content(self, size: tuple[int, int]) -> Array:
        """The photograph at a height and width."""
        return self.content if size == self.full else resampling.resize_array(self.content, size[::-1])

    def _shown(self) -> Array:
        """The picture so far; where no style applies, the photograph."""
        rgb: Array = self.minimiser.result[0].clamp(0, 1).permute(1, 2, 0).cpu().numpy()
        height, width = rgb.shape[:2]
        cover = self.painter.cover(height, width)
        if cover is not None:
            photograph = self._content((height, width))
            rgb = photograph + cover[..., None] * (rgb - photograph)
        return rgb

    def _started(self) -> Minimiser:
        """An optimiser at the first scale's start."""
        recipe = self.recipe
        height, width = self.sizes[0]
        if self.init is not None:
            start = to_tensor(resampling.resize_array(self.init, (width, height)), self.device)
        elif recipe.init == "noise":
            generator = torch.Generator().manual_seed(recipe.seed)
            # Grey with a little noise, as neural-style starts: strong noise stays in the picture.
            noise = torch.randn(1, 3, height, width, generator=generator)
            start = noise.mul_(0.02).add_(0.5).to(self.device)
        elif recipe.init == "gray":
            start = torch.full((1, 3, height, width), 0.5, device=self.device)
        else:
            start = to_tensor(self._content((height, width)), self.device)
        return self._minimiser(start)

    def _minimiser(self, start: Tensor) -> Minimiser:
        recipe = self.recipe
        if recipe.optimizer == "lbfgs":
            history = self.painter.plan(*start.shape[2:]).history
            monotone = not recipe.normalize_gradients
            rate = recipe.learning_rate or LBFGS.LEARNING_RATE
            return LBFGS(start, learning_rate=rate, history=history, monotone=monotone)
        return Adam(start, learning_rate=recipe.learning_rate or Adam.LEARNING_RATE, average=recipe.average)

    def _restored(self, state: OptimisationState) -> Minimiser:
        """The optimiser of an earlier run."""
        if state.size != self.full:
            raise InputError(
                f"The run to resume had {state.size[1]} x {state.size[0]} pixels and this one has {self.full[1]} x "
                f"{self.full[0]}; give the same picture and --size, or start anew without --resume."
            )
        if state.content != self._mark:
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
        if state.optimizer == self.recipe.optimizer and state.objective == self.painter.objective:
            minimiser.restore(state.tensors)
        return minimiser
