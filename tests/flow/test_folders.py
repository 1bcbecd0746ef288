import numpy as np
import pytest
from PIL import Image

from impasto.cli import main
from impasto.flow.files import read_flo


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def test_the_command_writes_what_the_script_of_artistic_videos_wrote(tmp_path, moving, caplog):
    for number, frame in enumerate(moving, 3):
        Image.fromarray(frame).save(tmp_path / f"frame_{number:04}.ppm")
    out = tmp_path / "flow"
    assert run("flow", "compute", tmp_path / "frame_%04d.ppm", "-o", out, "--step", 2, "-q") == 0
    names = {p.name for p in out.iterdir()}
    assert names == {
        f"{kind}_{a}_{b}.{suffix}"
        for i, j in ((3, 5), (4, 6))
        for kind, a, b, suffix in (
            ("forward", i, j, "flo"), ("backward", j, i, "flo"), ("reliable", i, j, "pgm"), ("reliable", j, i, "pgm")
        )
    }  # fmt: skip
    np.testing.assert_allclose(np.median(read_flo(out / "forward_3_5.flo"), axis=(0, 1)), (4, 2), atol=0.2)
    kept = (out / "forward_3_5.flo").stat().st_mtime_ns
    assert run("flow", "compute", tmp_path / "frame_%04d.ppm", "-o", out, "--step", 2, "-q") == 0
    assert (out / "forward_3_5.flo").stat().st_mtime_ns == kept
    assert caplog.text.count("forward_3_5.flo exists and is kept, as others may be; --overwrite") == 1
    assert run("flow", "compute", tmp_path / "frame_%04d.ppm", "-o", out, "--step", 2, "-q", "--overwrite") == 0
    assert (out / "forward_3_5.flo").stat().st_mtime_ns != kept
    single = tmp_path / "one.pgm"
    assert run("flow", "consistency", out / "backward_5_3.flo", out / "forward_3_5.flo", "-o", single) == 0
    assert single.read_bytes() == (out / "reliable_5_3.pgm").read_bytes()
    assert run("flow", "compute", tmp_path / "frame_%04d.ppm", "-o", out, "--step", 9, "-q") == 2
    assert run("flow", "consistency", single, single, "-o", tmp_path / "no.pgm") == 3
