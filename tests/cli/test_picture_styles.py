from dataclasses import replace

import pytest

from impasto.cli import picture_styles
from impasto.cli.picture_styles import learn_pictures
from impasto.errors import MissingExtraError
from impasto.styles.catalogue import load_style


@pytest.fixture
def painting(folder, monkeypatch):
    """A picture whose style is not learnt yet; learning it takes no time."""
    scream = load_style("scream")
    monkeypatch.setattr(picture_styles, "is_style_cached", lambda _picture: False)
    monkeypatch.setattr(picture_styles, "learn_cached_style", lambda _picture, _progress=None: replace(scream))
    return folder / "in" / "one.jpg"


def test_waiting_is_told_before_a_style_is_learnt_and_how_long_and_that_it_is_only_once(painting, capsys):
    learn_pictures([f"{painting}:2", "udnie"])
    (said,) = capsys.readouterr().err.splitlines()
    for part in (
        f"Learning the style of {painting}",
        "minutes",
        "only this once",
        "Ctrl-C",
        "the same command goes on",
    ):
        assert part in said


def test_quiet_says_nothing_of_it(painting, capsys):
    learn_pictures([str(painting)], quiet=True)
    assert capsys.readouterr() == ("", "")


def test_what_is_learnt_already_is_not_told(painting, capsys, monkeypatch):
    monkeypatch.setattr(picture_styles, "is_style_cached", lambda _picture: True)
    learn_pictures([str(painting)])
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_says_how_it_goes_on(painting, capsys, monkeypatch):
    def interrupted(_picture, _progress=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(picture_styles, "learn_cached_style", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learn_pictures([str(painting)])
    assert capsys.readouterr().err.splitlines()[-1].endswith("the same command goes on from there.")


def test_nothing_is_announced_where_the_extra_is_missing(painting, capsys, monkeypatch):
    monkeypatch.setattr(picture_styles.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match="Learning a style"):
        learn_pictures([str(painting)])
    assert capsys.readouterr() == ("", "")
