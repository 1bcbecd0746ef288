import os
import re
import threading
import time

import pytest

from impasto.errors import InputError, OutputError, Sentence
from impasto.extras import pyav
from impasto.files import explain_write_error
from impasto.studio import videos
from impasto.studio.texts import as_note, language
from impasto.studio.uploads import UploadedVideo
from impasto.studio.videos import VideoProgress, VideoRequest


@pytest.fixture
def lent(server, put, clip):
    """The clip as an upload."""
    return put(clip)


def nothing(_value):
    pass


def test_a_part_is_painted_with_its_sound(server, lent):
    seen = []
    made = videos.paint_video(server.studio, lent, VideoRequest(["udnie"], start=0.25, end=0.75, size=64), seen.append)
    assert made.path.name == "clip-udnie.mp4"
    assert made.frames == 6
    assert [progress.done for progress in seen] == [1, 2, 3, 4, 5, 6]
    assert seen[2].count == 6
    with pyav().open(str(made.path)) as painted:
        video = painted.streams.video[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert max(video.width, video.height) == 64
        assert painted.streams.audio


def test_a_preview_is_one_second(server, put, tmp_path):
    from tests.video.conftest import make_clip

    make_clip(tmp_path / "long.mp4", frames=24, rate=10, sound=())
    made = videos.paint_video(server.studio, put(tmp_path / "long.mp4"), VideoRequest(["udnie"]), nothing, preview=True)
    assert (made.path.name, made.frames) == ("long-udnie-preview.mp4", 10)


def test_what_is_stopped_leaves_nothing_behind(server, lent):
    before = set(server.studio.uploads.folder.iterdir())

    def stop(progress):
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        videos.paint_video(server.studio, lent, VideoRequest(["udnie"], size=64), stop)
    assert set(server.studio.uploads.folder.iterdir()) == before


def test_a_job_outlives_the_hour_after_which_its_upload_would_go(server, lent):
    def sweep(progress):
        for path in (lent, lent.parent):
            os.utime(path, (1e9, 1e9))
        server.studio.uploads.sweep()

    made = videos.paint_video(server.studio, lent, VideoRequest(["udnie"], size=64, end=0.3), sweep)
    with pyav().open(str(made.path)) as painted:
        assert painted.streams.audio


def test_what_the_library_says_names_no_path(server, lent, monkeypatch):
    def fail(video, *_styles, output, **_options):
        raise OutputError(explain_write_error(output, OSError(5, "Input/output error")))

    monkeypatch.setattr(videos, "stylize_video", fail)
    with pytest.raises(OutputError) as caught:
        videos.paint_video(server.studio, lent, VideoRequest(["udnie"]), nothing)
    assert str(caught.value).startswith("clip-udnie.mp4 cannot be written (Input/output error)")
    assert as_note(caught.value)["values"] == {"name": "clip-udnie.mp4", "reason": "Input/output error"}
    assert "another name" not in language("en").errors[caught.value.key]


def test_what_is_not_as_in_the_upload_is_told_in_the_visitors_language(visit, clip, monkeypatch):
    notice = Sentence(
        "The audio stream 1 (pcm_s16le) of my clip.mkv does not fit into this container and is encoded anew as aac.",
        "stream_encoded_anew",
        number=1,
        what="pcm_s16le",
        name="my clip.mkv",
        encoder="aac",
    )

    def painted(studio, upload, video_request, report, **_options):
        return videos.PaintedVideo(upload, 7, 1.0, [notice], damaged=2, truncated=True)

    monkeypatch.setattr(videos, "paint_video", painted)
    page = visit("Vidéo", locale="fr-FR")
    page.locator("#video-upload input[type=file]").set_input_files(clip)
    page.locator("#video-render").click()
    for sentence in (
        "La piste 1 (pcm_s16le) de my clip.mkv ne va pas dans ce format ; elle est réencodée en aac.",
        "2 morceaux abîmés ont été sautés.",
        "Le fichier s’arrête avant sa fin ; les 7 images qu’il contient sont peintes.",
    ):
        page.locator("#video-status", has_text=sentence).wait_for()
    page.get_by_role("button", name="English").click()
    page.locator("#video-status", has_text=str(notice)).wait_for()
    assert as_note(notice)["key"] == "stream_encoded_anew"


@pytest.mark.parametrize(
    ("video_request", "expected"),
    [
        (VideoRequest([]), "No style"),
        (VideoRequest(["udnie"], start=5), "after the video's end"),
        (VideoRequest(["udnie"], start=0.5, end=0.2), "not after the start"),
        (VideoRequest(["udnie"], start=-1), "not after the start"),
        (VideoRequest(["udnie"], strength=2), "out of range"),
    ],
)
def test_requests_that_cannot_be_painted_are_refused(server, lent, video_request, expected):
    if video_request.start == -1:
        video_request = VideoRequest(["udnie"], start=-1, end=-2)
    with pytest.raises(InputError, match=expected):
        videos.paint_video(server.studio, lent, video_request, nothing)


@pytest.mark.parametrize(
    ("width", "height", "size", "asked"),
    [
        (640, 480, 640, 0),
        (640, 480, 0, 0),
        (1920, 1080, 640, 640),
        (641, 480, 0, 640),
        (99, 201, 0, 200),
        (320, 200, 900, 0),
    ],
)
def test_sides_are_even_or_browsers_do_not_play_it(width, height, size, asked, tmp_path):
    assert videos._even_size(UploadedVideo(tmp_path, width, height, 25, 1, False), size) == asked


def test_the_time_left():
    assert VideoProgress(25, 100, 5).left == 15
    assert VideoProgress(5, 0, 5).left is None
    assert VideoProgress(9, 100, 5).left is None


# ---- in a browser ---------------------------------------------------------------------------------


def test_upload_preview_render_download(visit, clip, tmp_path):
    page = visit("Video")
    page.locator("#video-upload input[type=file]").set_input_files(clip)
    page.get_by_text("96 × 64").wait_for()
    page.locator("#video-end input").fill("0.5")
    page.locator("#video-preview").click()
    page.get_by_text("One second from 0.0 s").wait_for()
    page.locator("#video-after").wait_for()
    page.locator("#video-render").click()
    page.get_by_text(re.compile(r"clip-starry-night\.mp4 · 6 frames")).wait_for()
    player = page.locator("#video-after")
    page.wait_for_function("player => player.readyState >= 2", arg=player.element_handle())
    facts = player.evaluate("player => [player.videoWidth, player.videoHeight, player.duration]")
    assert facts == [96, 64, pytest.approx(0.5, abs=0.1)]
    with page.expect_download() as caught:
        page.locator("#video-download").click()
    assert caught.value.suggested_filename == "clip-starry-night.mp4"
    caught.value.save_as(tmp_path / "painted.mp4")
    with pyav().open(str(tmp_path / "painted.mp4")) as painted:
        assert painted.streams.audio
    page.locator("#video-play").click()
    page.wait_for_function("() => document.querySelector('#video-after').currentTime > 0.1")
    before, after = (page.locator(f"#video-{name}") for name in ("before", "after"))
    assert before.evaluate("player => player.muted")
    assert not after.evaluate("player => player.muted")
    page.locator("#video .divide").focus()
    page.keyboard.press("End")
    assert page.locator("#video").evaluate("frame => frame.style.getPropertyValue('--at')") == "100%"


def test_all_of_a_clip_is_painted_unless_told_otherwise(visit, tmp_path):
    from tests.video.conftest import make_clip

    make_clip(tmp_path / "odd.mp4", frames=26, width=96, height=64, rate=25, sound=())  # 1.04 seconds
    page = visit("Video")
    page.locator("#video-upload input[type=file]").set_input_files(tmp_path / "odd.mp4")
    page.get_by_text("96 × 64").wait_for()
    page.locator("#video-render").click()
    page.get_by_text(re.compile(r"odd-starry-night\.mp4 · 26 frames")).wait_for()


def test_it_can_be_stopped(visit, server, put, tmp_path):
    from tests.video.conftest import make_clip

    # Five seconds, which the page takes whole, of more frames than a fast machine paints before it is stopped.
    make_clip(tmp_path / "long.mp4", frames=240, rate=50, width=480, height=320, sound=())
    page = visit("Video")
    page.locator("#video-upload input[type=file]").set_input_files(tmp_path / "long.mp4")
    page.locator("#video-render").click()
    page.get_by_text(re.compile(r"Frame \d+ of 240 · [\d.]+ frames a second")).wait_for()
    assert page.locator("#video-progress progress").get_attribute("max") == "240"
    page.locator("#video-cancel").click()
    page.get_by_text("Cancelled.").wait_for()
    page.locator("#video-render").wait_for()
    for _ in range(50):
        time.sleep(0.1 * bool(server.studio.jobs.busy))
    assert server.studio.jobs.busy == 0


def test_who_waits_sees_the_position_and_may_give_up(visit, server, clip, monkeypatch):
    go_on = threading.Event()

    def slow(studio, upload, video_request, report, **_options):
        while not go_on.wait(0.05):
            report(None)
        raise InputError("Enough.")

    monkeypatch.setattr(videos, "paint_video", slow)
    first, second = visit("Video"), visit("Video")
    for page in (first, second):
        page.locator("#video-upload input[type=file]").set_input_files(clip)
        page.locator("#video-render").click()
    first.get_by_text("Reading the video").wait_for()
    second.get_by_text("Waiting: 1 before you").wait_for()
    second.locator("#video-cancel").click()
    second.locator("#video-render").wait_for()
    go_on.set()
    first.get_by_text("Enough.").first.wait_for()
    first.locator("#video-render").wait_for()


def test_closing_the_page_ends_its_job(visit, server, clip, monkeypatch):
    ended = threading.Event()

    def endless(studio, upload, video_request, report, **_options):
        try:
            while True:
                report(VideoProgress(1, 2, 3))
                time.sleep(0.05)
        finally:
            ended.set()

    monkeypatch.setattr(videos, "paint_video", endless)
    page = visit("Video")
    page.locator("#video-upload input[type=file]").set_input_files(clip)
    page.locator("#video-render").click()
    page.get_by_text("Frame 1 of 2").wait_for()
    page.close()
    assert ended.wait(10)


def test_what_is_wrong_is_said_in_french_and_painting_can_go_on(visit, clip):
    page = visit("Vidéo", locale="fr-FR")
    page.locator("#video-upload input[type=file]").set_input_files(clip)
    page.get_by_text("96 × 64").wait_for()
    page.locator("#video-start input").fill("9")
    page.locator("#video-render").click()
    page.get_by_text("après la fin de la vidéo").first.wait_for()
    page.locator("#video-render").wait_for()
    assert page.locator("#video-cancel").is_hidden()


def test_an_animated_picture_is_painted_and_a_still_one_is_refused(visit, photo, tmp_path):
    small = photo.resize((96, 64))
    small.save(tmp_path / "moving.webp", save_all=True, append_images=[small.rotate(180)], duration=250)
    small.save(tmp_path / "still.webp")
    page = visit(tab="Video")
    page.set_input_files("#video-upload-input", str(tmp_path / "still.webp"))
    page.locator(".toast.bad", has_text="still.webp is a picture, not a video: open it on the Picture tab").wait_for()
    page.set_input_files("#video-upload-input", str(tmp_path / "moving.webp"))
    page.locator("#video-status", has_text="4 frames a second").wait_for()
    page.locator("#video-render").click()
    page.locator("#video-status", has_text="moving-starry-night.mp4 · 2 frames").wait_for()


def test_a_text_file_is_refused_at_once(visit, tmp_path):
    (tmp_path / "notes.mp4").write_text("no video")
    page = visit("Video")
    page.locator("#video-upload input[type=file]").set_input_files(tmp_path / "notes.mp4")
    page.get_by_text("neither a picture nor a video").first.wait_for()
