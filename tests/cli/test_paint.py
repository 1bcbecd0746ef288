import io
import json
import re
import subprocess
import sys
from contextlib import nullcontext

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")

from impasto.cli import main, paint, paint_run, sweep

QUICK = ["--iterations", "2", "--scales", "1"]


@pytest.fixture
def folder(tmp_path, small, monkeypatch):
    small.save(tmp_path / "photo.png")
    noise = np.random.default_rng(0).integers(0, 255, (160, 150, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "waves.png")
    mask = Image.new("L", small.size)
    mask.paste(255, (0, 0, 24, 32))
    mask.save(tmp_path / "mask.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["paint", *arguments])
    return ended.value.code


def test_end_to_end_in_a_process_of_its_own(folder):
    done = subprocess.run(
        [sys.executable, "-m", "impasto", "paint", "photo.png", "--style", "waves.png", *QUICK],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "photo-waves.png"
    assert re.search(r"About [1-9]\d* s and \d{3} MB\.", done.stderr)
    assert (folder / "photo-waves.png.state").exists()


def test_steps_strip_log_and_losses(folder, capsys):
    code = run("photo.png", "--style", "waves.png", "-o", "out/p.jpg", "--iterations", "4", "--scales", "1",
               "--save-every", "2", "--preview-every", "1", "--steps-strip", "--print-every", "2",
               "--log", "out/log.jsonl", "--no-state")  # fmt: skip
    assert code == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "log.jsonl", "p-0002.jpg", "p-0004.jpg", "p-steps.png", "p.jpg",
    ]  # fmt: skip
    lines = [json.loads(line) for line in (folder / "out" / "log.jsonl").read_text().splitlines()]
    assert [line["iteration"] for line in lines] == [1, 2, 3, 4]
    assert {"loss", "content", "style", "style/relu1_1", "seconds"} <= set(lines[0])
    assert "4: " in capsys.readouterr().err


def test_resume_of_a_finished_run(folder, capsys):
    assert run("photo.png", "--style", "waves.png", "-o", "p.png", *QUICK) == 0
    before = (folder / "p.png").read_bytes()
    more = ["--iterations", "20", "--scales", "1"]
    assert run("photo.png", "--style", "waves.png", "-o", "p.png", *more, "--resume") == 0
    assert (folder / "p.png").read_bytes() != before
    said = capsys.readouterr().err
    assert "in the last ten iterations" in said
    assert run("photo.png", "--style", "waves.png", "-o", "new.png", "--resume") == 3


def test_pipes(folder, capsysbinary, monkeypatch):
    def piped(*arguments):
        encoded = io.BytesIO()
        Image.open("photo.png").save(encoded, "JPEG")
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(encoded.getvalue())))
        code = run(*arguments, "--style", "waves.png", *QUICK)
        return code, capsysbinary.readouterr()

    for arguments in (["-"], ["-", "-o", "-", "--json"], ["-", "--sweep", "seed=1,2"]):
        code, said = piped(*arguments)
        assert code == 0
        with Image.open(io.BytesIO(said.out)) as image:
            assert image.format == ("PNG" if "--sweep" in arguments else "JPEG")
        assert (b'"output": "-"' in said.err) == ("--json" in arguments)
    assert piped("-", "-o", "p.png")[0] == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "mask.png", "p.png", "p.png.state", "photo.png", "waves.png",
    ]  # fmt: skip
    assert piped("photo.png", "-o", "-", "--resume")[0] == 2
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    assert run("-", "--style", "waves.png") == 3


def test_resumed_runs_add_to_the_steps_and_the_log(folder, caplog):
    common = ["photo.png", "--style", "waves.png", "-o", "p.png", *QUICK, "--save-every", "1", "--log", "log.jsonl"]
    assert run(*common, "--steps-strip") == 0
    first = (folder / "p-0001.png").read_bytes()
    assert run(*common, "--steps-strip", "--resume", "--style-weight", "60") == 0
    assert "begins afresh" in caplog.text
    assert (folder / "p-0001.png").read_bytes() == first
    assert sorted(path.name for path in folder.glob("p-0*")) == [f"p-000{n}.png" for n in (1, 2, 3, 4)]
    lines = [json.loads(line)["iteration"] for line in (folder / "log.jsonl").read_text().splitlines()]
    assert lines == [1, 2, 3, 4]


def test_sweep_writes_one_labelled_sheet(folder):
    assert run("photo.png", "--style", "waves.png", "-o", "s.png", *QUICK, "--sweep", "content-weight=1,5,20") == 0
    with Image.open("s.png") as sheet:
        assert sheet.height < 2 * 48 < 3 * 48 < sheet.width  # three in a row
    assert run("photo.png", "--style", "waves.png", "-o", "s.png", "--iterations", "0", "--sweep", "seed=1,2") == 0
    assert run("photo.png", "--style", "waves.png", "-o", "s.png", "--sweep", "colors=1,2") == 2
    assert run("photo.png", "--style", "waves.png", "-o", "s.png", "--sweep", "max-memory=1,2") == 2
    assert run("photo.png", "--style", "waves.png", "-o", "s.png", "--sweep", "content-weight=") == 2
    assert run("photo.png", "--style", "waves.png", "-o", "s.png", "--sweep", "size=32", "--steps-strip") == 2
    assert run("photo.png", "--style", "waves.png", "-o", "s.png", "--sweep", "seed=a,b") == 2
    twice = ["--sweep", "seed=1,2", "--sweep", "tv-weight=1,2"]
    assert run("photo.png", "--style", "waves.png", "-o", "s.png", *twice) == 2


def test_an_interrupted_sweep_says_how_far_it_came(folder, capsys, monkeypatch):
    calls = iter(range(9))

    def stop_in_the_second_value(_progress):
        if next(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(sweep, "optimisation_bar", lambda hidden: nullcontext(stop_in_the_second_value))
    assert run("photo.png", "--style", "waves.png", "-o", "s.png", *QUICK, "--sweep", "seed=1,2,3") == 130
    assert "Interrupted: 2 of 3 values are on the sheet, the last" in capsys.readouterr().err
    assert (folder / "s.png").exists()


def test_a_sweep_whose_value_fails_keeps_those_before_it(folder, capsys):
    arguments = ["photo.png", "--style", "waves.png", *QUICK, "--max-memory", "1G"]
    assert run(*arguments, "-o", "s.png", "--sweep", "style-size=64,15360,65") == 3
    said = capsys.readouterr().err
    assert "1 of 3 values are on the sheet." in said
    assert "Interrupted" not in said
    assert "15360 pixels by --style-size 15360, takes at least" in said
    with Image.open("s.png") as sheet:
        assert sheet.width < 2 * 48
    assert run(*arguments, "-o", "none.png", "--sweep", "style-size=15360,64") == 3
    assert "on the sheet" not in capsys.readouterr().err
    assert not (folder / "none.png").exists()


def test_masks_blends_and_every_other_option(folder):
    assert run("photo.png", "--style", "waves.png:2", "-o", "p.png", *QUICK, "--mask", "waves.png=mask.png",
               "--style-scale", "0.5", "--tv-weight", "1", "--init", "noise", "--seed", "3", "--optimizer", "adam",
               "--average", "0", "--learning-rate", "0.1", "--pooling", "average", "--normalize-gradients",
               "--style-loss", "mean", "--loss", "smooth-l1", "--colors", "match", "--stop-tolerance", "0.001",
               "--dream", "relu3_1:0.1", "--max-memory", "2G", "--content-layers", "relu3_1,relu4_1:2",
               "--style-layers", "relu1_1:1,relu4_1:2", "--size", "40", "--quiet") == 0  # fmt: skip
    with Image.open("p.png") as image:
        assert image.size == (40, 26)


def test_a_state_that_cannot_be_written_does_not_cost_the_picture(folder, capsys, monkeypatch):
    monkeypatch.setattr(paint_run, "SAVE_STATE_EVERY", 0.0)
    (folder / "p.png.state").mkdir()
    arguments = ["photo.png", "--style", "waves.png", "-o", "p.png", "--iterations", "3", "--scales", "1"]
    assert run(*arguments) == 4  # the state was to be kept
    said = capsys.readouterr().err
    assert said.count("Warning: p.png.state cannot be written") == 1
    assert (folder / "p.png").exists()


def test_a_strip_of_no_steps_is_left_out_and_the_state_is_kept(folder):
    arguments = ["photo.png", "--style", "waves.png", "-o", "p.png", "--steps-strip", "--iterations", "0"]
    assert run(*arguments) == 0
    assert sorted(path.name for path in folder.glob("p.*")) == ["p.png", "p.png.state"]
    assert not (folder / "p-steps.png").exists()


def test_an_interrupted_strip_that_cannot_be_written_leaves_the_state(folder, monkeypatch):
    def stop(_progress):
        raise KeyboardInterrupt

    monkeypatch.setattr(paint, "optimisation_bar", lambda hidden: nullcontext(stop))
    (folder / "p-steps.png").mkdir()
    assert run("photo.png", "--style", "waves.png", "-o", "p.png", "--steps-strip", *QUICK) == 4
    assert (folder / "p.png").exists()
    assert (folder / "p.png.state").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["photo.png"], 2, "--style painting.jpg"),
        (["photo.png", "--style", "photograph"], 3, "impasto apply --style photograph"),
        (["photo.png", "--style", "waves.png:abc"], 3, "The weight 'abc' of waves.png is no number"),
        (["photo.png", "--style", "waves.png:0"], 3, "weights of all styles are 0"),
        (["nowhere.png", "--style", "waves.png"], 3, "nowhere.png does not exist"),
        (["photo.png", "--style", "nowhere.jpg"], 3, "nowhere.jpg does not exist"),
        (["photo.png", "--style", "waves.png", "--style-layers", "relu1_11"], 3, "did you mean relu1_1?"),
        (["photo.png", "--style", "waves.png", "--max-memory", "much"], 3, "no amount of memory"),
        (["photo.png", "--style", "waves.png", "--mask", "mask.png"], 2, "STYLE=FILE"),
        (["photo.png", "--style", "waves.png", *(2 * ["--mask", "waves=mask.png"])], 3, "two masks for waves"),
        (["photo.png", "--style", "waves.png", "--style-weight", "0", "--content-weight", "0"], 3, "All weights are 0"),
        (["photo.png", "--style", "waves.png", "-o", "photo.png"], 3, "one of the inputs"),
        (
            ["photo.png", "--style", "waves.png", "--mask", "waves=mask.png", "-o", "mask.png"],
            3,
            "mask.png is one of the inputs",
        ),
        (["photo.png", "--style", "waves.png", "--init", "mask.png", "-o", "mask.png"], 3, "one of the inputs"),
        (["photo.png", "--style", "waves.png", "-o", "p.xyz"], 4, "no format"),
    ],
)
def test_bad_input(folder, capsys, arguments, code, said):
    assert run(*arguments) == code
    assert said in capsys.readouterr().err


def test_what_has_the_usual_name_is_kept_and_a_result_of_the_same_settings_is_not_made_again(folder, capsys):
    (folder / "photo-waves.png").write_bytes(b"mine")
    command = ["photo.png", "--style", "waves.png", *QUICK]
    assert run(*command) == 0
    said = capsys.readouterr()
    assert said.out == "photo-waves-2.png\n"
    assert "photo-waves.png was made in another way and is kept" in said.err
    before = (folder / "photo-waves-2.png").read_bytes()
    assert run(*command) == 0
    assert "photo-waves-2.png was made in the same way and is kept" in capsys.readouterr().err
    assert run(*command, "--resume") == 0
    assert capsys.readouterr().out == "photo-waves-2.png\n"
    assert (folder / "photo-waves-2.png").read_bytes() != before
    assert run(*command, "--seed", "3", "--sweep", "style-weight=1") == 0
    assert capsys.readouterr().out == "photo-waves-3.png\n"
    assert (folder / "photo-waves.png").read_bytes() == b"mine"
    assert run(*command, "--overwrite") == 0
    assert (folder / "photo-waves.png").read_bytes() != b"mine"
    assert run(*command, "-o", "photo-waves.png") == 0
    assert "photo-waves.png was there before and is replaced." in capsys.readouterr().err


def test_a_style_picture_with_a_weight_is_not_painted_over(folder, capsys):
    before = (folder / "waves.png").read_bytes()
    assert run("photo.png", "--style", "waves.png:2", "-o", "waves.png") == 3
    assert "one of the inputs" in capsys.readouterr().err
    assert (folder / "waves.png").read_bytes() == before
