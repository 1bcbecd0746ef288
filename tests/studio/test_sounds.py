import shutil
import time
import wave

import numpy as np
import pytest
from tests.studio.asking import run, send
from tests.studio.conftest import run_example

from impasto.errors import InputError
from impasto.sound.learn import learn_sound
from impasto.studio import sounds
from impasto.studio.containers import sound_container_of
from impasto.styles.catalogue import load_style

pytest.importorskip("av", reason="the extra sound is not installed")
RATE = 22050


def write_wav(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 30000).astype("<i2").tobytes())
    return path


@pytest.fixture
def tune(tmp_path):
    """A second and a half: five plucked notes."""
    times = np.arange(RATE * 3 // 2) / RATE
    notes = 220 * 2 ** (np.array([0, 4, 7, 12, 7]) / 12)
    within = times % 0.3
    return write_wav(
        tmp_path / "tune.wav", 0.6 * np.exp(-6 * within) * np.sin(2 * np.pi * notes[(times / 0.3).astype(int)] * times)
    )


@pytest.fixture
def rain(tmp_path):
    """Two seconds of drops."""
    random = np.random.default_rng(0)
    samples = 0.05 * random.standard_normal(2 * RATE)
    for start in random.integers(0, 2 * RATE - 800, 60):
        samples[start : start + 800] += 0.4 * random.standard_normal(800) * np.exp(-np.arange(800) / 120)
    return write_wav(tmp_path / "rain.wav", samples.clip(-1, 1))


def test_a_sound_is_restyled_and_named_as_on_the_command_line(server, put, tune, rain):
    seen = []
    made = sounds.restyle_sound(
        server.studio, put(tune), [(put(rain), 1.0)], seen.append, method="colour", strength=0.7
    )
    assert made.path.name == "tune-rain.wav"
    assert made.report.seconds == pytest.approx(1.5, abs=0.05)
    assert seen[-1] == {"share": 1}
    with wave.open(str(made.path)) as file:
        assert file.getnframes() == pytest.approx(1.5 * RATE, abs=RATE // 20)


def test_that_a_sound_is_cut_off_is_said_to_the_page_and_to_programs(client, server, put, tune, rain):
    tune.write_bytes(tune.read_bytes()[:40_000])
    made = sounds.restyle_sound(server.studio, put(tune), [(put(rain), 1.0)], lambda _share: None, method="colour")
    assert [(notice.key, notice.values["name"]) for notice in made.report.notices] == [("sound_cut_off", "tune.wav")]
    files = {"sound": ("tune.wav", tune.read_bytes()), "styles": ("rain.wav", rain.read_bytes())}
    answer = client.post("/api/sound", files=files, data={"method": "colour"})
    assert "tune.wav ends before its end" in answer.headers["x-notes"]


def test_what_is_stopped_leaves_nothing_behind(server, put, tune, rain):
    lent, style = put(tune), put(rain)
    before = set(server.studio.uploads.folder.iterdir())

    def stop(_value):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sounds.restyle_sound(server.studio, lent, [(style, 1.0)], stop)
    assert set(server.studio.uploads.folder.iterdir()) == before


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (b"RIFF0000WAVE", ".wav"),
        (b"fLaC", ".flac"),
        (b"\xff\xfb\x90\x00", ".mp3"),
        (b"ID3\x03\x00\x00\x00\x00\x00\x04" + b"tags" + b"\xff\xfb\x90\x00", ".mp3"),
        (b"OggS", ".ogv"),
        (b"ID3\x03\x00\x00\x00\x00\x00\x04tags#EXTM3U\nfile:///etc/passwd", ""),
        (b"ID3\x03\x00\x00\x00\x00\x00\x04tags\xff\xfb<MPD profiles='x'>", ""),
        (b"ID3\x03\x00\x00\x00\x00\x00\x04tagsffconcat version 1.0\nfile /etc/passwd\n", ""),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", ""),
        (b"GIF89a", ""),
        (b"", ""),
    ],
)
def test_only_containers_that_cannot_name_other_files_are_taken(tmp_path, content, suffix):
    path = tmp_path / "given"
    path.write_bytes(content)
    assert (sound_container_of(path) or ("",))[0] == suffix


def test_a_sound_that_is_too_long_is_refused(server, put, tune, monkeypatch):
    monkeypatch.setattr(sounds, "MAX_SECONDS", 1.0)
    with pytest.raises(InputError, match="the limit is 0"):
        sounds.sound_facts(server.studio, put(tune))


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"no sound", "no sound that can be read"), (b"RIFF0000WAVEfmt ", "it may be damaged"), (b"fLaC", "damaged")],
)
def test_what_is_no_sound_is_refused_in_one_sentence_without_a_path(client, server, tmp_path, content, words):
    path = tmp_path / "talk.wav"
    path.write_bytes(content)
    answer = client.post("/api/files", params={"name": path.name, "wanted": "sound"}, content=content)
    assert answer.status_code in (400, 415)
    assert words in answer.json()["detail"]
    assert str(server.studio.uploads.folder) not in answer.text


def test_a_picture_cannot_be_restyled_as_a_sound(client, picture_file):
    file = send(client, picture_file).json()["id"]
    kind, answer = run(client, "sound", file=file, styles=[f"+{file}"])
    assert (kind, answer["key"]) == ("error", "sound_unknown")


@pytest.fixture
def rain_style(rain, tmp_path):
    """A style file of the rain."""
    learn_sound(rain, tmp_path / "drops.safetensors", name="drops")
    return tmp_path / "drops.safetensors"


def test_recordings_style_files_and_the_catalogue_are_blended_by_weight(client, tune, rain, rain_style, own_catalogue):
    shutil.copy(rain_style, own_catalogue / "kept.safetensors")
    assert client.get("/api/styles/of/sound").json() == ["kept"]
    assert client.get("/api/styles/of/motion").json() == []
    ids = [
        client.post("/api/files", params={"name": path.name, "wanted": "sound_style"}, content=path.read_bytes())
        for path in (rain, rain_style)
    ]
    content = client.post("/api/files", params={"name": "tune.wav", "wanted": "sound"}, content=tune.read_bytes())
    styles = [f"+{ids[0].json()['id']}:2", f"+{ids[1].json()['id']}", "kept:0.5"]
    kind, told = run(client, "sound", file=content.json()["id"], styles=styles, method="colour")
    assert (kind, told["file"]["name"]) == ("result", "tune-rain+drops+kept.wav")


def test_styles_of_another_kind_and_unknown_names_are_refused_in_a_sentence(client, tune, own_catalogue, tmp_path):
    load_style("scream").save(tmp_path / "scream.safetensors")
    data = (tmp_path / "scream.safetensors").read_bytes()
    answer = client.post("/api/files", params={"name": "scream.safetensors", "wanted": "sound_style"}, content=data)
    assert (answer.status_code, answer.json()["key"]) == (400, "style_of_other_kind")
    content = client.post("/api/files", params={"name": "tune.wav", "wanted": "sound"}, content=tune.read_bytes())
    for name in ("scream", "../scream", str(tune)):
        status, told = run(client, "sound", file=content.json()["id"], styles=[name])
        assert (status, told["key"]) == (400, "unknown_style")


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_example_of_the_api_with_curl(server, client, tune, rain, tmp_path):
    for source, name in ((tune, "song"), (rain, "bell")):
        shutil.copy(source, tmp_path / f"{name}.wav")
    run_example(client, "sound", server.url, tmp_path)
    with wave.open(str(tmp_path / "rainy.wav")) as file:
        assert file.getnframes() == pytest.approx(1.5 * RATE, abs=RATE // 20)


def test_a_program_is_told_in_a_sentence_what_does_not_fit(client, tune, rain, own_catalogue):
    def asked(**fields):
        files = {"sound": ("tune.wav", tune.read_bytes()), "styles": ("rain.wav", rain.read_bytes())}
        if fields.pop("bare", False):
            files.pop("styles")
        return client.post("/api/sound", files=files, data=fields)

    for fields, words in (
        ({"weights": ["1", "2"]}, "1 files in styles and 2 weights"),
        ({"names": ["nothing"]}, "no style nothing"),
        ({"weights": ["0"]}, "not all 0"),
        ({"strength": "7"}, "strength"),
        ({"method": "loud"}, "method"),
        ({"bare": True}, "No style is given"),
    ):
        answer = asked(**fields)
        assert (answer.status_code, words in answer.json()["detail"]) == (400, True), answer.text


# ---- in a browser ---------------------------------------------------------------------------------


def test_drop_restyle_hear_and_download(visit, tune, rain, tmp_path):
    page = visit("Sound")
    page.locator("#sound-content input[type=file]").set_input_files(tune)
    page.locator("#sound-status", has_text="tune.wav").wait_for()
    page.locator("#sound-start").click()
    page.get_by_text("Add a sound whose style you want.").wait_for()
    page.locator("#sound-style input[type=file]").set_input_files(rain)
    page.get_by_role("radio", name="colour").check()
    page.locator("#sound-start").click()
    page.locator("#sound-status", has_text="tune-rain.wav").wait_for()
    for name in ("before", "after"):
        player = page.locator(f"#sound-{name}")
        page.wait_for_function("player => player.readyState >= 1", arg=player.element_handle())
        assert player.evaluate("player => player.duration") == pytest.approx(1.5, abs=0.06)
    with page.expect_download() as caught:
        page.locator("#sound-download").click()
    assert caught.value.suggested_filename == "tune-rain.wav"
    caught.value.save_as(tmp_path / "heard.wav")
    with wave.open(str(tmp_path / "heard.wav")) as file:
        assert file.getframerate() == RATE


def test_a_recording_and_a_style_of_the_catalogue_are_blended(visit, tune, rain, rain_style, own_catalogue):
    shutil.copy(rain_style, own_catalogue / "kept.safetensors")
    page = visit("Sound")
    page.locator("#sound-content input[type=file]").set_input_files(tune)
    page.locator("#sound-style input[type=file]").set_input_files([rain])
    page.get_by_role("button", name="kept").click()
    weights = page.locator("#sound-style .files input")
    assert weights.count() == 2
    weights.first.fill("0")
    page.locator("#sound-style .files .out").first.click()
    assert page.locator("#sound-style .files li").all_inner_texts() == ["kept"]
    page.locator("#sound-start").click()
    page.locator("#sound-status", has_text="tune-kept.wav").wait_for()


def test_a_sound_that_the_studio_has_removed_is_sent_again(visit, server, tune, rain):
    page = visit("Sound")
    page.locator("#sound-content input[type=file]").set_input_files(tune)
    page.locator("#sound-status", has_text="tune.wav").wait_for()
    server.studio.uploads.sweep(now=time.time() + 10_000)
    page.locator("#sound-style input[type=file]").set_input_files(rain)
    page.locator("#sound-start").click()
    page.locator("#sound-status", has_text="tune-rain.wav").wait_for()


def test_the_microphone_can_be_the_content(visit, rain):
    page = visit("Sound")
    page.locator("#sound-record").click()
    page.locator("#sound-record.recording").wait_for()
    page.wait_for_timeout(700)
    page.locator("#sound-record").click()
    page.locator("#sound-status", has_text="recording").wait_for()
    page.locator("#sound-style input[type=file]").set_input_files(rain)
    page.locator("#sound-start").click()
    page.locator("#sound-status", has_text="recording-rain.flac").wait_for()


def test_a_text_file_is_refused_at_once_in_french(visit, tmp_path):
    (tmp_path / "notes.wav").write_text("no sound")
    page = visit("Son", locale="fr-FR")
    page.locator("#sound-content input[type=file]").set_input_files(tmp_path / "notes.wav")
    page.get_by_text("Ce n’est pas un son lisible ici").wait_for()
