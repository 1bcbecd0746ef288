import importlib.util
import sys
from pathlib import Path

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
    scale.make_pictures(tmp_path / "in", 3)
    files = sorted((tmp_path / "in").iterdir())
    assert len({file.read_bytes() for file in files}) == 3
    assert 0.24e6 < scale.SIZE[0] * scale.SIZE[1] < 0.26e6
