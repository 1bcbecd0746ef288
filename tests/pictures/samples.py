"""Pictures and files that several tests read."""

import io
import struct
import zlib

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from impasto.pictures import profiles

FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "PPM"]
sides = st.sampled_from([1, 2, 3, 7, 16, 33, 257])
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def smooth(height=24, width=36, dtype=np.uint8, channels=3):
    """Gradients, which every format keeps nearly as they are."""
    y, x = np.mgrid[:height, :width]
    planes = [x / max(width - 1, 1), y / max(height - 1, 1), (x + y) / (height + width), 0.3 + 0.5 * x / width]
    top = np.iinfo(dtype).max
    return np.rint(np.stack(planes[:channels], axis=-1) * top).astype(dtype)


def saved(image, format="PNG", **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def bytes_of(picture):
    return np.rint(picture.rgb * 255).astype(np.uint8)


def rgb_profile(gamma=1.0):
    """An RGB profile with sRGB's primaries and another gamma."""
    base = profiles.srgb_profile()
    curve = struct.pack(">4sIIH", b"curv", 0, 1, round(gamma * 256)) + b"\0\0"
    count = struct.unpack(">I", base[128:132])[0]
    table, extra = bytearray(base[:132]), b""
    for i in range(count):
        name, start, size = struct.unpack_from(">4sII", base, 132 + 12 * i)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            start, size = len(base), len(curve)
            extra = curve
        table += struct.pack(">4sII", name, start, size)
    profile = bytes(table) + base[len(table) :] + extra
    return struct.pack(">I", len(profile)) + profile[4:]


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="6" dc:title="Sea"/></x:xmpmeta>'


def with_metadata():
    exif = Image.Exif()
    exif[0x010E] = "Grün".encode()
    exif[0x010F] = "Camera"
    exif[0x0131] = "Firmware"
    exif[0x0112] = 6
    exif[0x8769] = {0x829A: 0.01, 0xA001: 65535, 0xA002: 99, 0x927C: b"maker's note"}
    exif[0x8825] = {1: "N", 2: (51.0, 30.0, 0.0)}
    return saved(Image.fromarray(smooth()), "JPEG", exif=exif, xmp=XMP, dpi=(300, 300), comment=b"By the sea")


def interlaced_png(array):
    """An interlaced PNG of H x W x 3, uint8 or uint16; Pillow writes none."""
    height, width = array.shape[:2]
    steps = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    passes = [array[top::down, left::across].astype(array.dtype.newbyteorder(">")) for top, left, down, across in steps]
    raw = b"".join(b"\0" + row.tobytes() for part in passes for row in part)
    header = struct.pack(">IIBBBBB", width, height, 8 * array.itemsize, 2, 0, 0, 1)
    out = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")):
        out += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return out


def tiff_of_planes(array, planar, tags):
    """A TIFF of H x W x C, uint16, without compression, interleaved (1) or in planes (2); Pillow writes none."""
    height, width, channels = array.shape
    planes = [array] if planar == 1 else [array[..., channel] for channel in range(channels)]
    blocks = [plane.astype("<u2").tobytes() for plane in planes]
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    described = {
        256: width,
        257: height,
        258: (16,) * channels,
        259: 1,
        262: 2,
        277: channels,
        278: height,
        284: planar,
    }
    for tag, value in (described | tags).items():
        directory[tag] = value
    directory.tagtype[273] = directory.tagtype[279] = 4
    directory[273] = tuple(at * len(blocks[0]) for at in range(len(blocks)))  # Pillow adds where the data starts
    directory[279] = tuple(len(block) for block in blocks)
    out = io.BytesIO()
    directory.save(out)
    out.writelines(blocks)
    return out.getvalue()


def tiff_of_directories(*directories):
    """A TIFF of several directories, without compression; Pillow writes no sub-directories.

    Each directory is a pair of an array, H x W x 3, uint8 or uint16, and its further tags by number (whole numbers);
    a tag 330 is a list of directories, which become its sub-directories.
    """
    out = bytearray(b"II*\0\0\0\0\0")

    def write(array, tags):
        subs = [write(*sub) for sub in tags.get(330, [])]
        pixels = len(out)
        out.extend(array.astype(array.dtype.newbyteorder("<")).tobytes())
        height, width = array.shape[:2]
        bits = 8 * array.itemsize
        values = {256: [width], 257: [height], 258: [bits] * 3, 259: [1], 262: [2], 273: [pixels], 277: [3]}
        values |= {278: [height], 279: [array.nbytes]} | {tag: [value] for tag, value in tags.items() if tag != 330}
        if subs:
            values[330] = subs
        entries = b""
        for tag, numbers in sorted(values.items()):
            at = len(out)
            if len(numbers) > 1:
                out.extend(struct.pack(f"<{len(numbers)}I", *numbers))
            entries += struct.pack("<HHII", tag, 4, len(numbers), at if len(numbers) > 1 else numbers[0])
        start = len(out)
        out.extend(struct.pack("<H", len(values)) + entries + bytes(4))
        return start

    link = 4
    for array, tags in directories:
        start = write(array, tags)
        out[link : link + 4] = struct.pack("<I", start)
        link = len(out) - 4
    return bytes(out)


def png_with(data, *chunks, before=b"IDAT"):
    """A PNG with further chunks, pairs of kind and body."""
    at = data.index(before) - 4
    added = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return data[:at] + added + data[at:]
