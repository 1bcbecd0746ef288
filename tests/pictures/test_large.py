"""What is read in strips is what is read at once, for every kind of file."""

import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from impasto.errors import InputError
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.pictures import encoding, large, libvips
from impasto.pictures.conversion import from_array
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import write_picture, write_rows

from .samples import interlaced_png, rgb_profile


@pytest.fixture(autouse=True)
def short_strips(monkeypatch):
    monkeypatch.setattr(large, "_STRIP_BYTES", 2000)


@pytest.fixture(scope="module")
def see_through(photo):
    image = photo.copy()
    image.putalpha(Image.fromarray((np.mgrid[0:128, 0:192][1] % 256).astype(np.uint8)))
    return image


def deep(photo):
    noise = np.random.default_rng(0).integers(0, 200, (128, 192, 3))
    return from_array((np.asarray(photo, np.uint16) * 256 + noise).astype(np.uint16))


def tiled(image, path, side=64):
    """A TIFF in raw tiles, which Pillow reads and does not write; those at the edges reach beyond the picture."""
    array = np.asarray(image)
    height, width, channels = array.shape
    tops, lefts = range(0, height, side), range(0, width, side)
    whole = np.zeros((len(tops) * side, len(lefts) * side, channels), np.uint8)
    whole[:height, :width] = array
    tiles = [whole[top : top + side, left : left + side].tobytes() for top in tops for left in lefts]
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[256], tags[257], tags[258] = width, height, (8,) * channels
    tags[259], tags[262], tags[277], tags[322], tags[323] = 1, 2, channels, side, side
    tags[324], tags[325] = tuple(1024 + at * len(tiles[0]) for at in range(len(tiles))), (len(tiles[0]),) * len(tiles)
    with path.open("wb") as file:
        tags.save(file)
        file.write(bytes(1024 - file.tell()))
        file.writelines(tiles)


KINDS = {
    "rgb.jpg": lambda p, a, path: p.save(path, dpi=(300, 300), comment=b"by the sea"),
    "progressive.jpg": lambda p, a, path: p.save(path, progressive=True, subsampling="4:4:4"),
    "grey.jpg": lambda p, a, path: p.convert("L").save(path),
    "profile.jpg": lambda p, a, path: p.save(path, icc_profile=rgb_profile(1.5)),
    "rgb.png": lambda p, a, path: p.save(path, dpi=(300, 300)),
    "grey.png": lambda p, a, path: p.convert("L").save(path),
    "palette.png": lambda p, a, path: p.quantize(13).save(path, bits=4, transparency=3),
    "bits.png": lambda p, a, path: p.convert("1").save(path),
    "alpha.png": lambda p, a, path: a.save(path),
    "grey-alpha.png": lambda p, a, path: a.convert("LA").save(path),
    "grey16.png": lambda p, a, path: Image.fromarray(np.asarray(p, np.uint16)[..., 0] * 257).save(path),
    "key16.png": lambda p, a, path: Image.fromarray(np.asarray(p, np.uint16)[..., 0]).save(path, transparency=99),
    "deep.png": lambda p, a, path: write_picture(deep(p), path),
    "raw.tif": lambda p, a, path: p.save(path),
    "lzw.tif": lambda p, a, path: a.save(path, compression="tiff_lzw"),
    "jpeg.tif": lambda p, a, path: p.convert("YCbCr").save(path, compression="jpeg", strip_size=16 * 576),
    "cmyk.tif": lambda p, a, path: p.convert("CMYK").save(path, compression="packbits"),
    "rows.tif": lambda p, a, path: p.convert("CMYK").save(path, compression="tiff_lzw", strip_size=1),
    "palette.tif": lambda p, a, path: p.convert("P").save(path),
    "grey16.tif": lambda p, a, path: Image.fromarray(np.asarray(p, np.uint16)[..., 0] * 257).save(path),
    "tiles.tif": lambda p, a, path: tiled(p.crop((0, 0, 180, 128)), path),
    "deep.tif": lambda p, a, path: write_picture(deep(p), path),
}


@pytest.mark.parametrize("size", [2000, 1 << 17])  # a few rows; several strips of a TIFF together
@pytest.mark.parametrize("kind", KINDS)
def test_strips_are_the_whole(kind, size, photo, see_through, tmp_path, monkeypatch):
    monkeypatch.setattr(large, "_STRIP_BYTES", size)
    path = tmp_path / kind
    KINDS[kind](photo, see_through, path)
    whole = read_picture(path, compact=1)
    reader = large.open_rows(path)
    assert reader is not None
    assert (reader.size, reader.dtype, reader.bits) == (whole.size, whole.dtype, whole.bits)
    assert reader.metadata == whole.metadata
    assert reader.transparent == whole.transparent
    parts = [reader.rows(max(0, top - 5), min(top + 21, 128)) for top in range(0, 128, 21)]  # with an overlap
    assert np.array_equal(np.concatenate([parts[0].rgb, *(part.rgb[5:] for part in parts[1:])]), whole.rgb)
    if whole.alpha is not None:
        assert np.array_equal(np.concatenate([parts[0].alpha, *(p.alpha[5:] for p in parts[1:])]), whole.alpha)
    assert np.array_equal(reader.rows(3, 9).rgb, whole.rgb[3:9])  # from the top again


def test_what_cannot_be_read_in_strips_is_left_to_be_read_whole(photo, tmp_path):
    photo.save(tmp_path / "a.webp")
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(tmp_path / "turned.png", exif=exif)
    photo.save(tmp_path / "turned.jpg", exif=exif)
    photo.convert("CMYK").save(tmp_path / "cmyk.jpg")
    (tmp_path / "interlaced.png").write_bytes(interlaced_png(np.asarray(photo)))
    Image.fromarray(np.zeros((9, 9), np.float32)).save(tmp_path / "float.tif")
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    for name in (
        "a.webp",
        "turned.png",
        "turned.jpg",
        "cmyk.jpg",
        "interlaced.png",
        "float.tif",
        "cut.png",
        "none.png",
    ):
        assert large.open_rows(tmp_path / name) is None


@pytest.mark.parametrize("orientation", [1, 6])
def test_what_a_png_says_behind_its_pixels_counts(orientation, photo, tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "maker"
    path = tmp_path / "late.png"
    photo.save(path)
    late = [(b"eXIf", exif.tobytes()[6:]), (b"tEXt", b"Author\0me")]
    with path.open("r+b") as file:
        file.seek(-12, os.SEEK_END)  # over the end's own chunk
        for kind, body in [*late, (b"IEND", b"")]:
            file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
    reader = large.open_rows(path)
    if orientation == 1:
        assert reader.metadata == read_picture(path).metadata
        assert reader.metadata.text["Author"] == "me"
        assert reader.metadata.exif
    else:
        assert reader is None  # turned: read as a whole


def test_the_first_frame_of_an_animated_png_is_read(photo, tmp_path):
    path = tmp_path / "animated.png"
    photo.save(path, save_all=True, append_images=[photo.rotate(180), photo.rotate(90)])
    assert np.array_equal(large.open_rows(path).rows(0, 128).rgb, np.asarray(photo))


def test_many_small_strips_of_a_tiff_are_decoded_together(photo, see_through, tmp_path, monkeypatch):
    path = tmp_path / "rows.tif"
    KINDS["rows.tif"](photo, see_through, path)
    monkeypatch.setattr(large, "_STRIP_BYTES", 192 * 4 * 50)
    calls = []
    read = libvips.RowDecoder.read
    monkeypatch.setattr(libvips.RowDecoder, "read", lambda *a: calls.append(1) or read(*a))
    large.open_rows(path).rows(0, 128)
    assert len(calls) == 3


@pytest.mark.parametrize("name", ["rgb.png", "lzw.tif"])
def test_a_file_that_is_cut_off_is_one_sentence(name, photo, see_through, tmp_path):
    path = tmp_path / name
    KINDS[name](photo, see_through, path)
    data = path.read_bytes()
    if name == "rgb.png":
        path.write_bytes(data[: len(data) * 2 // 3])
    else:  # a TIFF's tags are at its end, and all is lost with them: so only the pixels are
        with Image.open(path) as image:
            start, size = image.tag_v2[273][-1], image.tag_v2[279][-1]
        path.write_bytes(data[:start] + bytes(size) + data[start + size :])
    reader = large.open_rows(path)
    assert reader is not None
    with pytest.raises(InputError, match=r"damaged|cut off"):
        reader.rows(0, 128)


def test_whatever_a_decoder_raises_is_one_sentence(photo, see_through, tmp_path):
    KINDS["raw.tif"](photo, see_through, tmp_path / "raw.tif")
    reader = large.open_rows(tmp_path / "raw.tif")
    (tmp_path / "raw.tif").unlink()
    with pytest.raises(InputError, match="damaged"):
        reader.rows(0, 128)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("kind", ["rgb.png", "alpha.png", "deep.png"])
def test_rows_are_written_as_the_whole_is(kind, suffix, photo, see_through, tmp_path):
    KINDS[kind](photo, see_through, tmp_path / kind)
    whole = read_picture(tmp_path / kind, compact=1)
    parts = (whole.rows(top, top + 29) for top in range(0, 128, 29))
    out = tmp_path / f"out{suffix}"
    write_rows(parts, whole, out, metadata=whole.metadata, note="how")
    again = read_picture(out, compact=1)
    assert np.array_equal(again.rgb, whole.rgb)
    assert again.alpha is None if whole.alpha is None else np.array_equal(again.alpha, whole.alpha)
    with Image.open(out) as image:
        made = image.info.get("Software") or image.tag_v2[305]
        assert made == "how"
        assert "icc_profile" in image.info
        if whole.metadata.dpi:
            assert [round(value) for value in image.info["dpi"]] == [300, 300]


@pytest.mark.parametrize("how", ["mask", "masks"])
def test_a_file_made_smaller_as_it_is_read_takes_a_mask_of_its_own_size(how, photo, tmp_path, monkeypatch):
    photo.save(tmp_path / "rgb.png")
    mask = np.zeros((128, 192), np.uint8)
    mask[:, :100] = 255
    plain, tight = (
        Painter("scream", Options(size=64, **{how: mask if how == "mask" else {"scream": mask}})) for _ in "ab"
    )
    monkeypatch.setattr(tight._budget, "holds", lambda size: False)
    read = tight.read(tmp_path / "rgb.png")
    assert read.size == (64, 42)
    painted = tight.paint(read).picture
    assert np.abs(painted.rgb - plain.paint(plain.read(tmp_path / "rgb.png")).picture.rgb).mean() < 0.05
    assert np.array_equal(painted.rgb[:, 36:], read.rgb[:, 36:])


@pytest.mark.parametrize("name", ["alpha.png", "deep.tif"])
@pytest.mark.parametrize("target", ["o.png", "o.tif", "o.jpg"])
def test_a_file_too_large_for_memory_is_painted_as_any_other(name, target, photo, see_through, tmp_path, monkeypatch):
    KINDS[name](photo, see_through, tmp_path / name)
    plain = Painter("scream")
    plain.paint_file(tmp_path / name, tmp_path / f"plain-{target}")
    tight = Painter("scream", Options())
    monkeypatch.setattr(tight._budget, "holds", lambda size: False)
    calls = []

    def counted(*arguments, _encode=encoding.encode_rows):
        calls.append(1)
        _encode(*arguments)

    monkeypatch.setattr(encoding, "encode_rows", counted)
    tight.paint_file(tmp_path / name, tmp_path / target)
    assert len(calls) == (target != "o.jpg")
    first, second = (read_picture(tmp_path / n, compact=1) for n in (f"plain-{target}", target))
    assert first.metadata == second.metadata
    seen = slice(None) if first.alpha is None else first.alpha > 100
    peak = np.iinfo(first.rgb.dtype).max
    assert np.abs(first.rgb.astype(float) - second.rgb)[seen].mean() < 0.01 * peak


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_opening_a_file_says_nothing_that_reading_it_says(suffix, photo, tmp_path, caplog):
    photo.save(tmp_path / f"a{suffix}", icc_profile=b"broken")
    reader = large.open_rows(tmp_path / f"a{suffix}")
    assert not caplog.records
    for top in range(0, 128, 16):
        reader.rows(top, top + 16)
    assert len(caplog.records) == 1
    assert "colour profile ignored" in caplog.text
