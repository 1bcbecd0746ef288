"""Learning a style: files in, a style out."""

import json
import os
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

torch = pytest.importorskip("torch")

import impasto  # noqa: E402
from impasto.cli import cli  # noqa: E402
from impasto.errors import InputError, OutputError, StyleError, TrainingError  # noqa: E402
from impasto.learning.fit import StyleFit  # noqa: E402
from impasto.locks import locked  # noqa: E402
from impasto.styles.blending import blend  # noqa: E402
from impasto.styles.catalogue import load_style  # noqa: E402
from impasto.styles.files import bundled_network_id  # noqa: E402

TINY = {"steps": 4, "check_every": 2, "crop": 64, "crops": 4, "held_out": 3}


def test_a_style_is_learnt_written_and_used(waves, photos, tmp_path, photo):
    seen = []
    written = tmp_path / "mine.safetensors"
    facts = {"artist": "Me", "year": 1889, "licence": ""}
    style = impasto.learn_style(waves, written, photos=photos, metadata=facts, progress=seen.append, **TINY)
    assert [at.step for at in seen] == [1, 2, 3, 4]
    assert seen[-1].share == 1
    assert set(seen[-1].losses) >= {"content", "style", "total"}
    assert written.stat().st_size < 20_000
    found = load_style(written)
    assert found.name == "mine"
    assert found.network == bundled_network_id()
    assert np.array_equal(found.scale, style.scale)
    assert found.metadata["artist"] == "Me"
    assert "licence" not in found.metadata
    assert found.metadata["year"] == "1889"
    assert found.metadata["pictures"] == "waves.png"
    assert impasto.stylize(photo, written).size == photo.size
    assert blend([(found, 1), (load_style("scream"), 1)]).embedded is None
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "mine-preview.jpg", "mine.safetensors", "photos", "waves.png",
    ]  # fmt: skip


def test_an_interrupted_call_goes_on_and_another_begins_anew(waves, photos, tmp_path):
    whole = impasto.learn_style(waves, photos=photos, **TINY)

    def interrupt(at):
        if at.step == 3:
            raise KeyboardInterrupt

    target = tmp_path / "mine.safetensors"
    with pytest.raises(KeyboardInterrupt):
        impasto.learn_style(waves, target, photos=photos, progress=interrupt, **TINY)
    assert not target.exists()
    assert (tmp_path / "mine.learning" / "preview.jpg").exists()
    steps = []
    resumed = impasto.learn_style(waves, target, photos=photos, progress=lambda at: steps.append(at.step), **TINY)
    assert steps == [4]
    assert np.allclose(resumed.scale, whole.scale, atol=1e-5)
    assert not (tmp_path / "mine.learning").exists()

    with pytest.raises(KeyboardInterrupt):
        impasto.learn_style(waves, target, photos=photos, progress=interrupt, **TINY)
    steps.clear()
    other = {**TINY, "style_scale": 2.0}
    impasto.learn_style(waves, target, photos=photos, progress=lambda at: steps.append(at.step), **other)
    assert steps[0] == 1


def test_the_command_learns_and_says_so(waves, photos, tmp_path):
    target = tmp_path / "mine.safetensors"
    arguments = [
        "learn", str(waves), str(waves), "-o", str(target), "--photos", str(photos), "--steps", "2",
        "--check-every", "1", "--crop", "64", "--title", "Waves", "--name", "my waves", "--style-scale", "1.5",
        "--json",
    ]  # fmt: skip
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert "Previews" in result.stderr
    facts = json.loads(result.stdout)
    assert facts["title"] == "Waves"
    assert facts["name"] == load_style(target).name == "my waves"
    assert facts["bytes"] == target.stat().st_size


def test_the_command_says_where_it_goes_on_and_previews_only_what_was_read(waves, photos, tmp_path, monkeypatch):
    target = tmp_path / "mine.safetensors"
    common = ["-o", str(target), "--photos", str(photos), "--steps", "2", "--crop", "64"]
    with pytest.raises(InputError, match="no picture"):
        CliRunner().invoke(cli, ["learn", str(tmp_path / "none.png"), *common], catch_exceptions=False)
    said = CliRunner().invoke(cli, ["learn", str(tmp_path / "none.png"), *common]).stderr
    assert "Previews" not in said
    monkeypatch.setattr(StyleFit, "_step", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    result = CliRunner().invoke(cli, ["learn", str(waves), *common])
    assert result.exit_code == 130
    assert f"kept in {tmp_path / 'mine.learning'}, and the same command goes on" in result.stderr
    assert CliRunner().invoke(cli, ["learn", str(waves), *common, "--minutes", "5"]).exit_code == 2
    with pytest.raises(TrainingError, match=r"style scale 11\.0 is out of range"):
        CliRunner().invoke(cli, ["learn", str(waves), *common, "--style-scale", "11"], catch_exceptions=False)


def test_poor_style_pictures_are_warned_of(photos, tmp_path, caplog):
    Image.new("RGB", (60, 60), "red").save(tmp_path / "tiny.png")
    impasto.learn_style(tmp_path / "tiny.png", photos=photos, **TINY)
    assert "tiny.png: the style picture has only 60 x 60 pixels" in caplog.text


def test_what_is_said_of_a_picture_in_memory_names_no_temporary_file(caplog):
    impasto.learn_style(Image.new("RGB", (60, 60), "red"), effort="quick")
    assert [message.partition("-")[0] for message in caplog.messages] == ["picture"]


def test_what_cannot_be_learnt_gets_one_sentence(waves, tmp_path):
    cases = [
        (InputError, "no picture", lambda: impasto.learn_style(tmp_path / "none.jpg")),
        (InputError, "No picture", lambda: impasto.learn_style([])),
        (InputError, "not from 3", lambda: impasto.learn_style(3)),
        (InputError, "not from None", lambda: impasto.learn_style([waves, None])),
        (StyleError, "does not end in", lambda: impasto.learn_style(waves, tmp_path / "x.jpg")),
        (StyleError, "another --name", lambda: impasto.learn_style(waves, name="photograph")),
        (StyleError, "leave network out", lambda: impasto.learn_style(waves, metadata={"network": "mine"})),
        (TrainingError, "minutes 0 is", lambda: impasto.learn_style(waves, deep=True, minutes=0)),
        (TrainingError, "mean style_weight", lambda: impasto.learn_style(waves, stile_weight=2)),
        (TrainingError, "mean photos", lambda: impasto.learn_style(waves, phots=tmp_path)),
        (TrainingError, "multiple of 8", lambda: impasto.learn_style(waves, crop=100)),
        (TrainingError, "style scale 0", lambda: impasto.learn_style(waves, style_scale=0)),
        (TrainingError, "steps", lambda: impasto.learn_style(waves, steps=0)),
        (InputError, "no mps", lambda: impasto.learn_style(waves, device="mps")),
    ]
    for kind, words, call in cases:
        with pytest.raises(kind, match=words) as raised:
            call()
        assert "\n" not in str(raised.value)


def test_a_style_is_learnt_from_pictures_in_memory_as_from_their_files(waves, photos, tmp_path):
    expected = impasto.learn_style([waves, waves], photos=photos, **TINY)
    with Image.open(waves) as image:
        array = np.asarray(image.convert("RGB"))
        style = impasto.learn_style(
            (item for item in (image, array)), tmp_path / "m.safetensors", photos=photos, **TINY
        )
    assert np.allclose(style.scale, expected.scale, atol=1e-5)
    assert style.name == "m"
    assert style.metadata["pictures"].startswith("waves.png, picture-")
    with pytest.raises(InputError, match="learnt from pictures, not from 3"):
        impasto.learn_style([3])


@pytest.mark.parametrize(
    ("name", "head", "words"),
    [
        (
            "walk.bvh",
            b"HIERARCHY\n",
            r"a movement \(BVH\); impasto motion and impasto\.stylize_motion restyle it, or take",
        ),
        ("rain.wav", b"RIFF\0\0\0\0WAVE", r"a sound; impasto sound and impasto\.stylize_sound restyle it, or take"),
    ],
)
def test_a_style_of_another_art_is_refused_with_who_takes_it_as_a_style(tmp_path, name, head, words):
    (tmp_path / name).write_bytes(head + bytes(60))
    with pytest.raises(InputError, match=rf"{name} is {words} it as the style\.$"):
        impasto.learn_style(tmp_path / name)


@pytest.mark.parametrize("size", [(1, 100), (100, 1), (1, 1)])
def test_a_picture_of_one_pixels_width_is_one_sentence_and_leaves_nothing(photos, tmp_path, size):
    (tmp_path / "here").mkdir()
    line = tmp_path / "here" / "line.png"
    Image.new("RGB", size, "red").save(line)
    with pytest.raises(InputError, match=r"line.png is a line of \d+ x \d+ pixels .* has no strokes to learn from"):
        impasto.learn_style(line, tmp_path / "here" / "mine.safetensors", photos=photos, **TINY)
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["line.png"]


def test_a_second_run_that_learns_one_style_is_told_who_does(waves, photos, tmp_path):
    with (
        locked(tmp_path / "mine.learning"),
        pytest.raises(OutputError, match=rf"mine.learning is being made by another run \(process {os.getpid()}, "),
    ):
        impasto.learn_style(waves, tmp_path / "mine.safetensors", photos=photos, **TINY)
    assert not (tmp_path / "mine.learning").exists()


def test_a_style_is_predicted_at_once_without_torch(waves, tmp_path, monkeypatch, photo):
    monkeypatch.setitem(sys.modules, "torch", None)
    target = tmp_path / "mine.safetensors"
    style = impasto.learn_style(waves, target, effort="quick", metadata={"artist": "Me"})
    assert load_style(target).metadata["learnt"] == "predicted"
    assert load_style(target).metadata["artist"] == "Me"
    assert not np.allclose(style.scale, impasto.learn_style(waves, effort="quick", style_scale=2).scale)
    assert impasto.stylize(photo, target) == impasto.stylize(photo, waves, style_effort="quick") != photo
    assert blend([(style, 1), (load_style("scream"), 1)]).embedded is None


def test_fitting_goes_on_from_the_prediction(waves, photos):
    predicted = impasto.learn_style(waves, effort="quick")
    fitted = impasto.learn_style(waves, photos=photos, **TINY | {"learning_rate": 1e-9})
    assert np.allclose(fitted.scale, predicted.scale, atol=1e-6)
    assert np.allclose(fitted.shift, predicted.shift, atol=1e-6)


def test_several_pictures_are_predicted_as_their_mean(waves, tmp_path):
    with Image.open(waves) as image:
        image.rotate(90).save(tmp_path / "turned.png")
    pictures = [waves, tmp_path / "turned.png"]
    one, two, both = (impasto.learn_style(which, effort="quick").scale for which in (*pictures, pictures))
    assert np.allclose(both, (one + two) / 2, atol=1e-6)


def test_the_command_predicts_and_keeps_what_was_made_alike(waves, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["learn", "--quick", "waves.png"], catch_exceptions=False)
    assert result.stdout == "waves.safetensors  (predicted)\n"
    said = CliRunner().invoke(cli, ["learn", "--style-effort", "quick", "waves.png"], catch_exceptions=False).stderr
    assert "waves.safetensors was made in the same way and is kept" in said
    assert CliRunner().invoke(cli, ["learn", "--quick", "--style-effort", "full", "waves.png"]).exit_code == 2


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"effort": "best"}, "The effort is best; give one of quick, draft, full"),
        ({"effort": "quick", "photos": "x"}, "takes no photos"),
        ({"effort": "quick", "steps": 9}, "takes no steps"),
        ({"effort": "draft", "deep": True}, "takes the full effort"),
    ],
)
def test_what_does_not_go_with_an_effort_is_refused(waves, given, words):
    with pytest.raises(TrainingError, match=words):
        impasto.learn_style(waves, **given)
