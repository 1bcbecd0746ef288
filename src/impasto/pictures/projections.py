"""How a picture shows the world: flat, or all around; what photographs say of it in their XMP (GPano)."""

from __future__ import annotations

from typing import Literal, get_args

from impasto.errors import InputError
from impasto.pictures.messages import logger
from impasto.pictures.sphere import is_whole
from impasto.pictures.xmp import panorama

log = logger(__name__)

Projection = Literal["auto", "flat", "equirectangular"]
PROJECTIONS: tuple[Projection, ...] = get_args(Projection)


def is_all_around(projection: Projection, xmp: bytes | None, size: tuple[int, int]) -> bool:
    """Whether a picture is to be painted as one all around.

    Args:
        projection: what is asked for.
        xmp: the picture's XMP.
        size: its width and height.

    Raises:
        InputError: that is asked for, and cannot be so.
    """
    if projection == "equirectangular":
        check_whole(size)
    if projection != "auto":
        return projection == "equirectangular"
    found = panorama(xmp) if xmp else None
    if found is None or found["ProjectionType"] != "equirectangular":
        return False
    full = [found.get(f"FullPano{side}Pixels") for side in ("Width", "Height")]
    part = [
        found.get(f"CroppedAreaImage{side}Pixels", all_of_it)
        for side, all_of_it in zip(("Width", "Height"), full, strict=True)
    ]
    if part == full and is_whole(size):
        return True
    if part[0] == full[0]:
        log.warning("a panorama without its poles is painted as a flat picture, so that its ends do not meet")
    return False


def check_whole(size: tuple[int, int]) -> None:
    """Refuse a width and height that no whole sphere has.

    Raises:
        InputError: they are such.
    """
    if not is_whole(size):
        raise InputError(
            f"A picture all around (equirectangular) is twice as wide as high, and this one has {size[0]} x {size[1]} "
            "pixels; give --projection flat.",
            key="no_sphere",
            width=size[0],
            height=size[1],
        )
