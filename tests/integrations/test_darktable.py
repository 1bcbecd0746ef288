"""The script for darktable, run by Lua with a stub of darktable."""

import shutil
import subprocess

import pytest
from PIL import Image, ImageOps
from tests.integrations.conftest import INTEGRATIONS, STUBS

LUA = next(filter(None, map(shutil.which, ("lua5.4", "lua5.3", "lua"))), None)
pytestmark = pytest.mark.skipif(LUA is None, reason="there is no Lua here (Debian: apt-get install lua5.4)")


@pytest.fixture
def export(command, tmp_path, small):
    """Exports a picture of a folder with a quote in its name; gives what is said and imported."""
    folder = tmp_path / "it's here"
    folder.mkdir()

    def run(styles="scream:2, udnie"):
        exported = tmp_path / "export $(x).png"
        small.save(exported)
        script = [LUA, "-e", f"package.path = '{STUBS}/?.lua'", str(INTEGRATIONS / "darktable/impasto.lua")]
        call = [*script, str(exported), str(folder), "a photo.NEF", styles]
        lines = subprocess.run(call, capture_output=True, text=True, check=True).stdout.splitlines()
        assert not exported.exists()
        return lines, folder

    return run


def test_the_painting_lies_beside_the_photograph_and_is_imported(export, small, called):
    lines, folder = export()
    assert lines == ["said: Impasto paints 1 of 1", f"imported: {folder}/a photo-impasto.png"]
    assert Image.open(folder / "a photo-impasto.png").tobytes() == ImageOps.flip(small).tobytes()
    assert called()[4:] == ["--quiet", "--strength=1.00", "--style=scream:2", "--style=udnie"]


def test_nothing_is_replaced(export):
    for name in ("a photo-impasto.png", "a photo-impasto-2.png", "a photo-impasto-3.png"):
        lines, folder = export()
        assert lines[-1] == f"imported: {folder}/{name}"


def test_bad_states_get_one_sentence(export, command):
    assert export("nosuch")[0][-1] == "said: Impasto: There is no style nosuch."
    assert export(" ,")[0] == ["said: Impasto: no style is given; name one, for example starry-night."]
    command.unlink()
    lines, folder = export()
    assert lines[-1].startswith("said: Impasto: the command impasto was not found; install it")
    assert list(folder.iterdir()) == []
