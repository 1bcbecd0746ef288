import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

torch = pytest.importorskip("torch")

import impasto  # noqa: E402
from impasto.cli import main  # noqa: E402
from impasto.errors import InputError  # noqa: E402
from impasto.flow.files import write_certainty, write_flo  # noqa: E402
from impasto.flow.forward_backward import consistency  # noqa: E402
from impasto.optimisation.recipe import Recipe  # noqa: E402
from impasto.optimisation.style_pictures import read_styles  # noqa: E402
from impasto.video.frame_optimiser import VideoOptimiser, combined_certainties  # noqa: E402
from impasto.video.pass_options import PassOptions  # noqa: E402
from impasto.video.source import open_source  # noqa: E402

from .clips import make_clip, scene  # noqa: E402

QUICK = {"first_iterations": 6, "iterations": 4}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.booleans(), min_size=6, max_size=6))
def test_of_binary_maps_only_the_nearest_certain_frame_counts(bits):
    maps = [np.float32([[bit]]) for bit in bits]
    weights = [float(w[0, 0]) for w in combined_certainties(maps, "closest-first")]
    assert weights == [1.0 if bit and not any(bits[:i]) else 0.0 for i, bit in enumerate(bits)]
    assert sum(float(w[0, 0]) for w in combined_certainties(maps, "normalize")) == pytest.approx(
        1.0 if any(bits) else 0.0
    )


def test_a_recipe_s_device_is_refused_by_the_command(tmp_path, style, capsys):
    clip = make_clip(tmp_path / "in.mp4", frames=1)
    with pytest.raises(SystemExit) as ended:
        main(["video", str(clip), "--method", "paint", "--style", str(style), "--recipe", "device=cpu", "-o", "o.mp4"])
    assert ended.value.code == 3
    assert "give --device instead" in capsys.readouterr().err


@pytest.fixture
def style(tmp_path):
    rng = np.random.default_rng(3)
    path = tmp_path / "style.png"
    noise = Image.fromarray(rng.integers(0, 256, (12, 12, 3), np.uint8))
    noise.resize((96, 96), Image.Resampling.BICUBIC).save(path)
    return path


def folder_of(tmp_path, name, count=3):
    folder = tmp_path / name
    folder.mkdir()
    for index in range(count):
        Image.fromarray(scene(index, 64, 48)).save(folder / f"in-{index:06}.png")
    return folder


def painted(optimiser, number=1):
    return [np.asarray(Image.open(optimiser.result(i, number))).astype(np.float32) for i in range(optimiser.count)]


def test_the_temporal_loss_holds_a_frame_to_the_last_result(tmp_path, style):
    off = {}
    for weight in (0.0, 3000.0):
        folder = folder_of(tmp_path, f"w{weight}", 2)
        optimiser = VideoOptimiser(
            folder, 2, read_styles([style]), PassOptions(temporal_weight=weight, init="image", **QUICK)
        )
        list(optimiser.run())
        flow = optimiser._flow(1, 0)
        sure = optimiser._certainty(1, 0, flow) > 0.9
        from impasto.flow.estimate import warp

        first, second = painted(optimiser)
        off[weight] = float(((second - warp(first, flow)) ** 2)[sure].mean())
    assert off[3000.0] < 0.7 * off[0.0]


@pytest.mark.parametrize("init", ["random", "prev-warped"])
def test_several_passes_go_back_and_forth_and_resume(tmp_path, style, init):
    folder = folder_of(tmp_path, "passes")
    held = PassOptions(passes=3, temporal_after=2, blend_other=0.5, init=init, first_init="random", **QUICK)
    optimiser = VideoOptimiser(folder, 3, read_styles([style]), held)
    assert list(optimiser.run()) == list(range(1, 10))
    before = painted(optimiser, 3)
    stamps = [optimiser.result(i, n).stat().st_mtime_ns for i in range(3) for n in (1, 2, 3)]
    optimiser.result(2, 3).unlink()
    list(VideoOptimiser(folder, 3, read_styles([style]), held).run())
    np.testing.assert_allclose(painted(optimiser, 3)[2], before[2], atol=2)
    assert [optimiser.result(i, n).stat().st_mtime_ns for i in range(3) for n in (1, 2, 3)][:8] == stamps[:8]


@pytest.mark.parametrize("passes", [1, 2])
def test_frames_start_where_init_says(tmp_path, style, passes, monkeypatch):
    starts = {}
    for init in ("random", "image", "prev", "prev-warped", "first"):
        folder = folder_of(tmp_path, init, 4)
        held = PassOptions(passes=passes, init=init, temporal_weight=0, **QUICK)
        optimiser = VideoOptimiser(folder, 4, read_styles([style]), held)
        given = []

        def paint(painter, content, init=None, held=(), given=given):
            given.append((content if init is None else init).copy())
            return np.full_like(content, len(given) / 10)

        monkeypatch.setattr(optimiser, "_optimise", paint)
        list(optimiser.run())
        starts[init] = given[:4]
        np.testing.assert_array_equal(given[0], optimiser._frame(0))
    last = {init: found[3] for init, found in starts.items()}
    np.testing.assert_array_equal(last["image"], optimiser._frame(3))
    np.testing.assert_array_equal(last["random"], optimiser._noise(last["image"].shape))
    assert [round(float(last[init].mean()), 2) for init in ("first", "prev")] == [0.1, 0.3]
    assert not np.array_equal(last["prev-warped"], last["prev"])  # what comes from outside is grey
    assert float(np.median(last["prev-warped"])) == pytest.approx(0.3, abs=0.01)


def test_flow_from_files_long_term(tmp_path, style):
    folder = folder_of(tmp_path, "files")
    flow = np.zeros((48, 64, 2), np.float32)
    for i, j in ((2, 1), (3, 2), (3, 1)):
        write_flo(flow, tmp_path / f"b_{i}_{j}.flo")
        write_certainty(consistency(flow, flow), tmp_path / f"c_{j}_{i}.pgm")
    held = PassOptions(
        flow=str(tmp_path / "b_[%d]_{%d}.flo"), certainty=str(tmp_path / "c_{%d}_[%d].pgm"), offsets=(1, 2),
        combine="normalize", criterion="smooth-l1", **QUICK,
    )  # fmt: skip
    optimiser = VideoOptimiser(folder, 3, read_styles([style]), held)
    assert list(optimiser.run()) == [1, 2, 3]
    (tmp_path / "b_3_1.flo").unlink()
    optimiser.result(2, 1).unlink()
    with pytest.raises(InputError, match=r"b_3_1\.flo"):
        list(optimiser.run())


def test_a_whole_video_with_its_sound(tmp_path, style):
    clip = make_clip(tmp_path / "in.mp4", frames=3)
    held = PassOptions(recipe=Recipe(style_weight=20.0), **QUICK)
    report = impasto.stylize_video(clip, style, output=tmp_path / "out.mp4", paint=held)
    assert report.frames == 3
    import av

    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio
        assert len(list(container.decode(video=0))) == 3
    assert not list(tmp_path.glob(".*"))


def test_what_is_refused_before_a_frame_is_painted_leaves_no_folder(tmp_path, style):
    clip = make_clip(tmp_path / "in.mp4", frames=1)
    refused = PassOptions(recipe=Recipe(features=str(tmp_path / "absent.safetensors")), **QUICK)
    with pytest.raises(impasto.ImpastoError):
        impasto.stylize_video(clip, style, output=tmp_path / "out.mp4", paint=refused)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "style.png"]


def test_flow_files_go_by_the_frames_of_the_whole_video(tmp_path, style, monkeypatch):
    from impasto.video import flow_files

    names = []

    def flow(path):
        names.append(path.name)
        return np.zeros((48, 64, 2), np.float32)

    monkeypatch.setattr(flow_files, "read_flo", flow)
    clip = make_clip(tmp_path / "in.mp4", frames=6)
    held = PassOptions(flow="b_[%d]_{%d}.flo", temporal_weight=0, **QUICK)
    impasto.stylize_video(clip, style, output=tmp_path / "out.mp4", paint=held, start=0.25)
    assert names == ["b_5_4.flo", "b_6_5.flo"]
    with pytest.raises(InputError, match="no other frame rate"):
        impasto.stylize_video(clip, style, output=tmp_path / "out.mp4", paint=held, fps=24)


def test_a_video_gets_the_colours_that_its_recipe_asks_for(tmp_path, style):
    clip, target = make_clip(tmp_path / "in.mp4", frames=2), tmp_path / "out_%d.png"
    held = PassOptions(recipe=Recipe(colors="content"), **QUICK)
    impasto.stylize_video(clip, style, output=target, paint=held)
    before = next(open_source(clip).frames()).rgb.astype(np.float32)
    after = np.asarray(Image.open(tmp_path / "out_1.png")).astype(np.float32)
    chroma = [picture[..., ::2] - picture[..., 1:2] for picture in (before, after)]  # red and blue by green
    inside = (after > 0).all(axis=2) & (after < 255).all(axis=2)  # elsewhere it is cut off
    assert np.abs(after - before).mean() > 3
    assert np.abs(chroma[1] - chroma[0])[inside].max() <= 2


def test_a_video_without_a_style_picture_is_refused(tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=1)
    with pytest.raises(InputError, match="style pictures"):
        impasto.stylize_video(clip, output=tmp_path / "o.mp4", paint=PassOptions())
