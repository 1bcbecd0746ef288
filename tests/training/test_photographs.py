"""Random crops of photographs, and which photographs are held out."""

import json

import numpy as np
import pytest
from PIL import Image

from impasto.errors import TrainingError
from impasto.training.photographs import Photographs

from .noise_pictures import noise, same, save


class TestBatch:
    def test_shape_and_range(self, noise_folder):
        batch = Photographs(noise_folder, crop=16).batch(5)
        assert batch.shape == (5, 3, 16, 16)
        assert batch.dtype == np.float32
        assert batch.flags.c_contiguous
        assert 0 <= batch.min() < batch.max() <= 1

    def test_seed_decides(self, noise_folder):
        first, again, other = (Photographs(noise_folder, crop=16, seed=seed).batch(6) for seed in (3, 3, 4))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_state_goes_through_json(self, noise_folder):
        pictures = Photographs(noise_folder, crop=16)
        pictures.batch(3)
        state = json.loads(json.dumps(pictures.state()))
        expected = pictures.batch(4)
        fresh = Photographs(noise_folder, crop=16, seed=99)
        fresh.set_state(state)
        assert np.array_equal(fresh.batch(4), expected)

    def test_state_is_a_copy(self, noise_folder):
        pictures = Photographs(noise_folder, crop=16)
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
    def test_impossible_settings(self, noise_folder, arguments):
        with pytest.raises(TrainingError):
            Photographs(noise_folder, **{"crop": 16} | arguments)


class TestHeldOut:
    def test_adding_files_moves_none(self, noise_folder):
        for seed in range(12, 60):
            save(noise_folder / f"{seed:02}.png", seed, (8, 8))
        before = Photographs(noise_folder, crop=8, held_out=0.3)
        for seed in range(60, 90):
            save(noise_folder / "more" / f"{seed:02}.png", seed, (8, 8))
        after = Photographs(noise_folder, crop=8, held_out=0.3)
        for old, new in ((before.train, after.train), (before.val, after.val)):
            assert {p.tobytes() for p in old} <= {p.tobytes() for p in new}
        assert 0.1 < len(after.val) / 90 < 0.5
        assert len(after.train) + len(after.val) == 90

    @pytest.mark.parametrize(("share", "train", "val"), [(0, 11, 1), (1, 1, 11)])
    def test_at_least_one_on_each_side(self, noise_folder, share, train, val):
        pictures = Photographs(noise_folder, crop=8, held_out=share)
        assert (len(pictures.train), len(pictures.val)) == (train, val)

    def test_a_single_photograph_serves_as_both(self, tmp_path):
        save(tmp_path / "p" / "a.png")
        pictures = Photographs(tmp_path / "p", crop=8)
        assert same(pictures.train, pictures.val)

    def test_a_source_of_their_own(self, noise_folder, tmp_path):
        save(tmp_path / "val" / "v.png", 77)
        pictures = Photographs(noise_folder, crop=8, val_source=tmp_path / "val")
        assert len(pictures.train) == 12
        assert same(pictures.val, [noise(77)])

    def test_batch_is_the_middle_and_never_changes(self, tmp_path, noise_folder):
        save(tmp_path / "val" / "a.png", 1, (12, 8))
        save(tmp_path / "val" / "b.png", 2, (8, 12))
        pictures = Photographs(noise_folder, crop=8, val_source=tmp_path / "val")
        first = pictures.val_batch(2)
        pictures.batch(3)
        assert np.array_equal(pictures.val_batch(2), first)
        expected = noise(1, (12, 8))[:, 2:10], noise(2, (8, 12))[2:10]
        assert same(np.rint(first * 255).astype(np.uint8).transpose(0, 2, 3, 1), expected)
        assert len(pictures.val_batch(5)) == 2


class TestSource:
    def test_few_are_worth_a_warning(self, noise_folder, caplog):
        Photographs(noise_folder, crop=8)
        assert "photographs are few to train on" in caplog.text

    def test_keep_makes_room_for_the_crop(self, tmp_path):
        save(tmp_path / "p" / "a.png", size=(90, 80))
        assert Photographs(tmp_path / "p", crop=16, keep=32).train[0].shape == (32, 36, 3)
        assert Photographs(tmp_path / "p", crop=64, keep=32).train[0].shape == (64, 72, 3)
