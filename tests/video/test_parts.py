"""Parts of a video, and painting them side by side with :mod:`impasto.scale.videos`."""

import os
import pickle
import signal
import threading
import time
from fractions import Fraction

import numpy as np
import psutil
import pytest

pytest.importorskip("av")
pytest.importorskip("cv2")

import impasto
from impasto import scale
from impasto.errors import ImpastoError, InputError, OutputError
from impasto.scale.on_ray import ActorHere
from impasto.scale.pool import Pool
from impasto.scale.station import Result
from impasto.video import parts
from impasto.video.parts import Part, find_parts
from impasto.video.source import open_source
from impasto.video.timing import Span

from . import clips
from .clips import make_clip, packets, pictures

CUTS = (10, 16, 27)  # of the clip, whose scenes have very different colours


def scene_with_cuts(index, width, height, seed=0, *, plain=clips.scene):
    number = sum(index >= cut for cut in CUTS)
    picture = plain(index, width, height, number)
    return (picture // 4 + np.array([(0, 0, 0), (190, 150, 0), (0, 60, 190), (190, 190, 190)][number])).astype(np.uint8)


@pytest.fixture
def film(tmp_path, monkeypatch):
    """36 frames in four scenes, with sound; segments may be as short as four frames."""
    monkeypatch.setattr(clips, "scene", scene_with_cuts)
    monkeypatch.setattr(parts, "MIN_SEGMENT_FRAMES", 4)
    monkeypatch.setattr(parts, "_SEGMENT_FRAMES", 6)
    return make_clip(tmp_path / "in.mp4", frames=36)


class PoolHere(Pool):
    """Does in this process what a pool does, in reverse order, with as short segments."""

    def run(self, tasks):
        for task in reversed(list(tasks)):
            found = self.station.load(task)
            yield self.station.store(found if isinstance(found, Result) else self.station.paint(task, found))


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setattr("impasto.scale.videos.Pool", PoolHere)


def assert_same(one, other):
    first, second = pictures(one), pictures(other)
    assert [time for time, _ in first] == [time for time, _ in second]
    for (_, a), (_, b) in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_parts_begin_where_scenes_begin_and_hold_every_frame_once(film):
    source = open_source(film)
    found = find_parts(source, Span(), everywhere=False, seams="cuts", wanted=9)
    assert [part.frames for part in found] == [10, 6, 11, 9]
    assert [part.end for part in found[:-1]] == [part.first for part in found[1:]]
    assert (found[0].after, found[-1].end) == (None, None)
    frames = list(source.frames())
    assert [part.first for part in found] == [frames[place].pts for place in (0, *CUTS)]
    assert [part.after for part in found[1:]] == [frames[cut - 1].pts for cut in CUTS]
    assert len(find_parts(source, Span(), everywhere=False, seams="cuts", wanted=2)) == 2


@pytest.mark.parametrize(
    ("stabilize", "options"),
    [("light", {}), ("off", {"fps": 18.0}), ("light", {"start": 0.5, "end": 2.6})],
    ids=["whole", "rate", "span"],
)
def test_parts_give_frame_by_frame_what_one_run_gives(film, tmp_path, here, stabilize, options):
    how = {"style": "scream", "stabilize": stabilize, **options}
    whole = impasto.stylize_video(film, output=tmp_path / "whole.mkv", codec="ffv1", **how)
    report = scale.stylize_video(film, output=tmp_path / "parts.mkv", codec="ffv1", processes=3, **how)
    assert report.frames == whole.frames
    assert_same(tmp_path / "whole.mkv", tmp_path / "parts.mkv")
    assert packets(tmp_path / "parts.mkv", "audio") == packets(tmp_path / "whole.mkv", "audio")


def test_parts_are_joined_to_the_very_bytes_of_one_run(film, tmp_path, here):
    impasto.stylize_video(film, "scream", output=tmp_path / "whole.mp4")
    scale.stylize_video(film, "scream", output=tmp_path / "parts.mp4", processes=3)
    assert (tmp_path / "parts.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    assert not list(tmp_path.glob(".*.impasto"))


def test_actors_of_a_cluster_give_the_bytes_of_one_run_and_go_on_after_one_failed(film, tmp_path, monkeypatch):
    """The actors themselves, wherever they run: they find paths without a root, and what others have painted."""
    monkeypatch.chdir(film.parent)
    impasto.stylize_video(film.name, "scream", output="whole.mp4")
    runs = []

    def work_here(work, on, most):
        assert (on, most) == ("ray", 2)
        os.chdir(tmp_path.parent)
        made = ActorHere(pickle.loads(pickle.dumps(work)))
        runs.append(work.rows)
        for place, row in enumerate(reversed(work.rows)):
            if place and len(runs) == 1:
                yield {"number": "0", "facts": "", "error": "The disk is full."}
            yield made(row)

    monkeypatch.setattr("impasto.scale.videos.work_on_ray", work_here)
    with pytest.raises(OutputError, match="The disk is full; the same command goes on"):
        scale.stylize_video(film.name, "scream", output="parts.mp4", on="ray", processes=2)
    os.chdir(film.parent)
    report = scale.stylize_video(film.name, "scream", output="parts.mp4", on="ray", processes=2)
    assert 0 < report.resumed < report.frames == 36
    assert (tmp_path / "parts.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    assert not list(tmp_path.glob(".parts*"))


def test_styles_that_fade_over_a_seam_are_alike_too(film, tmp_path, here):
    how = {"style_at": {0.2: "scream", 2.5: "udnie"}, "codec": "ffv1"}
    impasto.stylize_video(film, output=tmp_path / "whole.mkv", **how)
    scale.stylize_video(film, output=tmp_path / "parts.mkv", processes=3, **how)
    assert_same(tmp_path / "whole.mkv", tmp_path / "parts.mkv")


def test_processes_of_their_own_give_the_same_and_go_on_after_one_was_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(clips, "scene", scene_with_cuts)
    monkeypatch.setattr(f"{__name__}.CUTS", (26,))
    film = make_clip(tmp_path / "in.mp4", frames=54)
    impasto.stylize_video(film, "scream", output=tmp_path / "whole.mp4")

    def kill() -> None:
        """Kill the first process that has begun to write."""
        while not list(tmp_path.glob(".parts.mp4.impasto/.*/*.part")):
            time.sleep(0.01)
        os.kill(psutil.Process().children()[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    report = scale.stylize_video(film, "scream", output=tmp_path / "parts.mp4", processes=2)
    killer.join()
    assert report.frames == 54
    assert (tmp_path / "parts.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


def test_what_is_painted_stays_where_a_part_fails_and_is_not_painted_again(film, tmp_path, here, monkeypatch):
    from impasto.scale import videos

    paint, painted = videos._paint_part, []

    def fail(request, part, folder):
        if part.number == 0 and not painted.count(0):
            painted.append(0)
            raise InputError("The disk fell off; pick it up.")
        painted.append(part.number)
        return paint(request, part, folder)

    monkeypatch.setattr(videos, "_paint_part", fail)
    with pytest.raises(ImpastoError, match="The disk fell off; pick it up; the same command goes on"):
        scale.stylize_video(film, "scream", output=tmp_path / "out.mp4", processes=3)
    report = scale.stylize_video(film, "scream", output=tmp_path / "out.mp4", processes=3)
    assert report.frames == 36
    assert report.resumed == 26


def test_a_long_take_is_divided_with_warm_seams_and_differs_little_beside_them(tmp_path, here, monkeypatch):
    film = make_clip(tmp_path / "in.mp4", frames=80)
    report = scale.stylize_video(film, "scream", output=tmp_path / "cuts.mkv", codec="ffv1", processes=2)
    assert "No cut was found" in report.notices[-1]
    scale.stylize_video(film, "scream", output=tmp_path / "warm.mkv", codec="ffv1", processes=1, seams="warm")
    one, other = pictures(tmp_path / "cuts.mkv"), pictures(tmp_path / "warm.mkv")
    differences = [float(np.abs(a.astype(float) - b).mean()) for (_, a), (_, b) in zip(one, other, strict=True)]
    assert max(differences[:26]) == 0
    assert 0 < max(differences) < 12


def test_places_of_seams_in_a_long_take():
    frames = [(n * 10, Fraction(n, 12)) for n in range(100)]
    found = parts._parts(frames, parts._chosen([70], 100, 30, "warm"))
    assert [(part.first, part.frames, part.after) for part in found] == [
        (0, 30, None),
        (300, 40, 40),
        (700, 30, 690),
    ]
    assert found[1] == Part(1, 40, 300, 700, 40, str(Fraction(4, 12)))


def test_what_cannot_be_painted_in_parts_is_said(film, tmp_path):
    from impasto.video.pass_options import PassOptions

    with pytest.raises(InputError, match="Numbered pictures are painted by one process"):
        scale.stylize_video(film, "scream", output=tmp_path / "p_%04d.png", processes=2)
    with pytest.raises(InputError, match="There are no seams hot"):
        scale.stylize_video(film, "scream", output=tmp_path / "p.mp4", seams="hot")
    with pytest.raises(InputError, match="There is no mars to paint on; give local, ray or"):
        scale.stylize_video(film, "scream", output=tmp_path / "p.mp4", on="mars")
    with pytest.raises(InputError, match="several times"):
        scale.stylize_video(film, "scream", output=tmp_path / "p.mp4", paint=PassOptions())
    with pytest.raises(InputError, match="strenght"):
        scale.stylize_video(film, "scream", output=tmp_path / "p.mp4", strenght=0.5)
