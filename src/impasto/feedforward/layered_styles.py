"""Styles with their masks, made ready once, to be layered over any number of pictures."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from copy import copy
from dataclasses import replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from impasto.engines.loading import load_engine
from impasto.errors import StyleError
from impasto.feedforward.composition import Composition, Normalisation, StyleLayer, pad_picture
from impasto.feedforward.masks import blend_to_name, split_by_mask
from impasto.feedforward.options import Options
from impasto.pictures.masks import Mask, fit_mask, read_mask
from impasto.pictures.picture import RowSource
from impasto.pictures.sphere import View
from impasto.styles.blending import Styles, as_style_list
from impasto.styles.catalogue import video_style
from impasto.styles.style import Style


class LayeredStyles:
    """Styles, the masks of where they apply, and the engines that run their networks.

    Args:
        styles: as :func:`impasto.stylize` takes them, but no pictures to learn from.
        options: masks, strength, colours, grain, device and engine count.
        parallel: how many pictures are painted at a time.
        many: whether many pictures are to be painted, so that an engine may take longer to get ready.
        for_video: whether the steady network paints, and masks may be black all over.

    Attributes:
        style: the blend of all styles, which names results.

    Raises:
        StyleError: no such style.
        InputError: a mask cannot be read, or belongs to none of the styles.
    """

    def __init__(self, styles: Styles, options: Options, parallel: int, *, many: bool, for_video: bool) -> None:
        self._options, self._parallel = options, parallel
        self._many, self._for_video = many, for_video
        self._masked, self._rest = split_by_mask(as_style_list(styles), options.masks)
        self.style = blend_to_name(self._masked, self._rest)
        read = partial(read_mask, max_pixels=options.max_pixels, may_be_black=for_video)
        self._strength_mask = None if options.mask is None else read(options.mask)
        self._masks = {name: read(mask) for name, mask in options.masks.items()}

    def composition(
        self, normalisation: Normalisation, source: RowSource, original: tuple[int, int], *others: tuple[int, int]
    ) -> Composition:
        """What the last pass over a picture puts together.

        Args:
            normalisation: shared by all passes.
            source: the picture, in the size of the last pass.
            original: width and height of the picture as it was read, which masks may have as well as the source's.
            others: further sizes that masks may have.

        Raises:
            StyleError: a style belongs to another network.
            InputError: a mask is of another size.
        """

        def fitted(mask: Mask | None) -> Mask | None:
            return None if mask is None else fit_mask(mask, source.size, original, *others)

        layers = [replace(layer, mask=fitted(layer.mask)) for layer in self._layers]
        padded, mask, options = pad_picture(source, layers), fitted(self._strength_mask), self._options
        return Composition(padded, layers, options.strength, mask, options.colors, normalisation=normalisation)

    def prepare(self) -> None:
        """Load the engines, which else happens with the first picture; what fails, fails with that again."""
        with suppress(Exception):
            for layer in self._layers:
                layer.engine.prepare()

    def coverage(self, size: tuple[int, int]) -> NDArray[np.uint8] | None:
        """Where the strength and each masked style apply, for a picture of a width and height.

        Returns:
            H x W x M, uint8, a plane a mask; ``None`` where everything applies everywhere.
        """
        if self._options.strength == 0:
            return np.zeros((size[1], size[0], 1), np.uint8)
        masks = self._all_masks()
        return np.dstack([fit_mask(mask, size, size) for mask in masks]) if masks else None

    def seen_in(self, view: View, size: tuple[int, int], *others: tuple[int, int]) -> LayeredStyles:
        """The same for a view of a picture all around, with what the view shows of the masks.

        Args:
            view: the view.
            size: width and height of the picture, which masks have.
            others: further sizes that masks may have.
        """

        def seen(mask: Mask) -> Mask:
            return view.sample(fit_mask(mask, size, size, *others))

        shown = copy(self)
        shown.__dict__.pop("_layers", None)
        shown._strength_mask = None if self._strength_mask is None else seen(self._strength_mask)
        shown._masks = {name: seen(mask) for name, mask in self._masks.items()}
        return shown

    @property
    def every(self) -> list[Style]:
        """The styles that have a mask, and the blend of the others, if there are any."""
        return [*self._masked.values(), *([] if self._rest is None else [self._rest])]

    @cached_property
    def id(self) -> str:
        """Eight hex digits that stand for the styles' numbers and the masks, of which the options have only names."""
        digest = hashlib.sha256()
        for part in (*(vector for style in self.every for vector in (style.scale, style.shift)), *self._all_masks()):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()[:8]

    def _all_masks(self) -> list[Mask]:
        """The mask of the strength, if there is one, and those of styles."""
        return [*([] if self._strength_mask is None else [self._strength_mask]), *self._masks.values()]

    @cached_property
    def _layers(self) -> list[StyleLayer]:
        """A layer for every style that has a mask, and one for the blend of the others."""
        masked: list[tuple[Style, Mask | None]] = [(style, self._masks[name]) for name, style in self._masked.items()]
        every = [*masked, *([] if self._rest is None else [(self._rest, None)])]
        return [self._layer(index, style, mask) for index, (style, mask) in enumerate(every)]

    def _layer(self, index: int, style: Style, mask: Mask | None) -> StyleLayer:
        """The layer of a style, with the engine that runs its network.

        Raises:
            StyleError: the style belongs to another network.
        """
        options = self._options
        if self._for_video:
            style = video_style(style)
        engine = load_engine(options.device, style.embedded, self._parallel, options.engine, self._many)
        if style.network != engine.network or len(style.scale) != engine.channels:
            raise StyleError(
                f"The style {style.name} was made for network {style.network or 'unknown'}, this Impasto has "
                f"{engine.network}; learn it again or install the version that it came from."
            )
        return StyleLayer(style, engine, mask, style.grain_share * options.grain, index=index)
