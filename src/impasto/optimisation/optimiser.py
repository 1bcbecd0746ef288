"""Paints pictures by optimisation: what is shared by all pictures that have the same styles and recipe."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence

import torch

from impasto.engines.devices import torch_devices
from impasto.networks.perceptual import PerceptualNetwork, load_features
from impasto.optimisation.coarse_to_fine import Optimisation
from impasto.optimisation.objective import ExtraLoss
from impasto.optimisation.planning import STARTING_SECONDS, Plan, Planner
from impasto.optimisation.recipe import Recipe
from impasto.optimisation.scales import scale_sizes
from impasto.optimisation.state import OptimisationProgress, OptimisationResult, OptimisationState
from impasto.optimisation.style_pictures import Array, StylePicture
from impasto.optimisation.style_targets import StyleTargets
from impasto.pictures import colors


class Optimiser:
    """Paints pictures by optimisation; what it knows of the styles serves for many, such as the frames of a video.

    Args:
        styles: at least one, unless the recipe only dreams or keeps content.
        recipe: how to paint.
        network: instead of the one that the recipe names.

    Raises:
        InputError: the network has no such layer, or its file cannot be read.
        DownloadError: the network has to be fetched and cannot be.
    """

    def __init__(
        self, styles: Sequence[StylePicture], recipe: Recipe, *, network: PerceptualNetwork | None = None
    ) -> None:
        self.recipe = recipe
        device, *others = map(torch.device, torch_devices(recipe.device))
        self.network = (network or load_features(recipe.features, pooling=recipe.pooling)).to(device)
        copies = {device: self.network}
        for other in others:
            if other not in copies:
                copies[other] = copy.deepcopy(self.network).to(other)
        taps = recipe.taps(self.network.taps, bool(styles))
        self.planner = Planner(self.network, taps, recipe, device, [copies[other] for other in others])
        self.targets = StyleTargets(styles, self.planner)

    @property
    def objective_hash(self) -> str:
        """A hash of what pictures are judged by besides the photograph: the recipe's losses and the styles."""
        return self.targets.objective_hash

    def paint(
        self,
        content: Array,
        *,
        init: Array | None = None,
        extra: ExtraLoss | None = None,
        progress: Callable[[OptimisationProgress], None] | None = None,
        resume: OptimisationState | None = None,
    ) -> OptimisationResult:
        """Paint one picture.

        Args:
            content: H x W x 3 in [0, 1], at the size of the result.
            init: where to start instead of what the recipe says, H x W x 3. Where the recipe refines it is the fast
                painting, without which that starts from the photograph.
            extra: another differentiable loss: of 1 x 3 x h x w to a scalar; sees each scale's size.
            progress: called after each iteration; what it raises ends the run, except that
                ``KeyboardInterrupt`` gives the picture so far, as Ctrl-C does.
            resume: go on from there: where an interrupted run stopped, or from a finished one for as many
                iterations as the recipe has, at full size. What the minimiser has learnt of another
                :attr:`objective_hash` is not taken over, only the picture.

        Raises:
            InputError: it does not fit into ``recipe.max_memory``, the state is of another picture, or the loss is no
                finite number.
        """
        self.plan_peak(*content.shape[:2])  # refuses what will not fit before the work, not after the smaller scales
        return Optimisation(self.targets, content, init, extra, progress, resume).paint()

    def plan(self, height: int, width: int) -> Plan:
        """Tiles and history at a size; see :meth:`impasto.optimisation.planning.Planner.plan`."""
        return self.planner.plan(height, width)

    def plan_peak(self, height: int, width: int) -> Plan:
        """The plan at a size with all the memory that a run takes: measuring a large style picture may take most.

        Raises:
            InputError: the picture or a style picture does not fit into ``recipe.max_memory``.
        """
        full = height, width
        plan = self.plan(*full)
        sizes = [self.targets.size_of(style, full, full) for style in self.targets.styles]
        measuring = [self.targets.plan_measuring(size, full).bytes for size in sizes]
        return plan._replace(bytes=max([plan.bytes, *measuring]))

    def estimate(self, height: int, width: int) -> Plan:
        """The plan at a size with the memory and time that a run will take; times a small picture to find out.

        Raises:
            InputError: the picture or a style picture does not fit into ``recipe.max_memory``.
        """
        peak, full = self.plan_peak(height, width), (height, width)
        seconds_per_pixel = self.planner.measure_seconds_per_pixel()
        work = 0.0  # pixels that the network sees, over all iterations
        for size in scale_sizes(height, width, self.recipe.scale_count):
            tiled = self.planner.tiled(self.plan(*size).tile)
            tiles = list(tiled.tiles(*(side + 2 * tiled.margin for side in size)))
            window_pixels = sum((tile.window[1] - tile.window[0]) * (tile.window[3] - tile.window[2]) for tile in tiles)
            # Several tiles of a device take another forward pass, which is a third of an evaluation.
            again = 1 if len(tiles) == tiles[-1].strip + 1 else 4 / 3
            work += self.recipe.iterations_a_scale * window_pixels * again / self.planner.devices
            # Measuring a style takes about as long as an evaluation: half of it for the resampling.
            work += sum(math.prod(self.targets.size_of(style, full, size)) for style in self.targets.styles)
        return peak._replace(seconds=STARTING_SECONDS + work * seconds_per_pixel)

    def recoloured(self, painted: Array, photograph: Array) -> Array:
        """What was painted in the colours that the recipe wants, H x W x 3 in [0, 1].

        Colours are matched over the whole picture, but where no style applies it stays the photograph.

        Args:
            painted: H x W x 3 in [0, 1].
            photograph: H x W x 3 in [0, 1].
        """
        if self.recipe.colors == "content":
            return colors.keep_chroma(painted, photograph)
        if self.recipe.colors == "match":
            matched = colors.match_colors(painted, photograph)
            cover = self.targets.cover(*painted.shape[:2])
            return matched if cover is None else painted + cover[..., None] * (matched - painted)
        return painted
