import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

# By its path: the folder of the tests of the room has the same name.
SPEC = importlib.util.spec_from_file_location(
    "benchmark_of_scale", Path(__file__).parents[2] / "benchmarks" / "scale.py"
)
scale = sys.modules[SPEC.name] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(scale)


def test_the_bill_of_a_billion_pictures_is_reckoned_from_the_time_of_one():
    row = scale.bill(1e9, 0.13, price=0.02, shard=5000, machines=100, cores=16)
    assert row == "| 1e+09 | 36,111 | 22.6 | 722 | 200,000 | 600,000 | 1,000,000 |"


def test_pictures_are_of_a_quarter_of_a_megapixel_and_different(tmp_path):
    scale.make_pictures(tmp_path / "in", 60, 3)  # the numbers go on where the round before ended
    files = sorted((tmp_path / "in").iterdir())
    assert len({file.read_bytes() for file in files}) == 3
    assert 0.24e6 < scale.SIZE[0] * scale.SIZE[1] < 0.26e6


def test_rounds_add_up_in_the_log_and_those_that_were_disturbed_are_left_out(tmp_path, capsys):
    rows = iter([(10.0, 0.1), (30.0, 0.6), (14.0, 0.3)])

    def paint(folder, turn):
        rate, others = next(rows)
        about = {"wall": 5.0, "cpu": 5.0, "memory": 10**8, "pictures": 60, "first": 0.5}
        one, two = ({**about, "rate": rate * n, "others": others} for n in (1, 2))
        assert turn == len(scale.read_log(log, "pictures"))
        return {"--on local --processes 1": one, "--on local --processes 2": two}

    log = tmp_path / "log.jsonl"
    scale.add_rounds(log, "pictures", 2, paint)
    scale.add_rounds(log, "pictures", 1, paint)
    scale.print_pictures(scale.read_log(log, "pictures"))
    said = capsys.readouterr().out
    assert "180 pictures of 0.25 megapixels in 3 rounds" in said
    assert "| `--on local --processes 1` | 2 | 0.5 s | 5.0 s | 12.0 | 83 | 100 MB |" in said
    assert "| `--on local --processes 2` over `--on local --processes 1` | 2.00 | 2.00 2.00 |" in said


def test_frames_after_a_seam_are_compared_with_those_of_one_run():
    one = np.zeros((30, 2, 2, 3), np.uint8)
    warm = one.copy()
    warm[12], warm[13] = 6, 8
    assert scale.seam_row("scream", one, warm, 5.0) == "| scream | 12 | 6.00 | 8.00 | 0.00 | 0.0, 6.0 |"
    with pytest.raises(SystemExit, match="no take that is long enough"):
        scale.seam_row("scream", one, one, 5.0)
