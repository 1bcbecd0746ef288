"""Ways to install: manual pages, and the container's build steps, which run here without an engine."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import impasto
from impasto.cli import COMMANDS, cli

ROOT = Path(__file__).parents[1]
SOURCE = Path(impasto.__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def steps(name: str) -> list[str]:
    """The arguments of an instruction of the Dockerfile, in order."""
    return re.findall(rf"^{name} (.+)$", DOCKERFILE, re.M)


@pytest.fixture(scope="module")
def manual(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("man")
    call = [sys.executable, ROOT / "scripts/man", folder]
    subprocess.run(call, check=True, env={"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"})
    return folder


def test_there_is_a_manual_page_for_every_command(manual):
    names = {path.name for path in manual.iterdir()}
    assert names >= {"impasto.1", "impasto-styles-list.1", *(f"impasto-{name}.1" for name in COMMANDS)}
    page = (manual / "impasto-apply.1").read_text()
    assert ".B \\-\\-strength NUMBER\n" in page
    assert ".nf\nimpasto apply photo.jpg" in page


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff here")
def test_the_manual_pages_are_set_without_warnings(manual):
    pages = sorted(manual.iterdir())
    call = ["groff", "-man", "-Tutf8", "-ww", "-Kutf8", "-P-cbou", *pages]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "--style-scale NUMBER" in done.stdout.replace("‐", "-").replace("−", "-")


def test_the_manual_without_a_folder_is_refused_in_one_sentence():
    call = [sys.executable, ROOT / "scripts/man"]
    done = subprocess.run(call, capture_output=True, text=True, env={"PYTHONPATH": str(SOURCE)})
    assert done.returncode == 1
    assert done.stderr == "Name the folder for the pages: scripts/man FOLDER\n"


def test_the_container_runs_a_command_that_exists_as_a_user_who_is_not_root():
    command, *arguments = json.loads(steps("CMD")[-1])
    found = cli.get_command(None, command)
    known = {option for parameter in found.params for option in parameter.opts}
    assert {item for item in arguments if item.startswith("--")} <= known
    assert steps("EXPOSE") == [str(next(parameter.default for parameter in found.params if parameter.name == "port"))]
    assert steps("USER") == ["impasto"]
    assert json.loads(steps("HEALTHCHECK")[0].partition("CMD ")[2])[1] in COMMANDS


def context(folder: Path) -> None:
    """Copy what the container's build gets to see."""
    folder.mkdir()
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line.startswith("!"):
            source = ROOT / line[1:]
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / source.name)


@pytest.mark.slow
def test_the_containers_build_steps_make_an_environment_that_works(tmp_path):
    context(tmp_path / "src")
    bin = tmp_path / "opt/bin"
    clean = {**os.environ, "PATH": f"{bin}:{os.environ['PATH']}", "IMPASTO_CACHE": str(tmp_path / "cache")}
    clean.pop("PYTHONPATH", None)
    build = DOCKERFILE.split("\nFROM ")[1]
    runs = re.findall(r"^RUN (.+)$", build, re.M)
    assert len(runs) == 2
    for step in runs:
        here = step.replace("/opt/impasto", str(tmp_path / "opt")).replace('"/src', f'"{tmp_path}/src')
        subprocess.run(["sh", "-euc", here], check=True, cwd=tmp_path, env=clean)
    subprocess.run([bin / "impasto", "doctor"], check=True, env=clean, cwd=tmp_path)
    command = [bin / "impasto", *json.loads(steps("CMD")[-1])]
    refused = subprocess.run(command, env=clean, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert "set a password in IMPASTO_STUDIO_PASSWORD" in refused.stderr
    packages = "import fastapi, uvicorn, multipart, av, cv2"
    subprocess.run([bin / "python3", "-c", packages], check=True, env=clean, cwd=tmp_path)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    """The program in its folder, made once."""
    pytest.importorskip("PyInstaller", reason="PyInstaller is not installed")
    folder = tmp_path_factory.mktemp("bundle")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(SOURCE), *filter(None, sys.path)])}
    subprocess.run([sys.executable, ROOT / "scripts/bundle", folder], check=True, env=environment, timeout=1800)
    return folder / "impasto" / "impasto"


@pytest.mark.slow
def test_the_folder_for_people_without_python_paints(bundle, tmp_path):
    bare = {"PATH": "/nowhere", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    photo = tmp_path / "photo.jpg"
    shutil.copy(ROOT / "examples/harbour.jpg", photo)

    def run(*arguments: object) -> str:
        done = subprocess.run([bundle, *map(str, arguments)], env=bare, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert impasto.__version__ in run("--version")
    run("apply", photo, "--style", "scream", "--size", 256, "-o", "painted.png")
    with Image.open(tmp_path / "painted.png") as painted:
        assert max(painted.size) == 256
    (tmp_path / "many").mkdir()
    for number in range(3):
        shutil.copy(photo, tmp_path / "many" / f"{number}.jpg")
    run("apply", "many", "--style", "scream", "--size", 128, "--on", "local", "--processes", 2, "-o", "done")
    assert len(list((tmp_path / "done").glob("*.jpg"))) == 3
    assert "starry-night" in run("styles", "list")


def test_the_folder_for_people_without_python_needs_a_name():
    done = subprocess.run([sys.executable, ROOT / "scripts/bundle"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "Name the folder for the program: scripts/bundle FOLDER\n")
