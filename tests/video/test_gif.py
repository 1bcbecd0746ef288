import pytest
from PIL import Image

from .clips import durations, make_clip, scene, stylize


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animations(tmp_path, suffix):
    frames = [Image.fromarray(scene(i, 40, 32)) for i in range(4)]
    source = tmp_path / f"in{suffix}"
    frames[0].save(source, save_all=True, append_images=frames[1:], duration=[100, 50, 200, 3000], loop=0)
    report = stylize(source, tmp_path / "out.gif")
    assert report.frames == 4
    with Image.open(tmp_path / "out.gif") as image:
        assert (image.n_frames, image.size, image.info["loop"]) == (4, (40, 32), 0)
    assert durations(tmp_path / "out.gif") == [100, 50, 200, 3000]


def test_a_gif_has_no_frames_that_browsers_slow_down(tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=30, rate=60, sound=(), chapters=False)
    report = stylize(clip, tmp_path / "out.gif", stabilize="off")
    shown = durations(tmp_path / "out.gif")
    assert min(shown) == 20
    assert sum(shown) == 500
    assert report.notices == [f"A GIF shows at most 50 frames a second: {30 - len(shown)} frames are left out."]
    frames = [Image.fromarray(scene(i, 40, 32)) for i in range(3)]
    frames[0].save(tmp_path / "fast.gif", save_all=True, append_images=frames[1:], duration=10, loop=0)
    stylize(tmp_path / "fast.gif", tmp_path / "slow.gif", stabilize="off")
    assert durations(tmp_path / "slow.gif") == [100, 100, 100]  # as browsers play what they are given


def test_gif_has_no_sound_and_says_so(clip, tmp_path):
    report = stylize(clip, tmp_path / "out.gif", end=0.3)
    assert report.notices == ["A GIF holds pictures only; left out of clip.mp4: sound, subtitles, chapters."]
