"""The package is typed for those who use it: a script with every public function passes ``mypy --strict``."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import impasto

SAMPLE = """
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import impasto
from impasto import flow

pil: Image.Image = Image.new("RGB", (8, 8))
array: NDArray[np.uint8] = np.zeros((8, 8, 3), np.uint8)
floats: NDArray[np.float32] = np.zeros((2, 8, 8, 3), np.float32)


def frames() -> Iterator[Image.Image]:
    yield pil


def shown(done: int, total: int) -> None:
    print(done, total)


path: Path = impasto.stylize("photo.jpg", "scream", output="painted.jpg", strength=0.5, colors="content")
path = impasto.stylize(Path("photo.jpg"), ["scream:2", "udnie"], max_memory="2G", progress=shown)
data: bytes = impasto.stylize(b"...", {"scream": 2, "udnie": 1}, size=512)
data = impasto.stylize(BytesIO(b"..."), [("scream", 2), ("udnie", 1)])
image: Image.Image = impasto.stylize(pil, impasto.load_style("scream"), mask="mask.png")
image = impasto.stylize(pil, pil, masks={"scream": array})
painted: NDArray[np.uint8] = impasto.stylize(array, array)
several: NDArray[np.float32] = impasto.stylize(floats, "scream", device="cpu")
listed: list[object] = impasto.stylize([pil, array, "photo.jpg"], "scream", progress=shown)
listed = impasto.stylize(frames(), "scream")

options = impasto.Options(strength=0.5, style_scale=2, grain=0)
painter = impasto.Painter("scream", options)
painter = impasto.Painter({"scream": 1, "udnie": 2}, strength=0.5, for_video=True)
first = painter.paint(pil)
second = painter.paint(array, first.statistics, measured_share=0.1)
print(second.picture.rgb.shape, painter.style.name, painter.describe())

path = impasto.paint("photo.jpg", "painting.jpg", output="painted.jpg", iterations=50, style_loss="gram", resume=True)
image = impasto.paint(pil, [(pil, 2), "painting.jpg"], size=512, content_layers=["relu4_1"])
painted = impasto.paint(array, pil, optimizer="adam", colors="match-before", init="noise")
data = impasto.paint(b"...", {"painting.jpg": 2}, max_memory="4G", features=Path("vgg.pth"))
recipe = impasto.Recipe(size=512, style_weight=20)
print(recipe.describe())

style: impasto.Style = impasto.learn_style("painting.jpg", "mine.safetensors", name="mine", steps=100, style_scale=2)
style = impasto.learn_style([pil, array, Path("painting.jpg")], metadata={"artist": "Me"}, scales=(1, 2))
style = impasto.learn_style("painting.jpg", effort="quick")
style.save(Path("mine.safetensors"))
style = impasto.load_style(Path("mine.safetensors"))
facts: list[impasto.StyleFacts] = impasto.list_styles()
print([(known.name, known.artist, known.origin, known.learnt_from) for known in facts])

worker = impasto.scale.Worker("scream", strength=0.5, style_effort="draft")

report = impasto.stylize_video(
    "clip.mp4", {"scream": 1}, output="painted.mp4", style_at={4.5: "udnie"}, stabilize="flow", strength=0.5, size=640
)
print(report.output, report.frames, report.notices)

moved = impasto.stylize_motion("walk.bvh", {"old.bvh": 2}, output="out.bvh", strength=0.5, parts=["arms"], fps=60)
moved = impasto.stylize_motion(moved.clip, ["legs=old.bvh:2", Path("a.bvh")], neutral="walk.bvh", mapping={"hips": "A"})
moved = impasto.stylize_motion("dance.bvh", music="track.wav", preview="out.mp4", progress=shown)
print(moved.output, moved.methods, moved.notices, moved.hits_before, moved.hits_after, moved.clip.frames)
heard, rate = impasto.stylize_sound("speech.wav", ["rain.flac:2", Path("bell.flac")], method="colour", strength=0.5)
heard, rate = impasto.stylize_sound((heard, rate), {"rain.flac": 2}, style_from=3, style_to=8.5, pitch="on")
written = impasto.stylize_sound(Path("song.mp3"), (heard, 44100), output="rainy.wav", bits="24", rhythm=0.5, seed=3)
print(written.output, written.seconds, written.notices)

back = flow.compute(array, array, method="dis")
sure = flow.consistency(back, back)
flow.write_flo(back, "back.flo")
print(flow.read_flo("back.flo").shape, sure.shape, flow.warp(floats[0], back).shape, impasto.__version__)

try:
    impasto.stylize("photo.jpg", "scream")
except (impasto.InputError, impasto.OutOfMemoryError, impasto.OutputError, impasto.StyleError) as error:
    print(error.exit_status)
except (impasto.MissingExtraError, impasto.DownloadError, impasto.TrainingError) as error:
    print(error)
except (impasto.PartialError, impasto.TruncatedError) as error:
    print(error)
except impasto.ImpastoError as error:
    print(error)
"""
# Calls that a type checker refuses, so that an editor marks them.
WRONG = [
    'impasto.stylize("photo.jpg", "scream", strenght=0.5)',
    'impasto.stylize("photo.jpg", "scream", strength="1")',
    'impasto.stylize("photo.jpg", "scream", colors="contents")',
    'impasto.paint("photo.jpg", "painting.jpg", iterations="many")',
    'impasto.learn_style("painting.jpg", step=3)',
    'impasto.stylize_video("clip.mp4", "scream", style_scal=2)',
    'impasto.Painter("scream", strenght=2)',
    'impasto.stylize_sound("song.mp3", "rain.flac", method="remix")',
    'impasto.Options(strength="1")',
]


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> list[str]:
    """What ``mypy --strict`` says of the two scripts, in one run; the package's own modules are checked elsewhere."""
    pytest.importorskip("mypy", reason="mypy is not installed")
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "right.py").write_text(SAMPLE)
    (folder / "wrong.py").write_text("\n".join(["import impasto", "", *WRONG, ""]))
    # torch is large, and no type of the public functions comes from it.
    (folder / "mypy.ini").write_text("[mypy]\nfollow_imports = silent\n[mypy-torch.*]\nfollow_imports = skip\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "right.py", "wrong.py"]
    source = Path(impasto.__file__).parents[1]  # the type checker finds what is installed by itself, and insists on it
    where = {} if source.name == "site-packages" else {"MYPYPATH": str(source)}
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, **where})
    assert not run.stderr, run.stderr
    return run.stdout.splitlines()


def test_the_sample_uses_every_public_name():
    nodes = ast.walk(ast.parse(SAMPLE))
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "impasto"}
    assert {*impasto.__all__} - used == {"flow"}  # which is imported by its name


def test_a_script_with_every_public_function_passes_the_strict_check(said):
    assert [line for line in said if line.startswith("right.py")] == []


def test_wrong_options_are_marked_before_anything_runs(said):
    lines = {int(line.split(":")[1]) for line in said if line.startswith("wrong.py") and ": error:" in line}
    assert lines == set(range(3, 3 + len(WRONG))), "\n".join(said)
