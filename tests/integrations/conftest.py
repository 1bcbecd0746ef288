"""Stubs of the programs, since none of them is needed to test what stands in ``integrations/``."""

import importlib.util
import sys
from pathlib import Path

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
