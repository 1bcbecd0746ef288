"""Small painted pictures: one of every style to choose it by, and the icons of the installed page."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from impasto.feedforward.painter import Painter
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import middle_square, resize_picture
from impasto.pictures.writing import write_picture
from impasto.styles.style import Style

FOLDER = "data/thumbnails"
"""Where the thumbnails lie in a site."""
EXAMPLE = "example.jpg"
"""Where the example photograph lies in a site; the page asks for it there."""
ICONS = {"icon-192.webp": 192, "icon-512.webp": 512}
"""Files of the icons at the root of a site, and their sides in pixels."""
APPLE_ICON = "apple-touch-icon.png"
"""File of the icon that iOS takes, which has to be a PNG."""
_APPLE_SIDE = 180  # pixels
_ICON_STYLE = "great-wave"
_PAINTED_SIDE = 320  # pixels: side at which a thumbnail is painted, larger than shown, for finer strokes
_SHOWN_SIDE = 144  # pixels: side of a thumbnail; all thumbnails are loaded before the first painting
_QUALITY = 55  # of 100, of a thumbnail
_ICON_QUALITY = 85  # of 100, of an icon where its format has qualities


def write_thumbnails(site: Path, styles: dict[str, Style]) -> None:
    """Write a thumbnail of every style, the example photograph and the icons into a site."""
    (site / FOLDER).mkdir(parents=True)
    content = (resources.files("impasto.assets") / "harbour.jpg").read_bytes()
    (site / EXAMPLE).write_bytes(content)
    photograph = middle_square(read_picture(content))
    small = resize_picture(photograph, _PAINTED_SIDE)
    for name, style in styles.items():
        painted = resize_picture(Painter(style).paint_only(small), _SHOWN_SIDE)
        write_picture(painted, site / FOLDER / f"{name}.webp", quality=_QUALITY, strip=True)
    icon = Painter(_ICON_STYLE).paint_only(photograph)
    for name, side in (*ICONS.items(), (APPLE_ICON, _APPLE_SIDE)):
        write_picture(resize_picture(icon, side), site / name, quality=_ICON_QUALITY, strip=True)
