import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.cli import COMMANDS, main

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def folder(tmp_path):
    """Two pictures, one in a sub-folder, and a file that is none."""
    inside = tmp_path / "in"
    (inside / "deep").mkdir(parents=True)
    with Image.open(EXAMPLES / "harbour.jpg") as image:
        image.resize((96, 64)).save(inside / "one.jpg")
        image.resize((64, 96)).save(inside / "deep" / "two.png")
    (inside / "bad.jpg").write_bytes(b"not a picture")
    return tmp_path


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def process(*arguments: object, **options: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "impasto", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, **options)


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
    assert said.err.count("Error:") == 1
    assert "bad.jpg" in said.err
    assert "2 written, 1 failed" in said.err
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


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["apply", "IN/one.jpg", "--style", "scraem"], 5, "did you mean scream"),
        (["apply", "IN/none.jpg", "--style", "scream"], 3, "none.jpg"),
        (["apply", "IN/bad.jpg", "--style", "scream"], 3, "not a picture"),
        (["apply", "IN/one.jpg", "--style", "IN/deep/two.png"], 5, "impasto train"),
        (["apply", "IN/one.jpg", "--style", "scream", "-o", "IN/x.xyz"], 4, "can be written"),
        (["apply", "IN/one.jpg", "--style", "scream", "-o", "IN/one.jpg"], 3, "the picture itself"),
        (["apply", "IN/one.jpg", "--style", "scream", "--max-pixels", "10"], 3, "10"),
        (["apply", "IN/one.jpg"], 2, "--style"),
        (["aply"], 2, "did you mean apply"),
        (["apply", "IN/one.jpg", "--style", "scream:0"], 5, "not all 0"),
    ],
)
def test_bad_input_gets_one_sentence_and_leaves_nothing(folder, capsys, arguments, status, sentence):
    before = sorted(folder.rglob("*"))
    assert run(*(argument.replace("IN", str(folder / "in")) for argument in arguments)) == status
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert sorted(folder.rglob("*")) == before


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


def test_styles_are_listed_shown_and_previewed(folder, capsys):
    assert run("styles", "list", "--json") == 0
    names = [style["name"] for style in json.loads(capsys.readouterr().out)]
    assert len(names) == 15
    assert {"starry-night", "scream", "photograph"} <= set(names)
    assert run("styles", "show", "scream") == 0
    assert "Edvard Munch" in capsys.readouterr().out
    assert run("styles", "preview", folder / "in" / "one.jpg", "-o", folder / "sheet.png", "--tile", 48) == 0
    with Image.open(folder / "sheet.png") as sheet:
        assert sheet.width >= 4 * 48


def test_doctor_finds_a_working_engine(capsys):
    assert run("doctor", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["works"] is True
    assert "starry-night" in facts["styles"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    assert run(command, "--help") == 0
    assert "Usage: impasto" in capsys.readouterr().out


def test_help_is_quick_and_imports_nothing_heavy():
    watched = "numpy", "onnxruntime", "torch", "PIL"
    script = (
        "import sys\nfrom impasto.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n"
        f"    print([name for name in {watched} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    times = []
    for _ in range(5):
        started = time.perf_counter()
        process("--help")
        times.append(time.perf_counter() - started)
    assert min(times) < 0.3


def test_apply_needs_no_torch(folder):
    script = (
        "import sys\nsys.modules['torch'] = None\nfrom impasto.cli import main\n"
        f"main(['apply', {str(folder / 'in' / 'one.jpg')!r}, '--style', 'scream', '-o', {str(folder / 'o.png')!r}])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert (folder / "o.png").exists()
