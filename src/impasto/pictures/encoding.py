"""Pictures to the bytes of a file: PNG of 16 bits and TIFF by our own encoders, all other formats by Pillow."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from impasto.errors import Sentence
from impasto.pictures import messages, profiles, row_encoding
from impasto.pictures.formats import Format
from impasto.pictures.metadata import ORIENTATION, Metadata, exif_of_result, of_result, png_texts, tiff_tags
from impasto.pictures.picture import Picture, RowSource, to_samples, to_unit_range
from impasto.pictures.resampling import lay_on_white

log = messages.logger(__name__)

Array = np.ndarray

_MAX_SEGMENT = 65_000  # bytes of one kind of metadata that a JPEG holds: a segment of 64 KiB less its heading
_ROWS = 256  # rows that are converted at a time, so that the temporaries stay small


def warn_of_losses(metadata: Metadata, target: Format) -> None:
    """Log what of the metadata a format cannot hold."""
    bare = target.name in ("PPM", "PGM")
    holds = {"JPEG": {"Comment"}, "PNG": set(metadata.text)}.get(target.name, set())
    lost = [f"text {key!r}" for key in metadata.text if key not in holds]
    lost += [name for name, value in (("EXIF", metadata.exif), ("XMP", metadata.xmp)) if bare and value]
    if lost:
        text = f"{target.name} cannot hold the original's {', '.join(lost)}: left out"
        messages.warn(log, Sentence(text, "metadata_not_held", format=target.name))


def encode_file(picture: Picture, target: Format, quality: int, metadata: Metadata, note: str | None) -> bytes:
    """Encode a picture. Whatever an encoder raises comes through.

    Args:
        picture: what to encode; where the format has no alpha, it is laid on white.
        target: the format.
        quality: 1 to 100, for the formats that lose something.
        metadata: what to keep.
        note: one line on how the result was made; see :func:`~impasto.pictures.writing.write_picture`.
    """
    if not target.alpha:
        picture = lay_on_white(picture)
    bits = picture.bits if target.deep else 8
    metadata = of_result(metadata, picture.size)
    exif = exif_of_result(metadata, picture.size, note if target.name != "PNG" else None)
    profile = profiles.srgb_profile()
    if target.name == "TIFF":
        pixels, out = stack_channels(picture, bits), io.BytesIO()
        row_encoding.write_tiff(pixels.shape, pixels.dtype, [pixels], tiff_tags(metadata, exif, profile), out)
        return out.getvalue()

    options: dict[str, Any] = {"icc_profile": profile}
    if target.name == "AVIF":  # Pillow takes this tag out by writing all others anew, and worse
        exif.pop(ORIENTATION, None)
    if len(exif):
        options["exif"] = exif.tobytes()
    if metadata.dpi and target.name in ("JPEG", "PNG"):
        options["dpi"] = metadata.dpi
    if target.name == "PNG":
        options["pnginfo"] = png_texts(metadata, note)
        if bits == 16:
            pixels = stack_channels(picture, 16)
            return b"".join(
                row_encoding.png_chunks(pixels.shape, [pixels], _saved(Image.new("RGB", (1, 1)), "PNG", **options))
            )
        return _saved(Image.fromarray(stack_channels(picture, 8)), "PNG", **options)

    if metadata.xmp:
        options["xmp"] = metadata.xmp
    if target.name == "JPEG":
        options |= {"comment": metadata.text["Comment"].encode()} if "Comment" in metadata.text else {}
        for kind in ("exif", "xmp", "comment"):
            if len(options.get(kind, b"")) > _MAX_SEGMENT:
                text = f"{kind.upper()} left out because it is longer than a JPEG allows"
                messages.warn(log, Sentence(text, "metadata_not_held", format="JPEG"))
                del options[kind]
                if kind == "exif" and note:
                    options["exif"] = exif_of_result(Metadata(), picture.size, note).tobytes()
    if target.name in ("PPM", "PGM"):
        image = Image.fromarray(stack_channels(picture, 8))
        return _saved(image if target.name == "PPM" else image.convert("L"), "PPM")
    options["quality"] = quality
    if target.name != "WEBP":  # WebP always halves the resolution of colours
        options["subsampling"] = "4:4:4"
    return _saved(Image.fromarray(stack_channels(picture, 8)), target.name, **options)


def encode_rows(
    parts: Iterable[Picture], whole: RowSource, target: Format, metadata: Metadata, note: str | None, out: BinaryIO
) -> None:
    """Write a PNG or TIFF from its rows, any number at a time.

    Args:
        parts: the rows from top to bottom.
        whole: says how large all of them are, how deep, and whether there is transparency.
        target, metadata, note: as for :func:`encode_file`.
        out: an empty file that can be written at any place.
    """
    shape = whole.size[1], whole.size[0], 4 if whole.transparent else 3
    bits = whole.dtype.itemsize * 8
    pixels = (stack_channels(part, bits) for part in parts)
    metadata = of_result(metadata, whole.size)
    exif = exif_of_result(metadata, whole.size, note if target.name != "PNG" else None)
    profile = profiles.srgb_profile()
    if target.name == "TIFF":
        row_encoding.write_tiff(shape, whole.dtype, pixels, tiff_tags(metadata, exif, profile), out)
        return
    options: dict[str, Any] = {"icc_profile": profile, "pnginfo": png_texts(metadata, note)}
    if len(exif):
        options["exif"] = exif.tobytes()
    if metadata.dpi:
        options["dpi"] = metadata.dpi
    out.writelines(row_encoding.png_chunks(shape, pixels, _saved(Image.new("RGB", (1, 1)), "PNG", **options)))


def _saved(image: Image.Image, format: str, **options: Any) -> bytes:
    """The bytes of the file that Pillow writes for an image."""
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def stack_channels(picture: Picture, bits: int) -> Array:
    """Colour and alpha in one array, H x W x 3 or 4.

    Args:
        picture: the picture.
        bits: 8 or 16 for uint8 or uint16; 0 for float32.
    """
    wanted = np.dtype({0: np.float32, 8: np.uint8, 16: np.uint16}[bits])
    rgb, alpha = picture.rgb, picture.alpha
    if alpha is None and rgb.dtype == wanted and bits:
        return rgb
    out = np.empty((*rgb.shape[:2], 3 if alpha is None else 4), wanted)
    for row in range(0, len(out), _ROWS):
        part = slice(row, row + _ROWS)
        out[part, :, :3] = to_samples(to_unit_range(rgb[part]), wanted)
        if alpha is not None:
            out[part, :, 3] = to_samples(to_unit_range(alpha[part]), wanted)
    return out
