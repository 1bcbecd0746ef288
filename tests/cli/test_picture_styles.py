from dataclasses import replace

import pytest

from impasto.cli import picture_styles
from impasto.cli.picture_styles import learn_pictures
from impasto.errors import MissingExtraError
from impasto.styles.catalogue import load_style


@pytest.fixture
def painting(folder, monkeypatch):
    """A picture whose style is not fitted yet; fitting it takes no time."""
    scream = load_style("scream")
    monkeypatch.setattr(picture_styles, "is_style_cached", lambda _picture, _effort: False)
    monkeypatch.setattr(picture_styles, "effort_for", lambda _picture, wanted: "draft" if wanted == "auto" else wanted)
    monkeypatch.setattr(picture_styles, "learn_cached_style", lambda _picture, _effort, _progress=None: replace(scream))
    monkeypatch.setattr(picture_styles.importlib.util, "find_spec", lambda _name: True)
    return folder / "in" / "one.jpg"


def test_waiting_is_told_before_a_style_is_fitted_and_how_long_and_what_is_better(painting, capsys):
    learn_pictures([f"{painting}:2", "udnie"])
    (said,) = capsys.readouterr().err.splitlines()
    for part in (
        f"Fitting the style of {painting}",
        "seconds",
        "only this once",
        "--style-effort full",
        "Ctrl-C",
        "the same command goes on",
    ):
        assert part in said


def test_the_full_effort_says_what_is_sooner(painting, capsys):
    learn_pictures([str(painting)], "full")
    said = capsys.readouterr().err
    assert "minute" in said
    assert "--style-effort draft takes seconds, quick predicts it" in said


def test_quiet_says_nothing_of_it(painting, capsys):
    learn_pictures([str(painting)], quiet=True)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("effort", "said"),
    [
        ("quick", "is predicted; --style-effort draft (seconds) or full (a minute) comes closer."),
        ("draft", "is a draft; --style-effort full (a minute) comes closer."),
        ("full", "is fully learnt."),
    ],
)
def test_what_takes_no_time_is_one_line_that_names_what_is_better(painting, capsys, monkeypatch, effort, said):
    monkeypatch.setattr(picture_styles, "is_style_cached", lambda _picture, _effort: True)
    learn_pictures([str(painting)], effort)
    assert capsys.readouterr().err == f"The style of {painting} {said}\n"


def test_ctrl_c_says_how_it_goes_on(painting, capsys, monkeypatch):
    def interrupted(_picture, _effort, _progress=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(picture_styles, "learn_cached_style", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learn_pictures([str(painting)])
    assert capsys.readouterr().err.splitlines()[-1].endswith("the same command goes on from there.")


def test_nothing_is_announced_where_the_extra_is_missing(painting, capsys, monkeypatch):
    monkeypatch.setattr(picture_styles.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match="Fitting a style"):
        learn_pictures([str(painting)])
    assert capsys.readouterr() == ("", "")
