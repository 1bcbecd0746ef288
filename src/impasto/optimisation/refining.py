"""The path between the fast and the slow one: what the fast path paints, optimised for a few iterations.

The first pass of a painting is refined, in which strokes are laid at the size that the network learnt. What follows
(larger passes, masks, colours, strength) is done with it as with any painting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from impasto.errors import InputError, OutOfMemoryError, StyleError
from impasto.feedforward.options import Options
from impasto.networks.perceptual import load_features
from impasto.optimisation.optimiser import Optimiser
from impasto.optimisation.recipe import Recipe
from impasto.optimisation.style_pictures import Array, StylePicture, bundled_style_picture, read_styles, trained_side
from impasto.styles.style import PHOTOGRAPH, Style, StyleSource
from impasto.styles.textures import has_texture

_DEVICES = ("cpu", "cuda", "mps")  # those of the fast path on which the optimisation can be computed as well


class Refiner:
    """Refines paintings by optimisation; ready for any number of pictures.

    Args:
        styles: that the paintings will have, so that one that cannot be refined is refused before the work.
        options: the iterations, the device and the limits count.

    Raises:
        StyleError: nothing is known of a style to refine towards.
        InputError: the picture of a style cannot be read.
    """

    def __init__(self, styles: Sequence[Style], options: Options) -> None:
        self._recipe = Recipe(
            init="fast",
            iterations=options.refine,
            device=options.device if options.device in _DEVICES else "auto",
            max_memory=options.max_memory,
            max_pixels=options.max_pixels,
        )
        self._pictures: dict[Any, StylePicture] = {}
        for part in (part for style in styles for part in style.parts if not _is_photograph(part)):
            self._pictures[_key(part)] = self._read(part)
        self._network = load_features(self._recipe.features)

    def _read(self, part: StyleSource) -> StylePicture:
        """The style picture of a part of a style.

        Raises:
            StyleError: there is none.
        """
        if part.bundled and has_texture(part.name):
            return bundled_style_picture(part.name)
        if part.picture is None:
            raise StyleError(
                f"The style {part.name} comes without a picture to refine towards, as style files do: leave --refine "
                "out, or give the picture that it was learnt from as the style."
            )
        (picture,) = read_styles([(part.picture, 1.0)], max_pixels=self._recipe.max_pixels)
        return replace(picture, side=trained_side(picture.rgb))

    def refine(
        self, style: Style, photograph: Array, painting: Array, progress: Callable[[float], None] = lambda _share: None
    ) -> Array:
        """Optimise a painting towards its style.

        Args:
            style: what it was painted in, one of those given.
            photograph: H x W x 3 in [0, 1].
            painting: likewise.
            progress: called with the share of the work that is done, after each iteration.

        Raises:
            OutOfMemoryError: it does not fit into the memory that the options allow.
            KeyboardInterrupt: Ctrl-C.
        """
        height, width = photograph.shape[:2]
        itself = StylePicture(photograph, name=PHOTOGRAPH, side=max(height, width))
        towards = [
            replace(itself if _is_photograph(part) else self._pictures[_key(part)], weight=part.weight)
            for part in style.parts
            if part.weight
        ]
        optimiser = Optimiser(towards, self._recipe, network=self._network)
        try:
            optimiser.plan_peak(height, width)
        except InputError as error:
            raise OutOfMemoryError(
                f"Refining {width} x {height} pixels needs more memory than the limit: raise --max-memory, or leave "
                "--refine out."
            ) from error
        result = optimiser.paint(photograph, init=painting, progress=lambda now: progress(now.share))
        if result.interrupted:
            raise KeyboardInterrupt
        return result.rgb


def _is_photograph(part: StyleSource) -> bool:
    """Whether a part of a style is the photograph style, whose picture is the photograph that is painted."""
    return part.bundled and part.name == PHOTOGRAPH


def _key(part: StyleSource) -> tuple[str, int]:
    """What tells a part of a style from others."""
    return part.name, id(part.picture)
