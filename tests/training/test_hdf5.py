"""HDF5 files of photographs: which layouts are read, and which are refused."""

import contextlib
import random
import sys

import numpy as np
import pytest

from impasto.errors import InputError, MissingExtraError
from impasto.training import dataset
from impasto.training import hdf5 as layout
from impasto.training.photographs import Photographs

from .noise_pictures import noise, same

h5py = pytest.importorskip("h5py")


def hdf5(path, groups, **options):
    with h5py.File(path, "w") as file:
        for name, rows in groups.items():
            file.create_dataset(f"{name}/images", data=rows, **options)
    return path


def rows(count, first=0):
    return np.stack([noise(first + i, (16, 16)).transpose(2, 0, 1) for i in range(count)])


@pytest.mark.parametrize("options", [{}, {"chunks": (1, 3, 16, 16), "compression": "gzip"}])
def test_damaged_files_are_one_sentence(tmp_path, options):
    path = hdf5(tmp_path / "a.h5", {"train2014": rows(4), "val2014": rows(2, 9)}, **options)
    data, rng, refused = path.read_bytes(), random.Random(0), 0
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 4))):
            at = rng.randrange(rng.choice((1000, len(data))))
            damaged[at : at + 4] = rng.choice((b"\xff" * 4, b"\x00" * 4, rng.randbytes(1), b""))
        path.write_bytes(damaged)
        for read in (lambda: layout.read_groups(path, None, 8), lambda: dataset.info(path)):
            with contextlib.suppress(InputError):
                read()
                continue
            refused += 1
    assert refused > 50


def test_a_file_that_claims_more_than_it_can_hold_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("train2014/images", (10**7, 3, 64, 64), np.uint8, chunks=(1, 3, 64, 64))
    with pytest.raises(InputError, match=r"claims 122,880,000,000 bytes"):
        layout.read_groups(tmp_path / "a.h5", None, 8)


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

    def test_as_val_source(self, tmp_path, noise_folder):
        path = hdf5(tmp_path / "a.h5", {"train": rows(3), "val": rows(2, 9)})
        pictures = Photographs(noise_folder, crop=8, val_source=path)
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
            file.attrs[layout.UNFINISHED] = "x"
        with pytest.raises(InputError, match="not finished"):
            Photographs(path, crop=8)

    def test_without_h5py(self, tmp_path, monkeypatch):
        path = hdf5(tmp_path / "a.h5", {"train2014": rows(1)})
        monkeypatch.setitem(sys.modules, "h5py", None)
        with pytest.raises(MissingExtraError, match="Reading HDF5"):
            Photographs(path, crop=8)
