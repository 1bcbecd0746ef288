import numpy as np
import pytest
from PIL import Image
from tests.pictures.samples import png_with

from impasto.errors import InputError
from impasto.video.source import open_source

from .clips import run, scene, stylize

RED, BLUE, GREEN = (250, 80, 60), (60, 80, 250), (80, 250, 60)


def animation(path, colors=(RED, BLUE), **options):
    first, *others = [Image.new("RGB", (40, 32), color) for color in colors]
    first.save(path, save_all=True, append_images=others, **{"duration": 100, **options})
    return path


def shown(path):
    """The mean colours of all frames."""
    return [frame.rgb.mean(axis=(0, 1)) for frame in open_source(path).frames()]


@pytest.mark.parametrize("suffix", [".avif", ".webp", ".png", ".gif"])
def test_all_frames_of_an_animation_are_painted(tmp_path, suffix):
    path = animation(tmp_path / f"in{suffix}", (RED, BLUE, GREEN))
    assert np.abs(np.array(shown(path)) - (RED, BLUE, GREEN)).max() < 6
    assert open_source(path).rate == 10


def test_the_hidden_picture_of_an_animated_png_is_no_frame(tmp_path):
    path = animation(tmp_path / "in.png", (GREEN, RED, BLUE), default_image=True)
    source = open_source(path)
    assert source.expected == 2
    assert np.abs(np.array(shown(path)) - (RED, BLUE)).max() < 2
    with pytest.raises(InputError, match="is a picture, not a video"):
        open_source(animation(tmp_path / "one.png", (GREEN, RED), default_image=True))


def test_what_is_said_of_frames_names_the_file(tmp_path, caplog):
    path = animation(tmp_path / "in.png")
    path.write_bytes(png_with(path.read_bytes(), (b"cICP", bytes([9, 16, 0, 1])), before=b"acTL"))
    shown(path)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: high dynamic range (PQ) is tone-mapped to the standard range"
    ]


def test_nothing_of_the_hidden_picture_shows_through_the_first_frame(tmp_path):
    hidden, clear = Image.new("RGBA", (8, 8), (0, 255, 0, 255)), Image.new("RGBA", (8, 8), (0, 0, 255, 0))
    spot = clear.copy()
    spot.paste((255, 0, 0, 255), (2, 2, 4, 4))
    hidden.save(tmp_path / "in.png", save_all=True, append_images=[spot, hidden], default_image=True, blend=1)
    first = next(open_source(tmp_path / "in.png").frames())
    assert first.alpha is not None
    assert (first.alpha == np.asarray(spot)[..., 3]).all()


def test_the_content_of_a_file_decides_and_not_its_suffix(clip, tmp_path):
    (tmp_path / "video.gif").write_bytes(clip.read_bytes())
    assert open_source(tmp_path / "video.gif").expected == open_source(clip).expected
    moving = animation(tmp_path / "in.webp", lossless=True)
    moving.rename(tmp_path / "moving.mp4")
    assert len(shown(tmp_path / "moving.mp4")) == 2
    Image.new("RGB", (8, 8)).save(tmp_path / "still.png")
    (tmp_path / "still.png").rename(tmp_path / "still.mp4")
    with pytest.raises(InputError, match=r"still\.mp4 is a picture, not a video"):
        open_source(tmp_path / "still.mp4")


def loop_of(path):
    with Image.open(path) as image:
        return image.info.get("loop")


@pytest.mark.parametrize(
    ("suffix", "given", "written"),
    [(".gif", None, None), (".gif", 0, 0), (".gif", 3, 3), (".png", 1, None), (".png", 4, 3), (".webp", 0, 0)],
)
def test_a_gif_is_shown_as_often_as_what_it_was_made_of(tmp_path, suffix, given, written):
    """GIF counts repetitions, PNG and WebP how often they are shown; a GIF that says nothing is shown once."""
    frames = [Image.fromarray(scene(index, 40, 32)) for index in range(2)]
    options = {} if given is None else {"loop": given}
    frames[0].save(tmp_path / f"in{suffix}", save_all=True, append_images=frames[1:], duration=100, **options)
    stylize(tmp_path / f"in{suffix}", tmp_path / "out.gif", stabilize="off")
    assert loop_of(tmp_path / "out.gif") == written


def test_a_damaged_animation_is_one_sentence(tmp_path):
    path = animation(tmp_path / "in.png")
    data = bytearray(path.read_bytes())
    data[8:12] = b"\xff\xff\xff\xff"  # the length of the first chunk
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"in\.png"):
        open_source(path)


@pytest.mark.parametrize("suffix", [".jpg", ".gif", ".tif"])
def test_the_command_takes_a_video_whatever_its_suffix(clip, tmp_path, suffix):
    (tmp_path / f"in{suffix}").write_bytes(clip.read_bytes())
    target = tmp_path / "o.mp4"
    assert run("video", tmp_path / f"in{suffix}", "--style", "scream", "--end", "0.1", "-q", "-o", target) == 0
