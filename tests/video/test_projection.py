import av
import pytest
from PIL import Image

import impasto
from impasto.errors import InputError
from impasto.media.spherical import Spherical, complete_mp4, read_spherical
from spheres import all_around, steps

_WHOLE = Spherical("equirectangular", "mono", (45 << 16, 0, 0))


def make(path, *, said=_WHOLE, size=(128, 64), frames=3):
    """A clip of a world that turns, which says so."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10, options={"crf": "8"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for index in range(frames):
            picture = all_around(size[0], height=size[1], turned=5 * index)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        out.mux(stream.encode())
    if said is not None:
        complete_mp4(path, said)
    return path


def read(path):
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return read_spherical(frames[0]), [frame.to_ndarray(format="rgb24") for frame in frames]


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv", "out.webm"])
@pytest.mark.parametrize("stereo", ["mono", "top-bottom"])
def test_a_video_all_around_is_painted_so_and_its_result_says_so(tmp_path, name, stereo):
    said = Spherical("equirectangular", stereo, (45 << 16, 0, 0))
    clip = make(tmp_path / "in.mp4", said=said, size=(128, 64 if stereo == "mono" else 128), frames=2)
    report = impasto.stylize_video(clip, "starry-night", output=tmp_path / name)
    assert report.notices == []
    found, frames = read(tmp_path / name)
    assert found == said
    assert len(frames) == 2
    for frame in frames:
        assert steps(frame)[0] <= steps(frame)[1:].max()


@pytest.mark.parametrize("codec", ["h265", "vp9"])
def test_each_codec_keeps_it_in_matroska(tmp_path, codec):
    clip = make(tmp_path / "in.mp4", frames=2)
    impasto.stylize_video(clip, "udnie", output=tmp_path / "out.mkv", codec=codec)
    found, frames = read(tmp_path / "out.mkv")
    assert found == _WHOLE
    assert len(frames) == 2


def test_what_is_asked_for_goes_before_what_the_video_says(tmp_path):
    flat, whole = make(tmp_path / "flat.mp4", said=None, frames=1), make(tmp_path / "whole.mp4", frames=1)

    def painted(clip, projection):
        impasto.stylize_video(clip, "starry-night", output=tmp_path / "o.mkv", projection=projection, codec="ffv1")
        return read(tmp_path / "o.mkv")[1][0]

    assert (painted(flat, "equirectangular") == painted(whole, "auto")).all()
    assert (painted(whole, "flat") == painted(flat, "auto")).all()
    assert (painted(whole, "auto") != painted(flat, "auto")).any()


def test_what_a_result_cannot_say_is_said_to_the_user(tmp_path):
    clip = make(tmp_path / "in.mp4", frames=2)
    for name, codec in (("out.gif", "auto"), ("out_%02d.png", "auto"), ("out.mkv", "ffv1")):
        report = impasto.stylize_video(clip, "udnie", output=tmp_path / name, codec=codec)
        assert [notice.key for notice in report.notices] == ["projection_not_kept"]


def test_a_cube_is_painted_flat_which_is_said_and_stays_a_cube(tmp_path):
    clip = make(tmp_path / "in.mp4", said=Spherical("cubemap"), size=(96, 64), frames=1)
    report = impasto.stylize_video(clip, "udnie", output=tmp_path / "out.mp4")
    assert report.notices == ["in.mp4 shows the world all around (cubemap), and is painted as flat frames."]
    assert read(tmp_path / "out.mp4")[0] == Spherical("cubemap")


def test_masks_go_with_the_sphere(tmp_path):
    clip = make(tmp_path / "in.mp4", frames=2)
    mask = Image.new("L", (128, 64))
    mask.paste(255, (0, 0, 64, 64))
    impasto.stylize_video(clip, "scream", output=tmp_path / "out.mkv", mask=mask, codec="ffv1")
    painted, source = (read(path)[1][-1].astype(int) for path in (tmp_path / "out.mkv", clip))
    assert abs(painted[16:-16, 72:-8] - source[16:-16, 72:-8]).mean() < 6
    assert abs(painted[16:-16, 8:56] - source[16:-16, 8:56]).mean() > 12


def test_what_cannot_be_a_sphere_is_refused_before_work(tmp_path):
    clip = make(tmp_path / "in.mp4", said=None, size=(96, 64), frames=1)
    with pytest.raises(InputError, match="twice as wide as high"):
        impasto.stylize_video(clip, "udnie", output=tmp_path / "o.mp4", projection="equirectangular")
    whole = make(tmp_path / "whole.mp4", frames=1)
    with pytest.raises(InputError, match="Flow files are of flat frames"):
        impasto.stylize_video(whole, "udnie", output=tmp_path / "o.mp4", flow="b_[%d]_{%d}.flo")
