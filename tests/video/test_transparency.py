import numpy as np
import pytest
from PIL import Image

from .clips import pictures, scene, stylize

CLEAR = slice(20, 40), slice(10, 30)  # rows and columns of a hole


def with_hole(index, hidden=(255, 0, 0)):
    """A frame with a hole, under which the file holds a colour that nobody is to see."""
    rgba = np.dstack([scene(index, 48, 48), np.full((48, 48), 255, np.uint8)])
    rgba[CLEAR] = (*hidden, 0)
    return Image.fromarray(rgba)


def sequence(folder, hidden=(255, 0, 0)):
    folder.mkdir()
    for index in range(3):
        with_hole(index, hidden).save(folder / f"s_{index:03}.png")
    return folder / "s_%03d.png"


def test_transparency_is_kept_and_what_it_hides_is_not_painted(tmp_path):
    """As in single pictures."""
    results = []
    for name, hidden in (("a", (255, 0, 0)), ("b", (0, 255, 0))):
        report = stylize(sequence(tmp_path / name, hidden), tmp_path / name / "o_%03d.png")
        assert report.notices == []
        results.append([np.asarray(Image.open(tmp_path / name / f"o_{index:03}.png")) for index in range(3)])
    for one, two in zip(*results, strict=True):
        assert (one[..., 3] == np.asarray(with_hole(0))[..., 3]).all()
        np.testing.assert_array_equal(one, two)


def test_results_without_transparency_are_laid_on_white_and_that_is_said_once(tmp_path):
    source = sequence(tmp_path / "in")
    for target in (tmp_path / "o.mp4", tmp_path / "o_%d.jpg"):
        report = stylize(source, target, stabilize="off")
        assert [notice for notice in report.notices if "laid on white" in notice] == report.notices != []
    for rgb in (pictures(tmp_path / "o.mp4")[1][1], np.asarray(Image.open(tmp_path / "o_1.jpg"))):
        assert rgb[CLEAR][4:-4, 4:-4].min() > 235
    opaque = tmp_path / "opaque"
    opaque.mkdir()
    Image.fromarray(scene(0, 40, 32)).save(opaque / "s_0.png")
    assert stylize(opaque / "s_%d.png", tmp_path / "p_%d.jpg", stabilize="off").notices == []


@pytest.mark.parametrize("suffix", [".webp", ".png", ".gif"])
def test_animations_keep_their_transparency(tmp_path, suffix):
    source = tmp_path / f"in{suffix}"
    first, *others = [with_hole(index) for index in range(3)]
    options = {"lossless": True} if suffix == ".webp" else {}
    clear_each = 1 if suffix == ".png" else 2  # frames are laid over nothing
    first.save(source, save_all=True, append_images=others, duration=100, disposal=clear_each, **options)
    assert stylize(source, tmp_path / "o_%d.png", stabilize="off").notices == []
    assert stylize(source, tmp_path / "o.gif", stabilize="off").notices == []
    wanted = np.asarray(first)[..., 3]
    with Image.open(tmp_path / "o.gif") as image:
        for index in range(3):
            assert (np.asarray(Image.open(tmp_path / f"o_{index + 1}.png"))[..., 3] == wanted).all()
            image.seek(index)
            assert (np.asarray(image.convert("RGBA"))[..., 3] == wanted).all()
    assert len(stylize(source, tmp_path / "o.mp4", stabilize="off").notices) == 1


def test_lossless_video_keeps_transparency(tmp_path):
    import av

    stylize(sequence(tmp_path / "in"), tmp_path / "o.mkv", codec="ffv1", stabilize="off")
    with av.open(str(tmp_path / "o.mkv")) as container:
        for frame in container.decode(video=0):
            assert (frame.to_ndarray(format="rgba")[..., 3] == np.asarray(with_hole(0))[..., 3]).all()
