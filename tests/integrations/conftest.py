"""Stubs of the programs, since none of them is needed to test what stands in ``integrations/``."""

import importlib.util
import sys
from pathlib import Path

import PIL
import pytest

INTEGRATIONS = Path(__file__).parents[2] / "integrations"
STUBS = Path(__file__).parent / "stubs"


@pytest.fixture
def load(monkeypatch):
    """Import a file of ``integrations/`` as the program would, with the stubs on ``sys.path``."""
    monkeypatch.syspath_prepend(str(STUBS))
    loaded = set(sys.modules)

    def import_file(path, name):
        file = INTEGRATIONS / path
        folders = [str(file.parent)] if file.name == "__init__.py" else None
        spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=folders)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    yield import_file
    for name in set(sys.modules) - loaded:
        if str(getattr(sys.modules[name], "__file__", None)).startswith((str(STUBS), str(INTEGRATIONS))):
            del sys.modules[name]


@pytest.fixture
def command(tmp_path, monkeypatch):
    """A pretended ``impasto``, which turns pictures upside down, knows no style nosuch, and keeps its arguments."""
    path = tmp_path / "bin" / "impasto"
    path.parent.mkdir()
    path.write_text(
        f"""#!{sys.executable} -S
import sys
sys.path.insert(0, {str(Path(PIL.__file__).parents[1])!r})
from PIL import Image, ImageOps
open({str(tmp_path / "called")!r}, "w").write("\\n".join(sys.argv[1:]))
if "--style=nosuch" in sys.argv:
    sys.exit("Loading.\\nThere is no style nosuch.")
ImageOps.flip(Image.open(sys.argv[2])).save(sys.argv[4])
"""
    )
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    for name in ("IMPASTO_COMMAND", "IMPASTO_STUDIO", "IMPASTO_STUDIO_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return path


@pytest.fixture
def called(command, tmp_path):
    """Reads the arguments of the last call."""
    return lambda: (tmp_path / "called").read_text().splitlines()
