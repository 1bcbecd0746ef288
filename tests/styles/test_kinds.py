import json

import numpy as np
import pytest
from safetensors.numpy import save_file

import impasto
from impasto.cli import main
from impasto.errors import StyleError
from impasto.styles.catalogue import catalogue_names, load_style
from impasto.styles.kinds import MOTION, PICTURE, SOUND, check_kind, format_of, kind_of, read_header


@pytest.fixture
def rain(tmp_path):
    """A file that says that it is a style of sound."""
    path = tmp_path / "rain.safetensors"
    save_file({"mean": np.zeros(3)}, path, metadata={"format": format_of(SOUND), "name": "rain", "title": "Rain"})
    return path


def run(*arguments):
    with pytest.raises(SystemExit) as raised:
        main(list(map(str, arguments)))
    return raised.value.code


def test_one_key_of_the_header_tells_the_kind(rain, tmp_path):
    impasto.load_style("scream").save(tmp_path / "scream.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"bad")
    names = "rain", "scream", "bad", "missing"
    assert [kind_of(tmp_path / f"{name}.safetensors") for name in names] == [SOUND, PICTURE, None, None]


def test_a_damaged_header_has_no_kind(tmp_path):
    path = tmp_path / "bad.safetensors"
    for header in (b"[]", b"{}", b'{"__metadata__": 3}', b'{"__metadata__": {"format": 3}}', b"[" * 100_000, b"\xff"):
        path.write_bytes(len(header).to_bytes(8, "little") + header)
        assert kind_of(path) is None
    path.write_bytes(b"\xff" * 100)
    assert kind_of(path) is None


def test_a_style_of_another_kind_is_refused_in_one_sentence(rain):
    with pytest.raises(
        StyleError, match=r"rain.safetensors is a style of sound, which impasto sound takes; a style of pic"
    ):
        load_style(rain)
    with pytest.raises(StyleError, match=r"which impasto sound takes; a style of motion is needed here\.$"):
        check_kind(rain, read_header(rain), MOTION)
    check_kind(rain, read_header(rain), SOUND)


@pytest.mark.parametrize(
    ("format", "said"),
    [
        ("impasto-style-2", "is a style of pictures of another version of Impasto; update that, or learn it again"),
        ("impasto-sound-style-9", "is a style of sound of another version"),
        ("impasto-network-1", "is a network, in whose folder the styles lie"),
        ("impasto-perceptual", "is a network that judges paintings, which --features takes, and no style"),
        ("impasto-predictor-1", "is a network that predicts styles, and no style"),
        ("pt", "holds numbers of another program, and no style; give a style file"),
        (None, "holds numbers of another program, and no style; give a style file"),
    ],
)
def test_a_file_of_safetensors_that_is_no_style_is_called_what_it_is(tmp_path, format, said):
    path = tmp_path / "odd.safetensors"
    save_file({"conv1.weight": np.ones(3)}, path, metadata={"format": format} if format else None)
    with pytest.raises(StyleError, match=rf"odd\.safetensors {said}"):
        load_style(path)


def test_the_catalogue_keeps_styles_of_every_kind_and_pictures_are_offered_their_own(rain, capsys):
    assert run("styles", "add", rain, "-q") == 0
    assert catalogue_names() == []
    assert catalogue_names(SOUND) == ["rain"]
    with pytest.raises(StyleError, match="a style of sound"):
        load_style("rain")
    assert run("styles", "list") == 0
    assert "Rain (yours, sound)" in capsys.readouterr().out
    assert run("styles", "list", "--json") == 0
    listed = {style["name"]: style for style in json.loads(capsys.readouterr().out)}
    assert listed["rain"]["kind"] == SOUND
    assert listed["scream"]["kind"] == PICTURE
    assert run("styles", "show", "rain") == 0
    assert "Rain" in capsys.readouterr().out
    assert run("styles", "add", rain) == 5
    assert run("styles", "remove", "rain") == 0
    assert catalogue_names(SOUND) == []
