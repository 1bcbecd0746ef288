import shutil
import subprocess
import sys

import numpy as np
import pytest
from tests.cli.conftest import process, run

av = pytest.importorskip("av")


def test_frames_go_through_a_pipe(photo):
    frame = np.asarray(photo.resize((64, 48)))
    painted = process("video", "-", "-o", "-", "--raw", "rgb24:64x48", "--style", "scream", input=frame.tobytes() * 3)
    assert painted.returncode == 0, painted.stderr
    assert len(painted.stdout) == 3 * frame.size


def test_frames_that_are_cut_off_are_a_status_and_a_sentence(photo):
    frame = np.asarray(photo.resize((64, 48))).tobytes()
    cut = process("video", "-", "-o", "-", "--raw", "rgb24:64x48", "--style", "scream", "-q", input=frame + frame[:99])
    assert (cut.returncode, len(cut.stdout)) == (10, len(frame))
    assert b"the 1 before it are painted and written" in cut.stderr


def test_ffmpeg_reads_and_writes_the_pipe(photo, tmp_path):
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("there is no ffmpeg here (Debian: apt-get install ffmpeg)")
    photo.save(tmp_path / "photo.png")
    making = [ffmpeg, "-v", "error", "-loop", "1", "-i", tmp_path / "photo.png", "-frames:v", "4"]
    source = subprocess.run(
        [*making, "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "-"], capture_output=True, check=True
    )
    painting = [sys.executable, "-m", "impasto", "video", "-", "-o", "-", "--raw", "y4m", "--style", "scream", "-q"]
    painted = subprocess.run(painting, input=source.stdout, capture_output=True, check=True)
    out = tmp_path / "out.mkv"
    subprocess.run([ffmpeg, "-v", "error", "-f", "yuv4mpegpipe", "-i", "-", out], input=painted.stdout, check=True)
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-", "-o", "-"], "Frames on standard streams need their form"),
        (["clip.mp4", "-o", "-", "--raw", "y4m"], "--raw is for standard streams"),
        (["-", "-o", "-", "--raw", "y4m", "--codec", "h264"], "--codec does nothing to raw frames"),
        (["-", "-o", "-", "--raw", "mjpeg"], "Raw frames are y4m, or rgb24 with their size"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(capsys, arguments, sentence):
    assert run("video", *arguments, "--style", "scream") > 0
    assert sentence in capsys.readouterr().err
