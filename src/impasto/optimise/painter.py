"""Coarse to fine: the optimisation of one picture at a series of sizes."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto import _picture, _resample, losses
from impasto import colors as color_modes
from impasto.errors import InputError
from impasto.files import atomic_path
from impasto.losses import Moments
from impasto.networks.perceptual import PerceptualNetwork, load_features
from impasto.optimise import memory
from impasto.optimise.minimise import LBFGS, Adam, Minimiser, resized
from impasto.optimise.objective import Extra, Objective, Region, Viewer
from impasto.optimise.recipe import COARSEST, Recipe

log = logging.getLogger(__name__)

Array = NDArray[np.float32]


@dataclass(frozen=True)
class StylePicture:
    """A picture whose style is wanted.

    Attributes:
        rgb: H x W x 3 in [0, 1].
        weight: relative to the other styles of the same region.
        mask: h x w in [0, 1] of any size, where the style applies; styles with the very same array share a region.
            ``None``: wherever no mask is.
    """

    rgb: Array
    weight: float = 1.0
    mask: Array | None = None


@dataclass(frozen=True)
class Progress:
    """Where the optimisation is; handed to the callback after each iteration.

    Attributes:
        iteration, iterations: so far and planned, over all scales and all runs that were resumed.
        scale, scales: the size now painted at, from 1, and how many there are.
        size: its width and height.
        loss: total.
        parts: the losses by name: ``content``, ``style``, ``tv``, ...; also by layer: ``style/relu3_1``.
        seconds: since the start.
        share: of the work that is done.
        picture: makes the picture so far, H x W x 3 in [0, 1], at the size now painted at.
        state: makes the state to resume from.
    """

    iteration: int
    iterations: int
    scale: int
    scales: int
    size: tuple[int, int]
    loss: float
    parts: Mapping[str, float]
    seconds: float
    share: float
    picture: Callable[[], Array] = field(repr=False)
    state: Callable[[], State] = field(repr=False)

    @property
    def seconds_left(self) -> float:
        """Estimate from the speed so far."""
        return self.seconds * (1 - self.share) / max(self.share, 1e-9)


@dataclass(frozen=True)
class Result:
    """An optimised picture.

    Attributes:
        rgb: H x W x 3 in [0, 1].
        state: what a later run needs to go on.
        losses: the loss after each iteration.
        interrupted: Ctrl-C came before the end; ``rgb`` is the best there was.
    """

    rgb: Array
    state: State
    losses: list[float]
    interrupted: bool = False

    @property
    def change(self) -> float:
        """By which share the loss fell over the last ten iterations; not a number where the scale had no eleven."""
        if min(len(self.losses), self.state.done) < 11 or not self.losses[-11]:
            return math.nan
        return (self.losses[-11] - self.losses[-1]) / abs(self.losses[-11])


@dataclass(frozen=True)
class State:
    """An optimisation that can go on.

    Attributes:
        tensors: the optimiser's.
        scale, done: where it is, and the iterations done there.
        size: full height and width.
        content: hash of the photograph at that size.
        optimizer: the recipe's.
        finished: whether it came to its end.
        objective: :attr:`Painter.objective`; empty in files of before it was kept.
        count: iterations over all scales and runs.
    """

    tensors: Mapping[str, Tensor]
    scale: int
    done: int
    size: tuple[int, int]
    content: str
    optimizer: str
    finished: bool
    objective: str = ""
    count: int = 0

    def save(self, path: Path) -> None:
        """Write to a safetensors file."""
        from safetensors.torch import save_file  # straight to the file: a copy in memory might not fit

        about = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "tensors"}
        tensors = {name: value.contiguous().cpu() for name, value in self.tensors.items()}
        with atomic_path(path) as temporary:
            save_file(tensors, temporary, metadata={"impasto-paint": json.dumps(about)})

    @classmethod
    def load(cls, path: Path) -> State:
        """Read what :meth:`save` wrote."""
        from safetensors import safe_open

        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads(file.metadata()["impasto-paint"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
            return cls(tensors, **{**about, "size": tuple(about["size"])})
        except Exception as error:  # whatever is wrong with the file
            raise InputError(f"{path} holds no state to resume from ({error}); start anew without --resume.") from error


class Painter:
    """Paints pictures by optimisation; what it knows of the styles serves for many, such as the frames of a video.

    Args:
        styles: at least one, unless the recipe only dreams or keeps content.
        recipe: how to paint.
        network: instead of the one that the recipe names.
    """

    def __init__(
        self, styles: Sequence[StylePicture], recipe: Recipe, *, network: PerceptualNetwork | None = None
    ) -> None:
        self.recipe, self.styles = recipe, list(styles)
        self.device = torch.device(memory.device_of(recipe.device))
        network = network or load_features(recipe.features, pooling=recipe.pooling)
        self.network = network.to(self.device)
        self.taps = recipe.taps(network.taps, bool(styles))
        self._budget = memory.budget(recipe)
        self._styles: dict[tuple[int, int, int], tuple[dict[str, Moments], float]] = {}

    def paint(
        self,
        content: Array,
        *,
        init: Array | None = None,
        extra: Extra | None = None,
        callback: Callable[[Progress], None] | None = None,
        resume: State | None = None,
    ) -> Result:
        """Paint one picture.

        Args:
            content: H x W x 3 in [0, 1], at the size of the result.
            init: where to start instead of what the recipe says, H x W x 3.
            extra: another differentiable loss: of 1 x 3 x h x w to a scalar; sees each scale's size.
            callback: called after each iteration; what it raises ends the run, except that
                ``KeyboardInterrupt`` gives the picture so far, as Ctrl-C does.
            resume: go on from there: where an interrupted run stopped, or from a finished one for as many
                iterations as the recipe has, at full size. What the optimiser has learnt of another
                :attr:`objective` is not taken over, only the picture.
        """
        return _Run(self, content, init, extra, callback, resume).paint()

    @cached_property
    def objective(self) -> str:
        """A hash of what pictures are judged by besides the photograph: the recipe's losses and the styles."""
        digest = hashlib.sha256(self.recipe.objective().encode())
        total = sum(style.weight for style in self.styles)
        for style in self.styles:
            digest.update(f"{style.rgb.shape} {style.weight / total:.6f} {style.mask is None}".encode())
            for array in (style.rgb, style.mask):
                if array is not None:
                    digest.update(_levels(array))
        return digest.hexdigest()

    def viewer(self, height: int, width: int) -> Viewer:
        """The network's layers, in tiles if the memory demands it."""
        return Viewer(self.network, self.taps, self.plan(height, width).tile)

    def plan(self, height: int, width: int) -> memory.Estimate:
        """Tiles and history at a size; see :func:`impasto.optimise.memory.plan`."""
        return memory.plan(self.network, self.taps, height, width, self.recipe, self._budget)

    def peak(self, height: int, width: int) -> memory.Estimate:
        """The plan at a size with all the memory that it takes: looking at a large style picture may take most.

        Raises:
            InputError: one of them does not fit into ``recipe.max_memory``.
        """
        full = height, width
        plan = self.plan(*full)
        looks = [self._look(self._style_size(style, full, full), full).bytes for style in self.styles]
        return plan._replace(bytes=max([plan.bytes, *looks]))

    def _look(self, style: tuple[int, int], full: tuple[int, int]) -> memory.Estimate:
        """How a style picture of that height and width is looked at."""
        return memory.plan_style(self.network, self.taps, style, full[0] * full[1], self.recipe, self._budget)

    def estimate(self, height: int, width: int) -> memory.Estimate:
        """Memory and time that a picture of that size will take."""
        peak = self.peak(height, width)
        rate = memory.seconds_a_pixel(self.network, self.taps, self.device)
        work = 0.0
        for h, w in scales(height, width, self.recipe.scales):
            viewer = self.viewer(h, w)
            boxes = list(viewer.boxes(h + 2 * viewer.margin, w + 2 * viewer.margin))
            seen = sum((box.seen[1] - box.seen[0]) * (box.seen[3] - box.seen[2]) for box in boxes)
            work += self.recipe.iterations * seen * (1 if len(boxes) == 1 else 4 / 3)  # tiles: another forward pass
            # Looking at a style takes about as long as an evaluation: half of it for the resampling.
            work += sum(math.prod(self._style_size(style, (height, width), (h, w))) for style in self.styles)
        return peak._replace(seconds=memory.STARTING + work * rate)

    def regions(self, content: Tensor, full: tuple[int, int], photograph: Array) -> list[Region]:
        """The styles at a scale and where they apply.

        Args:
            content: 1 x 3 x h x w, the photograph at that scale.
            full: the result's height and width.
            photograph: whose colours the style pictures may be given.
        """
        height, width = content.shape[2:]
        groups: dict[int | None, list[StylePicture]] = {}
        for style in self.styles:
            groups.setdefault(None if style.mask is None else id(style.mask), []).append(style)
        weights = self._weights(height, width)
        regions = []
        for key, group in groups.items():
            targets, variation = self._blended(group, full, (height, width), photograph)
            where = None if weights is None else torch.from_numpy(weights[key]).to(content)
            regions.append(Region(targets, where, variation))
        return regions

    def _weights(self, height: int, width: int) -> dict[int | None, Array] | None:
        """Each mask at that size, where several overlap in proportion; under ``None`` what they leave."""
        masks = {id(style.mask): style.mask for style in self.styles if style.mask is not None}
        if not masks:
            return None
        scaled = {key: _resample.lanczos(mask[..., None], (width, height))[..., 0] for key, mask in masks.items()}
        total = np.sum(list(scaled.values()), axis=0)
        weights: dict[int | None, Array] = {key: mask / np.maximum(total, 1) for key, mask in scaled.items()}
        weights[None] = np.maximum(1 - total, 0)
        return weights

    def cover(self, height: int, width: int) -> Array | None:
        """How much of each pixel is painted, H x W; ``None``: all."""
        weights = self._weights(height, width)
        if weights is None or any(style.mask is None for style in self.styles):
            return None
        cover: Array = 1 - weights[None]
        return cover

    def recoloured(self, painted: Array, photograph: Array) -> Array:
        """What was painted in the colours that the recipe wants; both H x W x 3 in [0, 1].

        Colours are matched over the whole picture, but where no style applies it stays the photograph.
        """
        if self.recipe.colors == "content":
            return color_modes.keep_chroma(painted, photograph)
        if self.recipe.colors == "match":
            matched = color_modes.match(painted, photograph)
            cover = self.cover(*painted.shape[:2])
            return matched if cover is None else painted + cover[..., None] * (matched - painted)
        return painted

    def _blended(
        self, styles: Sequence[StylePicture], full: tuple[int, int], size: tuple[int, int], photograph: Array
    ) -> tuple[dict[str, Moments], float]:
        """The moments of several styles, which combine linearly, by their weights; and their total variation."""
        total = sum(style.weight for style in styles)
        mixed: dict[str, Moments] = {}
        mean_variation = 0.0
        for style in styles:
            share = style.weight / total
            moments, variation = self._seen(style, full, size, photograph)
            mean_variation += share * variation
            for tap, (mean, second) in moments.items():
                known = mixed.get(tap)
                mixed[tap] = Moments(
                    share * mean + (known.mean if known else 0), share * second + (known.second if known else 0)
                )
        return mixed, mean_variation

    def _style_size(self, style: StylePicture, full: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
        """Height and width at which a style picture is looked at, at a scale of that size."""
        longest = self.recipe.style_size or self.recipe.style_scale * max(full)
        longer = max(16, math.ceil(longest * max(size) / max(full)))
        height, width = style.rgb.shape[:2]
        return max(1, height * longer // max(height, width)), max(1, width * longer // max(height, width))

    def _seen(
        self, style: StylePicture, full: tuple[int, int], size: tuple[int, int], photograph: Array
    ) -> tuple[dict[str, Moments], float]:
        """A style's moments and total variation at a scale, looked at only once where all photographs share them."""
        look = self._style_size(style, full, size)
        if self.recipe.colors == "match-before":
            return self._measured(color_modes.match(style.rgb, photograph), look, full)
        key = id(style), *look
        if key not in self._styles:
            self._styles[key] = self._measured(style.rgb, look, full)
        return self._styles[key]

    def _measured(self, rgb: Array, size: tuple[int, int], full: tuple[int, int]) -> tuple[dict[str, Moments], float]:
        """The moments and total variation of a style picture at a height and width."""
        picture = _tensor(_resample.lanczos(rgb, size[::-1]), self.device)
        viewer = Viewer(self.network, self.taps, self._look(size, full).tile)
        return viewer.moments(picture), float(losses.total_variation(picture))


class _Run:
    """One picture on its way through the scales."""

    def __init__(
        self,
        painter: Painter,
        content: Array,
        init: Array | None,
        extra: Extra | None,
        callback: Callable[[Progress], None] | None,
        resume: State | None,
    ) -> None:
        self.painter, self.recipe, self.device = painter, painter.recipe, painter.device
        self.content, self.init, self.extra, self.callback = content, init, extra, callback
        self.full = content.shape[0], content.shape[1]
        self.sizes = scales(*self.full, self.recipe.scales)
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

    def paint(self) -> Result:
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
            rgb = _resample.lanczos(rgb, self.full[::-1])
        return Result(rgb, self._state(finished=not interrupted), self.losses, interrupted)

    def _enlarge(self) -> None:
        """Go on to the next scale.

        The photograph's fine detail is added to the enlarged painting: measured, this reaches lower losses of both
        content and style than a start from the blurred painting alone.
        """
        here, size = self.sizes[self.scale : self.scale + 2]
        before = _tensor(self._content(here), self.device)
        detail = _tensor(self._content(size), self.device).sub_(resized(before, *size))
        larger = self.minimiser.enlarged(detail.add_(resized(self.minimiser.result, *size)))
        # Last and all at once, so that Ctrl-C before leaves the finished scale to go on from.
        self.scale, self.done, self.minimiser = self.scale + 1, 0, larger

    def _paint_scale(self) -> None:
        height, width = self.sizes[self.scale]
        content = _tensor(self._content((height, width)), self.device)
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

    def _progress(self) -> Progress:
        return Progress(
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

    def _state(self, *, finished: bool = False) -> State:
        return State(
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
        return hashlib.sha256(_levels(self.content)).hexdigest()

    def _content(self, size: tuple[int, int]) -> Array:
        """The photograph at a height and width."""
        return self.content if size == self.full else _resample.lanczos(self.content, size[::-1])

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
            start = _tensor(_resample.lanczos(self.init, (width, height)), self.device)
        elif recipe.init == "noise":
            generator = torch.Generator().manual_seed(recipe.seed)
            # Grey with a little noise, as neural-style starts: strong noise stays in the picture.
            noise = torch.randn(1, 3, height, width, generator=generator)
            start = noise.mul_(0.02).add_(0.5).to(self.device)
        elif recipe.init == "gray":
            start = torch.full((1, 3, height, width), 0.5, device=self.device)
        else:
            start = _tensor(self._content((height, width)), self.device)
        return self._minimiser(start)

    def _minimiser(self, start: Tensor) -> Minimiser:
        recipe = self.recipe
        if recipe.optimizer == "lbfgs":
            history = self.painter.plan(*start.shape[2:]).history
            monotone = not recipe.normalize_gradients
            rate = recipe.learning_rate or LBFGS.LEARNING_RATE
            return LBFGS(start, learning_rate=rate, history=history, monotone=monotone)
        return Adam(start, learning_rate=recipe.learning_rate or Adam.LEARNING_RATE, average=recipe.average)

    def _restored(self, state: State) -> Minimiser:
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


def scales(height: int, width: int, count: int = 0) -> list[tuple[int, int]]:
    """Heights and widths to paint at, each half the next, the last the full one.

    Args:
        height, width: the full size.
        count: how many; 0: until the longer side would fall below :data:`impasto.optimise.recipe.COARSEST`.
    """
    sizes = [(height, width)]
    while len(sizes) != count:
        factor = 2.0 ** len(sizes)
        if (count == 0 and max(height, width) / factor < COARSEST) or min(height, width) / factor < 16:
            break
        sizes.insert(0, (max(1, round(height / factor)), max(1, round(width / factor))))
    return sizes


def _levels(values: Array) -> bytes:
    """What is hashed of a picture or mask: levels of 8 bits, so that no rounding tells one from itself."""
    return _picture.samples(values, np.dtype(np.uint8)).tobytes()


def _tensor(rgb: Array, device: torch.device) -> Tensor:
    """H x W x 3 to 1 x 3 x H x W, a copy of its own."""
    return torch.from_numpy(np.array(rgb.transpose(2, 0, 1)[None], np.float32, order="C")).to(device)
