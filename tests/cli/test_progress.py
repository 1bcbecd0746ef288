import re
from types import SimpleNamespace

import pytest

from impasto.cli import progress
from impasto.cli.progress import (
    PicturesBar,
    counting_bar,
    duration,
    learning_bar,
    optimisation_bar,
    training_bar,
    video_bar,
)

LEARNING = SimpleNamespace(stage="network", step=3, share=0.5, losses={"content": 1.0, "style": 0.25, "total": 4.0})
TRAINING = SimpleNamespace(step=7, share=0.25, losses={"content": 1.5})
OPTIMISATION = SimpleNamespace(share=0.5, size=(48, 32), iteration=2, iterations=4, loss=0.125)


@pytest.fixture
def terminal(monkeypatch):
    """Standard error as a terminal of 120 columns."""
    monkeypatch.setattr(progress, "_has_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets, in seconds."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock.now)
    return clock


BARS = [
    (lambda hidden: optimisation_bar(hidden=hidden), (OPTIMISATION,), "2/4  loss 0.1250"),
    (lambda hidden: optimisation_bar(hidden=hidden), (OPTIMISATION,), "Painting at 48 x 32"),
    (lambda hidden: learning_bar("mine", hidden=hidden), (LEARNING,), "mine: fitting the network"),
    (lambda hidden: learning_bar("mine", hidden=hidden), (LEARNING,), "content 1.000  style 0.250"),
    (lambda hidden: training_bar(5, hidden=hidden), (TRAINING,), "step 7"),
    (lambda hidden: counting_bar("Distilling", 10, hidden=hidden), (5,), "5/10"),
    (lambda hidden: counting_bar("Packing", hidden=hidden), (1, 4), "1/4"),
    (lambda hidden: video_bar(hidden=hidden), (1, 4), "1/4"),
]


@pytest.mark.parametrize(("bar", "call", "text"), BARS, ids=[text for _, _, text in BARS])
def test_a_bar_shows_what_it_is_given_on_standard_error(terminal, capsys, bar, call, text):
    with bar(False) as show:
        show(*call)
    said = capsys.readouterr()
    assert text in said.err
    assert said.out == ""


@pytest.mark.parametrize(("bar", "call", "text"), BARS[:-1], ids=[text for _, _, text in BARS[:-1]])
def test_a_hidden_bar_takes_the_same_calls_and_shows_nothing(terminal, capsys, bar, call, text):
    with bar(True) as show:
        show(*call)
    assert capsys.readouterr() == ("", "")


def test_where_nothing_is_shown_a_video_s_frames_are_not_counted():
    with video_bar(hidden=True) as show:
        assert show is None


def test_what_is_short_says_nothing_without_a_terminal(capsys, clock):
    with PicturesBar(2, hidden=False) as bar, optimisation_bar(hidden=False) as show:
        bar.advance()
        show(OPTIMISATION)
        clock.now += 14
        show(OPTIMISATION)
    assert capsys.readouterr().err == ""


def test_without_a_terminal_there_is_a_plain_line_at_each_tenth_and_not_more_often_than_every_15_seconds(capsys, clock):
    with learning_bar("mine.jpg", hidden=False) as show:
        for step in range(1, 101):
            clock.now += 6
            show(SimpleNamespace(stage="style", step=step, share=step / 100, losses={}))
    lines = capsys.readouterr().err.splitlines()
    assert [re.search(r"(\d+)%", line)[1] for line in lines] == [str(share) for share in range(10, 101, 10)]
    assert lines[0] == "mine.jpg: learning: 10%  step 10"
    assert lines[1] == "mine.jpg: learning: 20%  step 20  at most 8 min 00 s left"
    assert lines[-1] == "mine.jpg: learning: 100%  step 100"


def test_no_time_is_told_before_a_tenth_is_done(terminal, capsys, clock):
    with optimisation_bar(hidden=False) as show:
        for share in (0.01, 0.09):
            clock.now += 1
            show(SimpleNamespace(**{**vars(OPTIMISATION), "share": share}))
    assert "left" not in capsys.readouterr().err
    with optimisation_bar(hidden=False) as show:
        clock.now += 30
        show(SimpleNamespace(**{**vars(OPTIMISATION), "share": 0.25}))
    assert "about 1 min 30 s left" in capsys.readouterr().err


def test_frames_of_an_earlier_run_tell_nothing_of_the_speed(capsys, clock):
    with video_bar(hidden=False) as show:
        show(800, 1000)
        clock.now += 20
        show(900, 1000)
    assert capsys.readouterr().err == "Painting: 90%  900/1000  5.0 frames/s  about 20 s left\n"


def test_a_video_of_unknown_length_counts_its_frames(capsys, clock):
    with video_bar(hidden=False) as show:
        show(0, 0)
        clock.now += 20
        show(100, 0)
    assert capsys.readouterr().err == "Painting: 100/?  5.0 frames/s\n"


def test_pictures_that_are_skipped_tell_nothing_of_the_speed(capsys, clock):
    with PicturesBar(10, hidden=False) as bar:
        for _ in range(6):
            bar.advance(skipped=True)
        clock.now += 20
        bar.advance()
    assert capsys.readouterr().err == "Painting: 70%  7/10  about 1 min 00 s left\n"


def test_one_large_picture_has_a_bar_with_its_tiles_as_steps(terminal, monkeypatch, capsys, clock):
    monkeypatch.setenv("FORCE_COLOR", "1")  # a bar that vanishes is not shown at all where rich sees no terminal
    with PicturesBar(1, hidden=False) as bar:
        bar.within(0, 48_000_000)
        clock.now += 10
        bar.within(12_000_000, 48_000_000)
    said = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", capsys.readouterr().err)
    assert "25%" in said
    assert "about 30 s left" in said


@pytest.mark.parametrize("hidden", [False, True])
def test_one_small_picture_has_no_bar(terminal, capsys, hidden):
    with PicturesBar(1, hidden=hidden) as bar:
        bar.within(0, 48_000_000 if hidden else 2_000_000)
        bar.advance()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (60, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3599.6, "1 h 00 min"),
        (7380, "2 h 03 min"),
    ],
)
def test_durations_are_written_for_people(seconds, text):
    assert duration(seconds) == text
