from types import SimpleNamespace

import pytest

from impasto.cli import progress
from impasto.cli.progress import (
    counting_bar,
    duration,
    learning_bar,
    optimisation_bar,
    pictures_bar,
    training_bar,
    video_bar,
)

LEARNING = SimpleNamespace(stage="network", step=3, share=0.5, losses={"content": 1.0, "style": 0.25, "total": 4.0})
TRAINING = SimpleNamespace(step=7, share=0.25, losses={"content": 1.5})
OPTIMISATION = SimpleNamespace(share=0.5, size=(48, 32), iteration=2, iterations=4, loss=0.125, seconds_left=125)


@pytest.fixture
def terminal(monkeypatch):
    """Standard error as a terminal of 120 columns."""
    monkeypatch.setattr(progress, "_has_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")


BARS = [
    (lambda hidden: pictures_bar(2, hidden=hidden), (), "Painting"),
    (lambda hidden: optimisation_bar(hidden=hidden), (OPTIMISATION,), "2/4  loss 0.1250  2 min 05 s left"),
    (lambda hidden: learning_bar("mine", hidden=hidden), (LEARNING,), "mine: fitting the network"),
    (lambda hidden: learning_bar("mine", hidden=hidden), (LEARNING,), "content 1.000  style 0.250"),
    (lambda hidden: training_bar(5, hidden=hidden), (TRAINING,), "step 7"),
    (lambda hidden: counting_bar("Distilling", 10, hidden=hidden), (5,), "50%"),
    (lambda hidden: counting_bar("Packing", hidden=hidden), (1, 4), "25%"),
]


@pytest.mark.parametrize(("bar", "call", "text"), BARS, ids=[text for _, _, text in BARS])
def test_a_bar_shows_what_it_is_given_on_standard_error(terminal, capsys, bar, call, text):
    with bar(False) as show:
        show(*call)
    said = capsys.readouterr()
    assert text in said.err
    assert said.out == ""


@pytest.mark.parametrize(("bar", "call", "text"), BARS, ids=[text for _, _, text in BARS])
def test_a_hidden_bar_takes_the_same_calls_and_shows_nothing(terminal, capsys, bar, call, text):
    with bar(True) as show:
        show(*call)
    assert capsys.readouterr() == ("", "")


def test_a_video_s_bar_is_there_where_there_is_a_terminal(capsys, terminal):
    with video_bar(hidden=False) as show:
        show(1, 4)
    assert "1/4" in capsys.readouterr().err
    with video_bar(hidden=True) as show:
        assert show is None


def test_without_a_terminal_pictures_and_iterations_have_no_bar(capsys):
    with pictures_bar(2, hidden=False) as advance, optimisation_bar(hidden=False) as show:
        advance()
        show(OPTIMISATION)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (125, "2 min 05 s")])
def test_durations_are_written_for_people(seconds, text):
    assert duration(seconds) == text
