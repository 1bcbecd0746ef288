import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto.version import install_command

from .conftest import check_refusal, process, run


def test_apply_paints_a_picture_in_a_process_of_its_own(folder):
    done = process("apply", folder / "in" / "one.jpg", "--style", "starry-night", "-o", folder / "out.png", "--timing")
    assert done.returncode == 0, done.stderr
    assert b"paint" in done.stdout
    with Image.open(folder / "out.png") as image:
        assert image.size == (96, 64)
        assert "starry-night" in image.info["Software"]


def test_a_folder_is_mirrored_and_one_bad_file_does_not_stop_it(folder, capsys):
    assert run("apply", folder / "in", "--style", "scream", "-o", folder / "out") == 9
    assert (folder / "out" / "one.jpg").exists()
    assert (folder / "out" / "deep" / "two.png").exists()
    said = capsys.readouterr()
    wrong, summed = said.err.splitlines()
    assert wrong.startswith("Error: ")
    assert "bad.jpg" in wrong
    assert summed.startswith("Error: 2 written, 1 failed; put right what failed")
    before = (folder / "out" / "one.jpg").stat().st_mtime_ns
    assert run("apply", folder / "in", "--style", "scream", "-o", folder / "out") == 9
    assert (folder / "out" / "one.jpg").stat().st_mtime_ns == before
    assert "2 skipped" in capsys.readouterr().err


def test_json_is_one_object_a_picture(folder, capsys):
    run("apply", folder / "in", "--style", "scream", "-o", folder / "out", "--json")
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(record["status"] for record in records) == ["failed", "written", "written"]


def test_a_pipe_gives_the_format_that_came_in(folder):
    data = (folder / "in" / "deep" / "two.png").read_bytes()
    done = process("apply", "-", "--style", "great-wave", input=data)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"\x89PNG")


def test_strength_0_keeps_the_pixels(folder):
    source, target = folder / "in" / "deep" / "two.png", folder / "same.png"
    assert run("apply", source, "--style", "scream", "--strength", 0, "-o", target) == 0
    with Image.open(source) as one, Image.open(target) as two:
        assert (np.asarray(one) == np.asarray(two)).all()


def test_watching_paints_what_appears(folder):
    watched = folder / "watched"
    watched.mkdir()
    command = [sys.executable, "-m", "impasto", "apply", "--watch", watched, "--style", "scream", "-o", folder / "done"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as watcher:
        try:
            (watched / "new.jpg").write_bytes((folder / "in" / "one.jpg").read_bytes())
            for _ in range(300):
                if (folder / "done" / "new.jpg").exists():
                    break
                time.sleep(0.1)
        finally:
            watcher.terminate()
    assert (folder / "done" / "new.jpg").exists()


def test_refine_optimises_the_paintings_of_a_folder_and_their_notes_say_so(folder, capsys):
    pytest.importorskip("torch")
    (folder / "in" / "bad.jpg").unlink()
    for more, name in (([], "fast"), (["--refine", "1"], "refined")):
        assert run("apply", folder / "in", "--style", "scream", *more, "-o", folder / name) == 0
    with (
        Image.open(folder / "refined" / "deep" / "two.png") as refined,
        Image.open(folder / "fast/deep/two.png") as fast,
    ):
        assert " refine=1 " in refined.info["Software"]
        assert refined.size == fast.size
        assert np.abs(np.asarray(refined, float) - np.asarray(fast, float)).mean() > 2
    capsys.readouterr()
    assert run("apply", folder / "in", "--style", "scream", "--refine", "1", "-o", folder / "refined") == 0
    assert "2 skipped" in capsys.readouterr().err


def test_refining_without_torch_is_one_sentence_with_the_command_that_brings_it(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "impasto.optimisation.refining", None)
    arguments = ["apply", str(folder / "in" / "one.jpg"), "--style", "scream", "--refine", "9"]
    check_refusal(folder, capsys, arguments, 6, install_command("train"))


def test_a_style_file_cannot_be_refined_and_says_what_to_give(folder, capsys):
    pytest.importorskip("torch")
    impasto.load_style("scream").save(folder / "mine.safetensors")
    arguments = ["apply", str(folder / "in" / "one.jpg"), "--style", str(folder / "mine.safetensors"), "--refine", "9"]
    check_refusal(folder, capsys, arguments, 5, "give the picture that it was learnt from")


def test_apply_needs_no_torch(folder):
    script = (
        "import sys\nsys.modules['torch'] = None\nfrom impasto.cli import main\n"
        f"main(['apply', {str(folder / 'in' / 'one.jpg')!r}, '--style', 'scream', '-o', {str(folder / 'o.png')!r}])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert (folder / "o.png").exists()


def test_apply_imports_no_torch_though_it_is_there(folder):
    script = (
        "import sys\nfrom impasto.engines import loading\nloading._may_have_gpu = lambda: False\n"
        "from impasto.cli import main\ntry:\n"
        f"    main(['apply', {str(folder / 'in' / 'one.jpg')!r}, '--style', 'scream', '-o', {str(folder / 'o.png')!r}])"
        "\nexcept SystemExit as end:\n    print(end.code, 'torch' in sys.modules, 'onnxruntime' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 False True"


def test_patterns_and_several_files_go_into_a_folder(folder):
    source = folder / "in" / "deep" / "two.png"
    assert run("apply", folder / "in" / "o*.jpg", source, "--style", "scream", "-o", folder / "new") == 0
    assert sorted(path.name for path in (folder / "new").iterdir()) == ["one.jpg", "two.png"]


def test_without_output_results_lie_beside_and_a_second_run_skips_them(folder, capsys):
    (folder / "in" / "bad.jpg").unlink()
    assert run("apply", folder / "in", "--style", "scream") == 0
    there = sorted(path.name for path in (folder / "in").rglob("*.*"))
    assert there == ["one-scream.jpg", "one.jpg", "two-scream.png", "two.png"]
    capsys.readouterr()
    assert run("apply", folder / "in", "--style", "scream") == 0
    assert sorted(path.name for path in (folder / "in").rglob("*.*")) == there
    assert "2 skipped" in capsys.readouterr().err


def test_overwrite_paints_again_and_also_in_place(folder, capsys):
    source, target = folder / "in" / "one.jpg", folder / "one.jpg"
    target.write_bytes(b"old")
    assert run("apply", source, "--style", "scream", "-o", folder) == 0
    assert target.read_bytes() == b"old"
    assert capsys.readouterr().out == f"{folder / 'one-2.jpg'}\n"
    assert run("apply", source, "--style", "scream", "-o", folder, "--overwrite") == 0
    assert target.read_bytes() != b"old"
    before = source.read_bytes()
    assert run("apply", source, "--style", "scream", "-o", source, "--overwrite") == 0
    assert source.read_bytes() != before


def test_one_picture_is_never_shown_as_another_run_made_it(folder, capsys):
    source, first = folder / "in" / "one.jpg", folder / "in" / "one-scream.jpg"
    second, third = first.with_name("one-scream-2.jpg"), first.with_name("one-scream-3.jpg")
    for more, path, said in (
        ([], first, ""),
        ([], None, f"{first} was made in the same way and is kept"),
        (["--strength", 0.5], second, f"{first} was made in another way and is kept; --overwrite replaces it.\n"),
        (["--strength", 0.5], None, f"{second} was made in the same way and is kept"),
        ([], None, f"{first} was made in the same way and is kept"),
        (["--strip"], third, f"{first} was made in another way"),
        (["--strength", 0.5, "--overwrite"], first, ""),
    ):
        kept = {other: other.read_bytes() for other in (first, second, third) if other.exists() and other != path}
        assert run("apply", source, "--style", "scream", *more) == 0
        out, err = capsys.readouterr()
        assert (out, said in err) == ("" if path is None else f"{path}\n", True)
        assert {other: other.read_bytes() for other in kept} == kept
    assert not first.with_name("one-scream-4.jpg").exists()


def test_a_result_that_was_named_is_replaced_with_a_word(folder, capsys):
    source, target = folder / "in" / "one.jpg", folder / "o.jpg"
    assert run("apply", source, "--style", "scream", "-o", target) == 0
    assert capsys.readouterr() == (f"{target}\n", "")
    assert run("apply", source, "--style", "udnie", "-o", target) == 0
    assert capsys.readouterr() == (f"{target}\n", f"{target} was there before and is replaced.\n")
    assert run("apply", source, "--style", "udnie", "-o", target, "--json") == 0
    assert json.loads(capsys.readouterr().out)["replaced"]
    assert run("apply", source, "--style", "udnie", "-o", f"{folder}/new/") == 0
    assert (folder / "new" / "one.jpg").exists()


def test_a_folder_run_tells_results_of_other_settings_from_the_same_and_paints_no_results(folder, capsys):
    (folder / "in" / "bad.jpg").unlink()
    assert run("apply", folder / "in", "--style", "scream") == 0
    capsys.readouterr()
    assert run("apply", folder / "in", "--style", "scream", "--strength", 0.5) == 0
    said = capsys.readouterr().err
    assert "one-scream.jpg was made in another way and is kept; --overwrite replaces it." in said
    assert "2 skipped (2 of them made in another way)" in said
    assert run("apply", folder / "in", "--style", "udnie") == 0
    said = capsys.readouterr().err
    assert "one-scream.jpg is itself a result of Impasto's and is skipped; --include-results paints it." in said
    assert "2 written, 2 skipped" in said
    assert run("apply", *(folder / "in").glob("*.jpg"), "--style", "houses") == 0  # as a shell expands a pattern
    there = sorted(path.name for path in (folder / "in").glob("*.*"))
    assert there == ["one-houses.jpg", "one-scream.jpg", "one-udnie.jpg", "one.jpg"]
    assert run("apply", folder / "in" / "one-udnie.jpg", "--style", "scream") == 0  # one that is named is painted
    assert (folder / "in" / "one-udnie-scream.jpg").exists()
    assert run("apply", folder / "in", "--style", "great-wave", "--include-results", "-o", folder / "all") == 0
    assert len(list((folder / "all").rglob("*.*"))) == 8


def test_style_repeated_with_weights_blends(folder):
    source = folder / "in" / "deep" / "two.png"
    pictures = {}
    for name, styles in {
        "one": ["scream"],
        "also": ["scream:5", "udnie:0"],
        "mixed": ["scream:1", "udnie:1"],
        "also mixed": ["udnie:2", "scream:2"],
        "two": ["udnie"],
    }.items():
        arguments = [part for style in styles for part in ("--style", style)]
        assert run("apply", source, *arguments, "-o", folder / f"{name}.png") == 0
        with Image.open(folder / f"{name}.png") as image:
            pictures[name] = np.asarray(image).astype(int)
    assert np.array_equal(pictures["one"], pictures["also"])
    assert np.abs(pictures["mixed"] - pictures["also mixed"]).max() <= 1
    assert np.abs(pictures["mixed"] - pictures["one"]).mean() > 2
    assert np.abs(pictures["mixed"] - pictures["two"]).mean() > 2


def test_options_reach_the_painting(folder):
    source = folder / "in" / "one.jpg"
    options = {"strength": 0.5, "size": 48, "colors": "content", "device": "cpu"}
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    assert run("apply", source, "--style", "scream", *arguments, "-o", folder / "o.png") == 0
    with Image.open(source) as given, Image.open(folder / "o.png") as painted:
        wanted = impasto.stylize(given, "scream", **options)
        assert painted.size == (48, 32)
        assert np.array_equal(np.asarray(painted), np.asarray(wanted))


def test_format_and_quality_and_strip(folder):
    source = folder / "camera.jpg"
    exif = Image.Exif()
    exif[0x010F] = "Camera maker"
    with Image.open(folder / "in" / "one.jpg") as image:
        image.save(source, exif=exif)
    sizes = []
    for quality in (30, 95):
        target = folder / f"{quality}.webp"
        assert run("apply", source, "--style", "scream", "--quality", quality, "-o", target) == 0
        sizes.append(target.stat().st_size)
    assert sizes[0] < sizes[1]
    for more, maker in (((), "Camera maker"), (("--strip",), None)):
        assert run("apply", source, "--style", "scream", "--format", "jpg", "-o", folder / "named", *more) == 0
        with Image.open(folder / "named") as image:
            assert image.format == "JPEG"
            assert image.getexif().get(0x010F) == maker
            assert "style=scream" in image.getexif()[0x0131]


def test_json_and_timing_say_the_seconds(folder, capsys):
    source, target = folder / "in" / "one.jpg", folder / "o.png"
    assert run("apply", source, "--style", "scream", "-o", target, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["input"], record["output"], record["status"]) == (str(source), str(target), "written")
    assert set(record["seconds"]) == {"read", "paint", "write"}
    assert run("apply", source, "--style", "scream", "-o", target, "--timing") == 0
    said, engine = capsys.readouterr()
    assert all(f"{stage} " in said for stage in ("read", "paint", "write"))
    assert "Painted by onnxruntime" in engine
    assert run("apply", source, "--style", "scream", "-o", target, "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_a_pipe_writes_files_and_files_write_to_a_pipe(folder):
    source = folder / "in" / "one.jpg"
    done = process("apply", source, "--style", "scream", "-o", "-", "--format", "png")
    assert done.stdout.startswith(b"\x89PNG"), done.stderr
    done = process("apply", "-", "--style", "scream", "-o", folder / "o.webp", input=source.read_bytes())
    assert done.returncode == 0, done.stderr
    with Image.open(folder / "o.webp") as image:
        assert (image.format, image.size) == ("WEBP", (96, 64))


def test_a_pipe_says_what_was_asked_for(folder):
    source = folder / "in" / "one.jpg"
    done = process("apply", "-", "--style", "scream", "--json", input=source.read_bytes())
    assert done.stdout.startswith(b"\xff\xd8"), done.stderr  # the picture has standard output for itself
    said = json.loads(done.stderr)
    assert (said["input"], said["output"], said["status"]) == ("-", "-", "written")
    assert set(said["seconds"]) == {"read", "paint", "write"}
    target = folder / "o.png"
    done = process("apply", "-", "--style", "scream", "--json", "-o", target, input=source.read_bytes())
    assert json.loads(done.stdout)["output"] == str(target)
    done = process("apply", source, "--style", "scream", "--timing", "-o", "-")
    assert b"paint" in done.stderr
    assert b"paint" not in done.stdout
    done = process("apply", "-", "--style", "scream", "--json", input=b"nothing")
    assert (done.returncode, json.loads(done.stderr)["status"]) == (3, "failed")


def test_masks_and_sizes_of_strokes_from_the_command_line(folder):
    mask = np.zeros((64, 96), np.uint8)
    mask[:, :40] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    photo = np.asarray(Image.open(folder / "in" / "one.jpg"))
    out = folder / "o.png"
    arguments = ["apply", folder / "in" / "one.jpg", "--style", "scream", "-o", out]
    assert run(*arguments, "--mask", folder / "mask.png", "--work-size", 64, "--style-scale", 1.2) == 0
    with Image.open(out) as image:
        painted = np.asarray(image)
        assert "style_scale=1.2 work_size=64" in image.info["Software"]
    assert np.array_equal(painted[:, 41:], photo[:, 41:])
    assert np.abs(painted[:, :40].astype(int) - photo[:, :40]).mean() > 10
    assert run(*arguments, "--style", "udnie", "--mask", f"scream={folder / 'mask.png'}", "--max-memory", "300M") == 0
    with Image.open(out) as image:
        assert not np.array_equal(np.asarray(image)[:, 41:], photo[:, 41:])


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n and no more"])
def test_a_bad_pipe_gets_one_sentence(data, capsysbinary, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert run("apply", "-", "--style", "scream") == 3
    said = capsysbinary.readouterr()
    assert said.out == b""
    assert said.err.startswith(b"Error: ")
    assert said.err.count(b"\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_watching_with_130_and_no_traceback(folder, number):
    (folder / "watched").mkdir()
    command = [sys.executable, "-m", "impasto", "apply", "--watch", folder / "watched", "--style", "scream"]
    command += ["-o", folder / "done"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as watcher:
        assert watcher.stderr.readline().startswith("Watching")
        watcher.send_signal(number)
        said = watcher.stderr.read()
    assert watcher.returncode == 130
    assert "Interrupted." in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["apply", "IN/one.jpg", "--style", "scraem"], 5, "did you mean scream"),
        (["apply", "IN/none.jpg", "--style", "scream"], 3, "none.jpg"),
        (["apply", "IN/bad.jpg", "--style", "scream"], 3, "not a picture"),
        (["apply", "IN/one.jpg", "--style", "scream", "-o", "IN/x.xyz"], 4, "can be written"),
        (["apply", "IN/one.jpg", "--style", "scream", "-o", "IN/one.jpg"], 3, "one of the inputs"),
        (["apply", "IN/one.jpg", "--style", "scream", "--max-pixels", "10"], 3, "10"),
        (["apply", "IN/one.jpg"], 2, "--style"),
        (["apply", "IN/one.jpg", "--style", "scream:0"], 5, "not all 0"),
        (["apply", "IN/none.jpg", "--style", "scream", "-o", "IN/one.jpg"], 3, "does not exist"),
        (["apply", "IN/one.jpg", "--style", "scream", "-o", "IN/x"], 3, "neither a folder nor names a format"),
        (["apply", "IN/one.jpg", "IN/bad.jpg", "--style", "scream", "-o", "IN/x.jpg"], 3, "would be one file"),
        (["apply", "IN/deep", "--style", "scream", "-o", "IN/x.png"], 3, "would be one file"),
        (["apply", "IN/cut.png", "--style", "scream"], 3, "cut.png"),
        (["apply", "IN/*.gif", "--style", "scream"], 3, "Nothing matches"),
        (["apply", "IN/one.jpg", "--style", "scream", "-o", "IN/bad.jpg/x.png"], 4, "a file stands where"),
        (["apply", "IN/one.jpg", "--style", "scream", "-o", "/proc/impasto/x.png"], 4, "/proc/impasto/x.png"),
        (["apply", "IN/one.jpg", "--style", "scream", "-o", "/dev/full", "--format", "png"], 4, "disk is full"),
        (["apply", "IN/one.jpg", "--style", "scream", "--format", "docx"], 4, "docx"),
        (["apply", "IN/one.jpg", "--style", "scream", "--strength", "2"], 3, "from 0 to 1"),
        (["apply", "IN/one.jpg", "--style", "scream", "--strength", "nan"], 3, "out of range"),
        (["apply", "IN/one.jpg", "--style", "scream", "--max-memory", "lots"], 3, "2G or 800M"),
        (["apply", "IN/one.jpg", "--style", "scream", "--max-memory", "10M"], 3, "256M or more"),
        (["apply", "IN/one.jpg", "--style", "scream", "--style-scale", "0"], 3, "from 0.25 to 32"),
        (["apply", "IN/one.jpg", "--style", "scream", "--work-size", "9"], 3, "at least 64"),
        (["apply", "IN/one.jpg", "--style", "scream", "--mask", "IN/none.png"], 3, "none.png"),
        (["apply", "IN/one.jpg", "--style", "scream", "--mask", "wave=IN/one.jpg"], 3, "add --style wave"),
        (["apply", "IN/one.jpg", "--style", "scream", "--mask", "IN/deep/two.png"], 3, "64 x 96 pixels and the"),
        (["apply", "IN/one.jpg", "--style", "scream", "--mask", "IN/m.jpg", "-o", "IN/m.jpg"], 3, "of the inputs"),
        (["apply", "IN/one.jpg", "--style", "udnie", "--mask", "udnie=IN/m.jpg", "-o", "IN/m.jpg"], 3, "of the inputs"),
        (["apply", "-", "--style", "scream", "--mask", "IN/m.jpg", "-o", "IN/m.jpg"], 3, "of the inputs"),
        (["apply", "IN/one.jpg", "--style", "scream", "--quality", "0"], 2, "--quality"),
        (["apply", "IN/one.jpg", "--style", "scream", "--watch", "IN"], 2, "leave one of them out"),
        (["apply", "--style", "scream", "--watch", "IN"], 2, "add -o FOLDER"),
        (["apply", "--style", "scream", "--watch", "IN", "-o", "-"], 2, "add -o FOLDER"),
        (["apply", "--style", "scream", "--watch", "IN/none", "-o", "IN/o"], 3, "no folder"),
        (["apply", "--style", "scream", "--watch", "IN", "-o", "IN/one.jpg"], 3, "is a file"),
        (["apply", "--style", "scream"], 2, "No picture is given"),
        (["apply", "--style", "IN/one.jpg"], 2, "No picture is given"),  # before the style is learnt
        (["apply", "IN", "--style", "scream", "-o", "IN"], 3, "one of the inputs"),
        (["apply", "-", "IN/one.jpg", "--style", "scream"], 2, "stands alone"),
        (["apply", "IN", "--style", "scream", "-o", "-"], 2, "takes one picture"),
        (["apply", "IN/one.jpg", "--style", "scream:-1", "--style", "udnie"], 5, "0 or more"),
        (["apply", "IN/one.jpg", "--style", "scream:nan"], 5, "0 or more"),
        (["apply", "x" * 300 + ".jpg", "--style", "scream"], None, "xxx"),
    ],
)
def test_what_cannot_be_done_gets_one_sentence_and_leaves_nothing(folder, capsys, arguments, status, sentence):
    check_refusal(folder, capsys, arguments, status, sentence)
