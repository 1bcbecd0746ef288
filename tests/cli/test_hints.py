import re

import pytest

from impasto.cli.hints import full_command, is_still_picture, is_video

from .conftest import run


def refused(capsys, *arguments):
    """What is said of a command line that is wrong: one line, and one on the help at most."""
    assert run(*arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    first, *others = said.err.splitlines()
    assert first.startswith("Error: ")
    assert all(line.startswith("All options: impasto") for line in others)
    return first


@pytest.mark.parametrize(
    ("arguments", "suggested"),
    [
        ("photo.jpg", "impasto apply photo.jpg --style starry-night"),
        ("photo.HEIC --style scream -o x.jpg", "impasto apply photo.HEIC --style scream -o x.jpg"),
        (".", "impasto apply . --style starry-night"),
        ("clip.mp4 --size 640", "impasto video clip.mp4 --size 640 --style starry-night"),
        ("apply photo.jpg", "impasto apply photo.jpg --style starry-night"),
        ("apply a.jpg b.jpg -o out", "impasto apply a.jpg b.jpg -o out --style starry-night"),
        ("apply", "impasto apply photo.jpg --style starry-night"),
        ("apply x.mp4", "impasto video x.mp4 --style starry-night"),
        ("apply x.mov --style scream -o y.mov", "impasto video x.mov --style scream -o y.mov"),
        ("video photo.jpg", "impasto apply photo.jpg --style starry-night"),
        ("video photo.jpg --style scream", "impasto apply photo.jpg --style scream"),
        ("video x.mp4", "impasto video x.mp4 --style starry-night"),
        ("paint photo.jpg", "impasto paint photo.jpg --style painting.jpg"),
        ("paint x.mp4 --style a.jpg", "impasto video x.mp4 --style a.jpg"),
        ("webcam", "impasto webcam --style starry-night"),
    ],
)
def test_the_full_command_is_suggested(arguments, suggested, capsys):
    said = refused(capsys, *arguments.split())
    assert said.removesuffix(" (impasto styles list shows all styles)").endswith(f": {suggested}")


def test_a_name_with_spaces_is_quoted_so_that_the_suggestion_can_be_pasted():
    assert full_command("apply", ["my photo.jpg"]) == "impasto apply 'my photo.jpg' --style starry-night"


def test_what_a_file_holds_counts_more_than_its_suffix(tmp_path, photo):
    photo.save(tmp_path / "x.mp4", "WEBP")
    (tmp_path / "y.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(52))
    assert not is_video(tmp_path / "x.mp4")
    assert is_video(tmp_path / "y.mp4")
    assert is_video("none.MKV")


def test_a_picture_that_may_move_may_be_a_video():
    assert is_still_picture("a.jpg")
    assert is_still_picture("a.HEIC")
    assert not any(map(is_still_picture, ("a.png", "a.gif", "a.webp", "a.avif", "a.mp4", "a")))


def test_one_video_among_pictures_does_not_stop_them(folder, capsys):
    (folder / "x.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(52))
    paths = folder / "x.mp4", folder / "in" / "one.jpg"
    assert run("apply", *paths, "--style", "scream", "-o", folder / "out") == 9
    assert (folder / "out" / "one.jpg").exists()
    assert "x.mp4 is a video" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("apply photo.jpg scream", "try: impasto apply photo.jpg --style scream"),
        ("photo.jpg scream", "to paint it: impasto apply photo.jpg --style scream"),
        ("--style scream photo.jpg", "Options follow the command: impasto apply --style scream photo.jpg"),
        ("--size 9 video a.mp4", "Options follow the command: impasto video --size 9 a.mp4"),
        ("--frob", "No such option '--frob'"),
        ("apply a.jpg --style scream --strength 70%", "'70%' is no number"),
        ("apply a.jpg --style scream --size 4x3", "'4x3' is no whole number"),
        ("apply a.jpg --style scream --quality 200", "200 is out of range; give 1 to 100"),
        ("webcam --style scream --width 3", "3 is out of range; give 16 or more"),
        ("video a.mp4 --style scream --fps 0", "0.0 is out of range; give more than 0, up to 1000"),
        ("apply a.jpg --style", "'--style' needs a value"),
        ("completion", "Choose from: bash, zsh, fish"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words_on_one_line(arguments, sentence, capsys):
    assert sentence in refused(capsys, *arguments.split())


@pytest.mark.parametrize(
    "command",
    ["learn", "train", "distill", "flow compute", "flow consistency", "dataset pack", "dataset info"]
    + [f"styles {name}" for name in ("add", "remove", "show", "preview")],
)
def test_where_something_is_missing_there_is_an_example(command, capsys):
    assert re.search(rf"is missing; for example: impasto {command} \S+", refused(capsys, *command.split()))


def test_words_that_no_file_can_be_named_after_are_no_files(capsys):
    assert "There is no command" in refused(capsys, "x" * 5000)
    assert "No style is given" in refused(capsys, "apply", "x" * 5000)
