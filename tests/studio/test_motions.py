import shutil

import numpy as np
import pytest
from tests.studio.asking import run, send
from tests.studio.conftest import run_example

from impasto.errors import InputError
from impasto.motion.api import learn_motion
from impasto.motion.bvh import read_bvh, write_bvh
from impasto.motion.walker import Walk, make_walk
from impasto.studio import motions
from impasto.studio.choices import check_style_files
from impasto.studio.texts import as_note
from impasto.styles.kinds import MOTION


def walk_file(path, walk, seconds=2.0, **options):
    write_bvh(make_walk(walk, seconds, **options), path)
    return path


@pytest.fixture
def plain(tmp_path):
    return walk_file(tmp_path / "walk.bvh", Walk())


@pytest.fixture
def old(tmp_path):
    return walk_file(tmp_path / "old.bvh", Walk(stoop=0.5, arm_swing=0.1, knee_lift=0.05, stride=0.8))


def nothing(_value):
    pass


def test_a_movement_takes_a_style_and_all_three_are_drawn(server, put, plain, old):
    made = motions.restyle_motion(server.studio, put(plain), [(put(old), 1.0)], nothing)
    assert made.path.name == "walk-old.bvh"
    assert read_bvh(made.path).frames == 60
    assert list(made.figures) == ["content", "style", "result"]
    result = made.figures["result"]
    assert (len(result["points"]), len(result["center"]), result["rate"]) == (60, 60, 30)
    joints = len(result["points"][0])
    assert all(one < joints and other < joints for one, other, _ in result["bones"])
    assert {side for _, _, side in result["bones"]} == {"left", "right", ""}


def test_of_a_long_or_fast_clip_a_minute_at_thirty_frames_is_drawn(server, put, tmp_path, monkeypatch):
    monkeypatch.setattr(motions, "_SHOWN_SECONDS", 1.0)
    fast = walk_file(tmp_path / "fast.bvh", Walk(), rate=120.0)
    (drawn,) = motions.restyle_motion(server.studio, put(fast), [], nothing).figures.values()
    assert (len(drawn["points"]), drawn["rate"], drawn["seconds"]) == (30, pytest.approx(30), pytest.approx(2))


def test_what_is_stopped_leaves_nothing_behind(server, put, plain, old):
    lent, style = put(plain), put(old)
    before = set(server.studio.uploads.folder.iterdir())
    reports = []

    def stop(value):
        reports.append(value)
        if len(reports) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        motions.restyle_motion(server.studio, lent, [(style, 1.0)], stop)
    assert set(server.studio.uploads.folder.iterdir()) == before


def test_what_is_no_movement_is_refused_when_it_is_sent(client, picture_file):
    answer = client.post("/api/files", params={"name": "a.bvh", "wanted": "motion"}, content=picture_file.read_bytes())
    assert (answer.status_code, answer.json()["key"]) == (415, "motion_unknown")
    file = send(client, picture_file).json()["id"]
    assert run(client, "motion", file=file)[1]["key"] == "motion_unknown"


@pytest.mark.parametrize(("text", "words"), [("HIERARCHY\n", "MOTION"), ("HIERARCHY\nROOT a\n{\nMOTION\n", "damaged")])
def test_a_damaged_movement_is_refused_in_one_sentence_without_a_path(server, tmp_path, put, text, words):
    (tmp_path / "cut.bvh").write_text(text)
    with pytest.raises(InputError, match=words) as caught:
        motions.restyle_motion(server.studio, put(tmp_path / "cut.bvh"), [], nothing)
    assert str(caught.value).startswith("cut.bvh")


def test_a_body_that_is_not_found_and_a_style_that_moves_otherwise_are_told_with_keys(server, put, plain, tmp_path):
    (tmp_path / "rod.bvh").write_text(plain.read_text().replace("UpLeg", "Rod"))
    with pytest.raises(InputError) as caught:
        motions.restyle_motion(server.studio, put(tmp_path / "rod.bvh"), [], nothing)
    assert (caught.value.key, caught.value.values["name"]) == ("no_body", "rod.bvh")
    stands = walk_file(tmp_path / "stands.bvh", Walk(stride=0.0, arms_ahead=1.2, cadence=0.3))
    made = motions.restyle_motion(server.studio, put(plain), [(put(stands), 1.0)], nothing)
    assert [as_note(notice)["key"] for notice in made.notices] == ["moves_differently"]


@pytest.fixture
def old_style(old, tmp_path):
    """A style file of the old walk."""
    learn_motion(old, tmp_path / "aged.safetensors", name="aged")
    return tmp_path / "aged.safetensors"


@pytest.fixture
def track(tmp_path):
    """Clicks, 130 a minute."""
    pytest.importorskip("av", reason="the extra sound is not installed")
    from tests.motion.test_beats import clicks
    from tests.motion.test_track import write

    write(tmp_path / "track.wav", clicks(np.arange(0.2, 7.5, 60 / 130), 8.0, 22050), 22050)
    return tmp_path / "track.wav"


def test_style_files_clips_and_the_catalogue_are_blended_by_weight(server, put, plain, old, old_style, own_catalogue):
    shutil.copy(old_style, own_catalogue / "kept.safetensors")
    assert check_style_files(["kept:2"], MOTION, server.studio.uploads) == [(own_catalogue / "kept.safetensors", 2.0)]
    styles = [(put(old_style), 1.0), (put(old), 1.0), (own_catalogue / "kept.safetensors", 2.0)]
    made = motions.restyle_motion(server.studio, put(plain), styles, nothing)
    assert made.path.name == "walk-aged+old+kept.bvh"
    assert list(made.figures) == ["content", "style", "result"]
    alone = motions.restyle_motion(server.studio, put(plain), styles[:1], nothing)
    assert list(alone.figures) == ["content", "result"]


def test_a_movement_is_set_to_music(server, put, plain, track):
    made = motions.restyle_motion(server.studio, put(plain), [], nothing, music=put(track))
    assert made.path.name == "walk-music.bvh"
    assert made.hits_after >= made.hits_before


def test_a_cut_off_movement_is_told_by_the_visitors_name_of_it(server, put, plain, tmp_path):
    (tmp_path / "cut.bvh").write_text(plain.read_text()[:-2000])
    made = motions.restyle_motion(server.studio, put(tmp_path / "cut.bvh"), [], nothing)
    assert [str(notice).split()[0] for notice in made.notices] == ["cut.bvh"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_example_of_the_api_with_curl(server, client, plain, old, tmp_path):
    run_example(client, "motion", server.url, tmp_path)
    assert read_bvh(tmp_path / "walk-old.bvh").frames == 60


def test_a_program_sets_a_movement_to_music_or_is_told_what_is_missing(client, plain, old_style, track):
    walk = ("walk.bvh", plain.read_bytes())
    answer = client.post(
        "/api/motion",
        files={
            "motion": walk,
            "music": ("track.wav", track.read_bytes()),
            "styles": ("a.safetensors", old_style.read_bytes()),
        },
        data={"parts": "arms,spine", "weights": "1"},
    )
    assert (answer.status_code, answer.content[:9]) == (200, b"HIERARCHY")
    for fields, words in (
        ({}, "Neither a style nor music"),
        ({"names": ["x"]}, "no style x"),
        ({"names": ["x"], "parts": "tail"}, "no style x"),
    ):
        refused = client.post("/api/motion", files={"motion": walk}, data=fields)
        assert (refused.status_code, words in refused.json()["detail"]) == (400, True), refused.text


# ---- in a browser ---------------------------------------------------------------------------------


def drawn_pixels(page, which):
    """How many pixels of a figure's canvas are drawn on, and their sum, which tells two drawings apart."""
    return page.locator(f"[data-figure={which}]").evaluate(
        """canvas => {
          const levels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          let drawn = 0, sum = 0;
          for (let at = 3; at < levels.length; at += 4) if (levels[at]) { drawn += 1; sum = (sum * 31 + at) % 1e9; }
          return [drawn, sum];
        }"""
    )


def test_drop_watch_turn_restyle_and_download(visit, plain, old, tmp_path):
    page = visit("Motion", reduced_motion="reduce")
    page.locator("#motion-content input[type=file]").set_input_files(plain)
    page.locator("#motion-status", has_text="walk.bvh").wait_for()
    first = drawn_pixels(page, "motion_content")
    assert first[0] > 500
    page.locator("#motion-start").click()
    page.get_by_text("Add a movement whose style you want, or music.").wait_for()

    page.locator("#motion-style input[type=file]").set_input_files(old)
    page.locator("#motion-start").click()
    page.locator("#motion-status", has_text="walk-old.bvh").wait_for()
    assert page.locator(".figures canvas").count() == 3
    before, after = (drawn_pixels(page, f"motion_{name}") for name in ("content", "result"))
    assert before != after
    page.locator("#motion-time").fill("1")
    assert page.locator("[data-figure=motion_result]").get_attribute("data-frame") == "30"
    assert drawn_pixels(page, "motion_result") != after

    canvas = page.locator("[data-figure=motion_content]")
    still = drawn_pixels(page, "motion_result")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    assert drawn_pixels(page, "motion_result") != still
    canvas.hover()
    page.mouse.down()
    page.mouse.move(10, 300, steps=3)
    page.mouse.up()
    assert float(canvas.get_attribute("data-turn")) < 0

    page.locator("#motion-play").click()
    page.wait_for_function("() => document.querySelector('.figures canvas').dataset.frame !== '30'")
    page.locator("#motion-play", has_text="Pause").click()
    with page.expect_download() as caught:
        page.locator("#motion-download").click()
    assert caught.value.suggested_filename == "walk-old.bvh"
    caught.value.save_as(tmp_path / "made.bvh")
    assert read_bvh(tmp_path / "made.bvh").frames == 60


def test_a_style_file_and_music_are_given_and_the_music_plays(visit, plain, old_style, track):
    page = visit("Motion", reduced_motion="reduce")
    page.locator("#motion-content input[type=file]").set_input_files(plain)
    page.locator("#motion-style input[type=file]").set_input_files(old_style)
    page.locator("#motion-music input[type=file]").set_input_files(track)
    page.locator("#motion-start").click()
    page.locator("#motion-status", has_text="On the beat").wait_for()
    assert page.locator(".figures canvas").count() == 2
    page.locator("#motion-play").click()
    page.wait_for_function("() => document.querySelector('.figures canvas').dataset.frame !== '0'")
    page.wait_for_function("() => document.querySelector('#motion-track').currentTime > 0.2")
    page.locator("#motion-play", has_text="Pause").click()
    assert page.locator("#motion-track").evaluate("track => track.paused")


def test_it_plays_by_itself_unless_the_visitor_wants_less_motion(visit, plain):
    page = visit("Motion")
    page.locator("#motion-content input[type=file]").set_input_files(plain)
    page.wait_for_function("() => Number(document.querySelector('.figures canvas')?.dataset.frame) > 3")


def test_a_text_file_is_refused_at_once_in_german(visit, tmp_path):
    (tmp_path / "notes.bvh").write_text("no movement")
    page = visit("Bewegung", locale="de-DE")
    page.locator("#motion-content input[type=file]").set_input_files(tmp_path / "notes.bvh")
    page.get_by_text("Das ist keine BVH-Datei").wait_for()
