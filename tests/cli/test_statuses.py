"""The exit statuses of docs/guide.md, tried."""

import re
from pathlib import Path

import pytest

from impasto import errors
from impasto.cli import apply

from .conftest import run

GUIDE = Path(__file__).parents[2] / "docs" / "guide.md"
STATUSES = {
    int(row[1]): row[2]
    for row in re.finditer(r"^\| (\d+) \| (.+) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
}


def test_every_error_s_status_is_in_the_guide():
    raised = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert {kind.exit_status for kind in raised} | {0, 2, 130} == set(STATUSES)


@pytest.mark.parametrize(
    ("status", "word", "arguments"),
    [
        (0, "done", "apply IN/one.jpg --style scream -o OUT.jpg"),
        (2, "command line is wrong", "apply IN/one.jpg --frob"),
        (2, "command line is wrong", "aply"),
        (2, "missing argument", "apply"),
        (3, "picture", "apply IN/none.jpg --style scream"),
        (3, "out of range", "apply IN/one.jpg --style scream --strength 2"),
        (4, "written", "apply IN/one.jpg --style scream -o OUT.docx"),
        (5, "unknown style", "apply IN/one.jpg --style scraem"),
        (8, "training cannot start", "train IN/none.jpg --photos IN -o OUT"),
        (9, "some pictures", "apply IN --style scream -o OUT"),
    ],
)
def test_an_exit_status_is_what_the_guide_says(folder, status, word, arguments):
    assert word in STATUSES[status]
    inside = arguments.replace("IN", str(folder / "in")).replace("OUT", str(folder / "out"))
    assert run(*inside.split()) == status


def test_weights_that_cannot_be_downloaded_have_a_status_of_their_own(folder, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    monkeypatch.setenv("IMPASTO_CACHE", str(folder / "cache"))
    picture = folder / "in" / "one.jpg"
    assert run("paint", picture, "--style", picture, "--features", "vgg19", "-o", folder / "out.png") == 7
    assert "downloaded" in STATUSES[7]


@pytest.mark.parametrize(
    ("raised", "status"),
    [(KeyboardInterrupt(), 130), (errors.MissingExtraError("It", "train"), 6), (errors.ImpastoError("Odd."), 1)],
)
def test_ctrl_c_and_a_missing_package_have_statuses_of_their_own(folder, monkeypatch, raised, status):
    def fails(*_, **__):
        raise raised

    monkeypatch.setattr(apply, "learn_pictures", fails)
    assert run("apply", folder / "in" / "one.jpg", "--style", "scream") == status
    assert status in STATUSES
