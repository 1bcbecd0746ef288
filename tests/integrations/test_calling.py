"""How the plug-ins for GIMP, Krita and Blender call Impasto: by its command, or a studio that runs."""

import re
import sys
from pathlib import Path

import pytest
from PIL import Image
from tests.integrations.conftest import INTEGRATIONS
from tests.studio.conftest import server  # noqa: F401

import impasto

FILES = ["gimp/impasto/impasto.py", "krita/impasto_krita/__init__.py", "blender/impasto_render.py"]


def test_the_three_files_call_it_by_the_same_lines():
    parts = [re.search(r"^# --- How .*^# --- End", (INTEGRATIONS / file).read_text(), re.M | re.S)[0] for file in FILES]
    assert len(set(parts)) == 1


@pytest.fixture
def client(load, command):
    return load(FILES[0], "impasto_gimp")


@pytest.fixture
def paint(client, small, tmp_path):
    """Paints a small picture; gives its painting."""
    small.save(tmp_path / "in.png")

    def painted(styles="scream", strength=1.0):
        client.paint(str(tmp_path / "in.png"), str(tmp_path / "out.png"), styles, strength)
        return Image.open(tmp_path / "out.png")

    return painted


def test_the_real_command_paints(client, paint, small, tmp_path, monkeypatch):
    real = tmp_path / "real"
    source = Path(impasto.__file__).parents[1]
    real.write_text(f'#!/bin/sh\nPYTHONPATH={source} exec {sys.executable} -m impasto "$@"\n')
    real.chmod(0o755)
    monkeypatch.setenv("IMPASTO_COMMAND", str(real))
    monkeypatch.setenv("PYTHONHOME", "/nowhere")  # as a program with a Python of its own has it
    assert (
        paint("scream:2, udnie", 0.5).tobytes() == impasto.stylize(small, ["scream:2", "udnie"], strength=0.5).tobytes()
    )
    with pytest.raises(client.PaintingError, match="nosuch"):
        paint("nosuch")


def test_a_studio_that_runs_paints_the_same(client, paint, small, server, monkeypatch):  # noqa: F811
    monkeypatch.setenv("IMPASTO_STUDIO", server.url)
    assert (
        paint("scream:2, udnie", 0.5).tobytes() == impasto.stylize(small, ["scream:2", "udnie"], strength=0.5).tobytes()
    )
    with pytest.raises(client.PaintingError, match="nosuch"):
        paint("nosuch")


def test_without_impasto_it_says_how_to_have_it(client, paint, command, monkeypatch):
    command.unlink()
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(client, "STUDIO", "http://127.0.0.1:9")
    with pytest.raises(client.PaintingError, match="Impasto was not found: install it, name its command"):
        paint()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "nonsense"])
def test_a_studio_that_is_not_there_is_said(client, paint, address, monkeypatch):
    monkeypatch.setenv("IMPASTO_STUDIO", address)
    with pytest.raises(client.PaintingError, match=f"There is no studio at {address}: start impasto studio"):
        paint()


def test_a_command_that_cannot_be_run_is_said(client, paint, tmp_path, monkeypatch):
    monkeypatch.setenv("IMPASTO_COMMAND", str(tmp_path))
    with pytest.raises(client.PaintingError, match=r"cannot be run: Permission denied\.$"):
        paint()
