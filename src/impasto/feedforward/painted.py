"""A painted picture, and what of it keeps the next one like it."""

from __future__ import annotations

from dataclasses import dataclass, field

from impasto.feedforward.composition import Normalisation, PassStatistics
from impasto.pictures.colors import ColorTransport
from impasto.pictures.picture import Picture


@dataclass(frozen=True)
class Painted:
    """A painted picture.

    Attributes:
        picture: the painting.
        statistics: what its networks were normalised with. Given back to :meth:`Painter.paint` with the next frame
            of a video, they keep that frame as this one was.
        transport: the map that matched its colours with the photograph's; ``None``: they are not matched.
    """

    picture: Picture
    statistics: PassStatistics = field(default_factory=dict)
    transport: ColorTransport | None = None

    def normalisation(self) -> Normalisation:
        """How another view of the same sphere is normalised, so that both look as one painting."""
        return Normalisation(self.statistics, wanted=False, transport=self.transport)
