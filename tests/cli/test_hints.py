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
