"""Photographs from folders, .zip and HDF5 files, and the crops made of them."""

import json
import logging
import struct
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError, MissingExtraError, TrainingError
from impasto.pictures.conversion import from_array
from impasto.pictures.profiles import srgb_profile
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import encode_picture
from impasto.training import photographs
from impasto.training.photographs import Photographs, PictureFiles, decode

h5py = pytest.importorskip("h5py")


def noise(seed=0, size=(40, 30)):
    width, height = size
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def save(path, seed=0, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(seed, size)).save(path)


@pytest.fixture
def folder(tmp_path):
    for seed in range(12):
        save(tmp_path / "photos" / f"{seed:02}.png", seed)
    return tmp_path / "photos"


def encoded(tmp_path, image, suffix=".png", **options):
    path = tmp_path / f"picture{suffix}"
    image.save(path, **options)
    return path.read_bytes()


def hdf5(path, groups, **options):
    with h5py.File(path, "w") as file:
        for name, rows in groups.items():
            file.create_dataset(f"{name}/images", data=rows, **options)
    return path


def rows(count, first=0):
    return np.stack([noise(first + i, (16, 16)).transpose(2, 0, 1) for i in range(count)])


def display_p3():
    """A profile with sRGB's curves and the primaries of Display P3, adapted to D50."""
    profile = bytearray(srgb_profile())
    primaries = {
        b"rXYZ": (0.5151, 0.2412, -0.0011),
        b"gXYZ": (0.292, 0.6922, 0.0419),
        b"bXYZ": (0.1571, 0.0666, 0.7841),
    }
    for at in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12):
        name, start, _ = struct.unpack_from(">4sII", profile, at)
        if name in primaries:
            struct.pack_into(">3i", profile, start + 8, *(round(65536 * value) for value in primaries[name]))
    return bytes(profile)


def same(these, those):
    return len(these) == len(those) and all(map(np.array_equal, these, those))


class TestBatch:
    def test_shape_and_range(self, folder):
        batch = Photographs(folder, crop=16).batch(5)
        assert batch.shape == (5, 3, 16, 16)
        assert batch.dtype == np.float32
        assert batch.flags.c_contiguous
        assert 0 <= batch.min() < batch.max() <= 1

    def test_seed_decides(self, folder):
        first, again, other = (Photographs(folder, crop=16, seed=seed).batch(6) for seed in (3, 3, 4))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_state_goes_through_json(self, folder):
        pictures = Photographs(folder, crop=16)
        pictures.batch(3)
        state = json.loads(json.dumps(pictures.state()))
        expected = pictures.batch(4)
        fresh = Photographs(folder, crop=16, seed=99)
        fresh.set_state(state)
        assert np.array_equal(fresh.batch(4), expected)

    def test_state_is_a_copy(self, folder):
        pictures = Photographs(folder, crop=16)
        before = pictures.state()
        kept = json.dumps(before)
        pictures.batch(2)
        assert json.dumps(before) == kept

    def test_crops_are_pieces_of_a_photograph_some_mirrored(self, tmp_path):
        """At the scale where no pixel is resized, each crop is found in the photograph or in its mirror image."""
        save(tmp_path / "p" / "a.png", size=(14, 12))
        pictures = Photographs(tmp_path / "p", crop=6, scales=(2, 2))
        photo = noise(size=(14, 12))
        windows = np.lib.stride_tricks.sliding_window_view(photo, (6, 6), axis=(0, 1))
        windows = windows.transpose(0, 1, 3, 4, 2).reshape(-1, 6, 6, 3)
        plain = {window.tobytes() for window in windows}
        mirrored = {window[:, ::-1].tobytes() for window in windows}
        crops = np.rint(pictures.batch(200) * 255).astype(np.uint8).transpose(0, 2, 3, 1)
        crops = [np.ascontiguousarray(crop).tobytes() for crop in crops]
        assert all(crop in plain | mirrored for crop in crops)
        assert 60 < sum(crop in plain for crop in crops) < 140
        assert len(set(crops)) > 60  # of 9 x 7 places, and their mirror images

    def test_scale_one_shows_the_whole_short_side(self, tmp_path):
        ramp = np.zeros((40, 40, 3), np.uint8)
        ramp[:] = np.arange(0, 240, 6, dtype=np.uint8)[:, None, None]
        (tmp_path / "p").mkdir()
        Image.fromarray(ramp).save(tmp_path / "p" / "ramp.png")
        spans = {}
        for scale in (1, 4):
            batch = Photographs(tmp_path / "p", crop=20, scales=(scale, scale)).batch(8)
            spans[scale] = np.ptp(batch, axis=(1, 2, 3)).mean()
        assert spans[1] > 0.88
        assert 0.15 < spans[4] < 0.25

    def test_a_photograph_smaller_than_the_crop_is_enlarged(self, tmp_path):
        save(tmp_path / "p" / "tiny.png", size=(3, 1))
        assert Photographs(tmp_path / "p", crop=8).batch(3).shape == (3, 3, 8, 8)

    @pytest.mark.parametrize("arguments", [{"scales": (0.5, 1)}, {"scales": (2, 1)}, {"crop": 0}, {"limit": 0}])
    def test_impossible_settings(self, folder, arguments):
        with pytest.raises(TrainingError):
            Photographs(folder, **{"crop": 16} | arguments)


class TestHeldOut:
    def test_adding_files_moves_none(self, folder):
        for seed in range(12, 60):
            save(folder / f"{seed:02}.png", seed, (8, 8))
        before = Photographs(folder, crop=8, held_out=0.3)
        for seed in range(60, 90):
            save(folder / "more" / f"{seed:02}.png", seed, (8, 8))
        after = Photographs(folder, crop=8, held_out=0.3)
        for old, new in ((before.train, after.train), (before.val, after.val)):
            assert {p.tobytes() for p in old} <= {p.tobytes() for p in new}
        assert 0.1 < len(after.val) / 90 < 0.5
        assert len(after.train) + len(after.val) == 90

    @pytest.mark.parametrize(("share", "train", "val"), [(0, 11, 1), (1, 1, 11)])
    def test_at_least_one_on_each_side(self, folder, share, train, val):
        pictures = Photographs(folder, crop=8, held_out=share)
        assert (len(pictures.train), len(pictures.val)) == (train, val)

    def test_a_single_photograph_serves_as_both(self, tmp_path):
        save(tmp_path / "p" / "a.png")
        pictures = Photographs(tmp_path / "p", crop=8)
        assert same(pictures.train, pictures.val)

    def test_a_source_of_their_own(self, folder, tmp_path):
        save(tmp_path / "val" / "v.png", 77)
        pictures = Photographs(folder, crop=8, val_source=tmp_path / "val")
        assert len(pictures.train) == 12
        assert same(pictures.val, [noise(77)])

    def test_batch_is_the_middle_and_never_changes(self, tmp_path, folder):
        save(tmp_path / "val" / "a.png", 1, (12, 8))
        save(tmp_path / "val" / "b.png", 2, (8, 12))
        pictures = Photographs(folder, crop=8, val_source=tmp_path / "val")
        first = pictures.val_batch(2)
        pictures.batch(3)
        assert np.array_equal(pictures.val_batch(2), first)
        expected = noise(1, (12, 8))[:, 2:10], noise(2, (8, 12))[2:10]
        assert same(np.rint(first * 255).astype(np.uint8).transpose(0, 2, 3, 1), expected)
        assert len(pictures.val_batch(5)) == 2


class TestFiles:
    def test_zip_equals_the_folder(self, folder, tmp_path):
        save(folder / "deep" / "er" / "x.JPG", 50)
        with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
            for path in sorted(folder.rglob("*.*"), reverse=True):
                archive.write(path, path.relative_to(folder))
            archive.writestr("__MACOSX/deep/x.jpg", b"resource fork")
            archive.writestr("deep/._x.jpg", b"resource fork")
            archive.writestr("readme.txt", b"no picture")
        one, two = (Photographs(source, crop=8) for source in (folder, tmp_path / "photos.zip"))
        assert len(one.train) + len(one.val) == 13
        assert same(one.train, two.train)
        assert same(one.val, two.val)
        assert two.skipped == []

    def test_hidden_files_and_other_files_are_left_out(self, folder):
        for name in (".hidden.png", ".cache/x.png", "__MACOSX/x.png"):
            save(folder / name)
        (folder / "notes.txt").write_text("hello")
        with PictureFiles(folder) as files:
            assert files.names == [f"{i:02}.png" for i in range(12)]

    def test_a_hidden_folder_itself_can_be_named(self, tmp_path):
        save(tmp_path / ".cache" / "a.png")
        with PictureFiles(tmp_path / ".cache") as files:
            assert files.names == ["a.png"]

    def test_limit_is_a_stable_sample(self, folder):
        with PictureFiles(folder, 5) as files:
            names = files.names
        with PictureFiles(folder, 6) as files:
            assert set(names) < set(files.names)
        assert len(names) == 5
        assert names == sorted(names)
        assert names != [f"{i:02}.png" for i in range(5)]
        pictures = Photographs(folder, crop=8, limit=5)
        assert len(pictures.train) + len(pictures.val) == 5

    def test_corrupt_files_are_skipped_with_one_warning(self, folder, caplog):
        (folder / "text.jpg").write_bytes(b"this is no picture")
        (folder / "empty.png").write_bytes(b"")
        whole = (folder / "03.png").read_bytes()
        (folder / "03.png").write_bytes(whole[: len(whole) // 2])
        with caplog.at_level(logging.WARNING):
            pictures = Photographs(folder, crop=8)
        assert len(pictures.train) + len(pictures.val) == 11
        assert [name for name, _ in pictures.skipped] == ["03.png", "empty.png", "text.jpg"]
        assert all(reason for _, reason in pictures.skipped)
        (message,) = [r.getMessage() for r in caplog.records if "left out" in r.getMessage()]
        assert message.startswith("3 of 14 pictures")

    def test_few_are_worth_a_warning(self, folder, caplog):
        Photographs(folder, crop=8)
        assert "photographs to train on" in caplog.text

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda path: None, "no folder or file"),
            (lambda path: path.mkdir(), "no picture in"),
            (lambda path: path.write_text("text"), "is not a folder"),
            (lambda path: save(path / ".a.png"), "no picture in"),
            (lambda path: [path.mkdir(), (path / "a.png").write_bytes(b"x")], "None of the 1 pictures"),
        ],
    )
    def test_errors(self, tmp_path, make, message):
        path = tmp_path / "source"
        make(path)
        with pytest.raises(InputError, match=message):
            Photographs(path, crop=8)

    def test_zip_without_pictures(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("a.txt", "x")
        with pytest.raises(InputError, match="no picture in"):
            Photographs(tmp_path / "a.zip", crop=8)


class TestDecode:
    def test_alpha_is_laid_on_white(self, tmp_path):
        pixels = np.zeros((2, 2, 4), np.uint8)
        pixels[0, :, 3] = 255
        image = Image.fromarray(pixels)
        for mode in ("RGBA", "LA", "PA"):
            made = image.convert("P" if mode == "PA" else mode)
            if mode == "PA":
                made.putpalette(bytes(768))
                made.info["transparency"] = bytes([0]) + bytes([255]) * 255
                made.putdata([1, 1, 0, 0])
            got = decode(encoded(tmp_path, made))
            assert got[0].max() == 0, mode
            assert got[1].min() == 255, mode

    @pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
    def test_modes(self, tmp_path, mode):
        image = Image.new("RGB", (20, 10), "white").convert(mode)
        # Packed, since Pillow 12 cannot read the plain YCbCr that it writes.
        packed = {"suffix": ".tif", "compression": "tiff_lzw"} if mode in ("CMYK", "YCbCr") else {}
        got = decode(encoded(tmp_path, image, **packed))
        assert got.shape == (10, 20, 3)
        assert got.dtype == np.uint8
        assert got.min() >= 254

    def test_cmyk_jpeg(self, tmp_path):
        got = decode(encoded(tmp_path, Image.new("CMYK", (16, 16), (0, 255, 255, 0)), ".jpg"))
        assert np.abs(got.mean(axis=(0, 1)) - (255, 0, 0)).max() < 5

    def test_sixteen_bits_keep_their_brightness(self, tmp_path):
        ramp = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
        for suffix in (".png", ".tif"):
            got = decode(encoded(tmp_path, Image.fromarray(ramp), suffix))
            assert np.abs(got[..., 0] - ramp / 257).max() <= 0.5

    @pytest.mark.parametrize("white", [1.0, 255.0, 65535.0, 1e6])
    def test_floats_are_scaled_to_the_nearest_white(self, tmp_path, white):
        ramp = np.linspace(0, white, 16, dtype=np.float32).reshape(4, 4)
        got = decode(encoded(tmp_path, Image.fromarray(ramp), ".tif"))
        assert (got.min(), got.max()) == (0, 255)

    def test_orientation(self, tmp_path):
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned clockwise
        pixels = noise(size=(6, 4))
        got = decode(encoded(tmp_path, Image.fromarray(pixels), exif=exif))
        assert np.array_equal(got, np.rot90(pixels, -1))

    @pytest.mark.parametrize("suffix", [".jpg", ".png"])
    def test_a_colour_profile_counts_as_it_does_for_painting(self, tmp_path, suffix):
        """Whatever its profile, here Display P3's primaries, training sees the colours that apply sees."""
        data = encoded(tmp_path, Image.new("RGB", (40, 30), (250, 80, 60)), suffix, icc_profile=display_p3())
        wanted = read_picture(data).rgb * 255
        assert np.abs(wanted - (250, 80, 60)).max() > 5
        assert np.abs(decode(data) - wanted).max() <= 0.5
        assert np.abs(decode(data, keep=15) - wanted[:15, :20]).max() <= 1

    def test_sixteen_bit_colour_and_its_transparency(self, tmp_path):
        ramp = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8, 1).repeat(4, axis=2)
        ramp[..., 3] = 65535
        ramp[0, :, 3] = 0
        got = decode(encode_picture(from_array(ramp), "PNG"))
        assert got[0].min() == 255
        assert np.abs(got[1:] - ramp[1:, :, :3] / 257).max() <= 0.5

    @pytest.mark.parametrize(("suffix", "orientation"), [(".jpg", 1), (".jpg", 8), (".png", 1)])
    def test_large_ones_are_shrunk(self, tmp_path, suffix, orientation):
        exif = Image.Exif()
        exif[0x0112] = orientation
        image = Image.new("RGB", (640, 480), (200, 100, 50))
        got = decode(encoded(tmp_path, image, suffix, exif=exif), keep=48)
        assert got.shape == ((64, 48, 3) if orientation == 8 else (48, 64, 3))
        assert np.abs(got.astype(int) - (200, 100, 50)).max() <= 4

    def test_small_ones_stay(self, tmp_path):
        assert decode(encoded(tmp_path, Image.fromarray(noise())), keep=30).shape == (30, 40, 3)

    def test_too_many_pixels(self, tmp_path, monkeypatch):
        monkeypatch.setattr(photographs, "MOST_PIXELS", 100)
        with pytest.raises(InputError, match="40 x 30"):
            decode(encoded(tmp_path, Image.fromarray(noise())))

    def test_keep_makes_room_for_the_crop(self, tmp_path):
        save(tmp_path / "p" / "a.png", size=(90, 80))
        assert Photographs(tmp_path / "p", crop=16, keep=32).train[0].shape == (32, 36, 3)
        assert Photographs(tmp_path / "p", crop=64, keep=32).train[0].shape == (64, 72, 3)


class TestHdf5:
    @pytest.mark.parametrize("options", [{}, {"chunks": (1, 3, 16, 16)}, {"compression": "gzip"}])
    def test_both_groups_are_read(self, tmp_path, options):
        path = hdf5(tmp_path / "a.h5", {"train2014": rows(5), "val2014": rows(2, 9)}, **options)
        pictures = Photographs(path, crop=8)
        assert same(pictures.train, rows(5).transpose(0, 2, 3, 1))
        assert same(pictures.val, rows(2, 9).transpose(0, 2, 3, 1))
        assert pictures.batch(2).shape == (2, 3, 8, 8)
        assert pictures.val_batch(9).shape == (2, 3, 8, 8)

    def test_what_is_in_one_piece_is_mapped(self, tmp_path):
        path = hdf5(tmp_path / "a.h5", {"train": rows(3)})
        assert isinstance(Photographs(path, crop=8).train[0].base, np.memmap)

    def test_other_years_and_limit(self, tmp_path):
        path = hdf5(tmp_path / "no-suffix", {"train2017": rows(5), "validation": rows(4, 9)})
        pictures = Photographs(path, crop=8, limit=3)
        assert (len(pictures.train), len(pictures.val)) == (3, 3)

    def test_without_val_rows_are_held_out(self, tmp_path):
        pictures = Photographs(hdf5(tmp_path / "a.h5", {"train": rows(30)}), crop=8, held_out=0.2)
        assert len(pictures.train) + len(pictures.val) == 30
        assert 1 <= len(pictures.val) < 15

    def test_as_val_source(self, tmp_path, folder):
        path = hdf5(tmp_path / "a.h5", {"train": rows(3), "val": rows(2, 9)})
        pictures = Photographs(folder, crop=8, val_source=path)
        assert len(pictures.train) == 12
        assert same(pictures.val, rows(2, 9).transpose(0, 2, 3, 1))

    def test_empty_rows_at_the_end_are_left_out(self, tmp_path):
        padded = np.concatenate([rows(4), np.zeros((3, 3, 16, 16), np.uint8)])
        pictures = Photographs(hdf5(tmp_path / "a.h5", {"train2014": padded, "val2014": padded}), crop=8)
        assert (len(pictures.train), len(pictures.val)) == (4, 4)

    @pytest.mark.parametrize(
        ("groups", "message"),
        [
            ({"other": rows(1)}, "found: /other"),
            ({}, "found: nothing"),
            ({"val2014": rows(1)}, "found: /val2014"),
            ({"train2014": rows(1).transpose(0, 2, 3, 1)}, r"uint8 \(1, 16, 16, 3\)"),
            ({"train2014": rows(1).astype(np.float32)}, "float32"),
            ({"train2014": rows(1)[:0]}, "holds no picture"),
        ],
    )
    def test_other_layouts(self, tmp_path, groups, message):
        with pytest.raises(InputError, match=message):
            Photographs(hdf5(tmp_path / "a.h5", groups), crop=8)

    def test_damaged(self, tmp_path):
        path = hdf5(tmp_path / "a.h5", {"train2014": rows(5)})
        path.write_bytes(path.read_bytes()[:1000])
        with pytest.raises(InputError, match="cannot be read as HDF5"):
            Photographs(path, crop=8)

    def test_unfinished(self, tmp_path):
        path = hdf5(tmp_path / "a.h5", {"train2014": rows(5)})
        with h5py.File(path, "r+") as file:
            file.attrs[photographs.UNFINISHED] = "x"
        with pytest.raises(InputError, match="not finished"):
            Photographs(path, crop=8)

    def test_without_h5py(self, tmp_path, monkeypatch):
        path = hdf5(tmp_path / "a.h5", {"train2014": rows(1)})
        monkeypatch.setitem(sys.modules, "h5py", None)
        with pytest.raises(MissingExtraError, match="Reading HDF5"):
            Photographs(path, crop=8)
