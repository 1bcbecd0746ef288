from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError

from .clips import open_array, pictures, scene, stylize


def test_a_mask_for_every_frame(clip, tmp_path):
    for number in range(12):
        mask = np.zeros((48, 64), np.uint8)
        mask[:, : 4 * number] = 255
        Image.fromarray(mask).save(tmp_path / f"m{number:02}.png")
    stylize(clip, tmp_path / "o.mkv", mask=str(tmp_path / "m%02d.png"), codec="ffv1", stabilize="off")
    change = [
        np.abs(frame.astype(float) - open_array(clip, i)).mean(axis=(0, 2))
        for i, (_, frame) in enumerate(pictures(tmp_path / "o.mkv"))
    ]
    assert change[0].max() < 2
    assert change[11][:40].mean() > 10
    assert change[11][46:].max() < 2
    (tmp_path / "m07.png").unlink()
    with pytest.raises(InputError, match="no mask"):
        stylize(clip, tmp_path / "o.mkv", mask=str(tmp_path / "m%02d.png"))


@pytest.mark.parametrize(
    ("options", "frames"),
    [({"start": 0.5, "end": 0.75}, [6, 7, 8]), ({"fps": 6}, range(0, 12, 2)), ({"end": 0.25, "fps": 24}, [0, 1, 2])],
)
@pytest.mark.parametrize("first", [0, 1])
def test_files_go_by_the_frames_of_the_whole_video(clip, tmp_path, read, options, frames, first):
    for number in range(12):
        Image.new("L", (64, 48), 20 * number).save(tmp_path / f"m{number + first}.png")
    stylize(clip, tmp_path / "o.mp4", mask=str(tmp_path / "m%d.png"), stabilize="off", **options)
    assert read == [f"m{index + first}.png" for index in frames]
    read.clear()
    stylize(clip, tmp_path / "o.mp4", flow="b_[%d]_{%d}.flo", **options)
    assert read == [f"b_{index + 1}_{before + 1}.flo" for before, index in pairwise(frames)]


def test_files_go_by_the_numbers_of_pictures(tmp_path, read):
    for number in range(3, 9):
        Image.fromarray(scene(number, 64, 48)).save(tmp_path / f"in_{number}.png")
        Image.new("L", (64, 48), 20 * number).save(tmp_path / f"m{number}.png")
    masks = {"mask": str(tmp_path / "m%d.png"), "stabilize": "off"}
    for options, numbers in (
        ({"start": 0.08}, [5, 6, 7, 8]),
        ({"start_number": 5}, [5, 6, 7, 8]),
        ({"start_number": 5, "start": 0.08}, [7, 8]),
    ):
        read.clear()
        stylize(tmp_path / "in_%d.png", tmp_path / "out_%d.png", **masks, **options)
        assert read == [f"m{number}.png" for number in numbers]
        assert all((tmp_path / f"out_{number}.png").exists() for number in numbers)
        read.clear()
        stylize(tmp_path / "in_%d.png", tmp_path / "o.mp4", flow="b_[%d]_{%d}.flo", **options)
        assert read == [f"b_{number}_{number - 1}.flo" for number in numbers[1:]]


def test_a_mask_of_a_pattern_is_read_as_one_of_a_file_is(clip, tmp_path):
    half = np.zeros((48, 64, 2), np.uint8)
    half[..., 0], half[:, :32, 1] = 255, 255  # white, the right half of it transparent
    for number in range(12):
        Image.fromarray(half, "LA").save(tmp_path / f"m{number:02}.png")
    for name, mask in (("file", "m00.png"), ("pattern", "m%02d.png")):
        stylize(clip, tmp_path / f"{name}.mkv", mask=str(tmp_path / mask), codec="ffv1", end=0.2)
    for (_, one), (_, two) in zip(pictures(tmp_path / "file.mkv"), pictures(tmp_path / "pattern.mkv"), strict=True):
        assert np.array_equal(one, two)


def test_of_a_pattern_a_mask_may_be_black_and_leaves_the_frame_as_it_is(clip, tmp_path):
    for number, level in enumerate([0, 255, 0, 0]):
        Image.new("L", (64, 48), level).save(tmp_path / f"m{number}.png")
    stylize(clip, tmp_path / "o.mkv", mask=str(tmp_path / "m%d.png"), codec="ffv1", stabilize="off", end=0.3)
    first, second = (np.abs(pictures(tmp_path / "o.mkv")[i][1].astype(float) - open_array(clip, i)) for i in (0, 1))
    assert first.max() <= 1
    assert second.mean() > 10
    with pytest.raises(InputError, match="black all over"):
        stylize(clip, tmp_path / "o.mkv", mask=str(tmp_path / "m0.png"))


def test_masks_of_the_source_fit_frames_made_smaller(clip, tmp_path):
    Image.fromarray(np.tile(np.repeat(np.uint8([0, 255]), 32), (48, 1))).save(tmp_path / "mask.png")
    for mask in (tmp_path / "mask.png", np.tile(np.repeat(np.uint8([0, 255]), 16), (24, 1))):
        report = stylize(clip, tmp_path / "o.mkv", mask=mask, size=32)
        assert report.frames == 12
