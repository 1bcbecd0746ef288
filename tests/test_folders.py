from pathlib import Path

import platformdirs
import pytest
from platformdirs import windows
from platformdirs.macos import MacOS
from platformdirs.unix import Unix
from platformdirs.windows import Windows

from impasto.folders import cache_folder, catalogue_folder

VARIABLES = ("IMPASTO_CACHE", "IMPASTO_STYLES", "XDG_CACHE_HOME", "XDG_DATA_HOME")


@pytest.fixture
def system(monkeypatch, tmp_path):
    """A function that lets this machine look like one with another system, and none of the variables set."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(windows, "get_win_folder", lambda name: str(tmp_path / name))
    return lambda kind: monkeypatch.setattr(platformdirs, "PlatformDirs", kind)


def test_the_folders_are_those_of_the_system(system, tmp_path):
    system(Unix)
    assert cache_folder() == tmp_path / ".cache" / "impasto"
    assert catalogue_folder() == tmp_path / ".local" / "share" / "impasto" / "styles"
    system(MacOS)
    assert cache_folder() == tmp_path / "Library" / "Caches" / "impasto"
    assert catalogue_folder() == tmp_path / "Library" / "Application Support" / "impasto" / "styles"
    system(Windows)  # whose file names are the same in capitals: earlier versions wrote "cache"
    local = tmp_path / "CSIDL_LOCAL_APPDATA"
    assert Path(str(cache_folder()).lower()) == Path(str(local / "impasto" / "cache").lower())
    assert catalogue_folder() == local / "impasto" / "styles"


@pytest.mark.parametrize("kind", [Unix, MacOS, Windows])
def test_a_variable_of_our_own_goes_before_xdg_and_that_before_the_system(system, monkeypatch, tmp_path, kind):
    system(kind)
    usual = cache_folder(), catalogue_folder()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert cache_folder() == tmp_path / "xdg" / "impasto"
    assert catalogue_folder() == tmp_path / "data" / "impasto" / "styles"
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("IMPASTO_STYLES", "~/styles")
    assert cache_folder() == tmp_path / "cache"
    assert catalogue_folder() == tmp_path / "styles"
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
    assert (cache_folder(), catalogue_folder()) == usual


@pytest.mark.parametrize("kind", [Unix, MacOS, Windows])
def test_a_relative_path_of_xdg_is_ignored(system, monkeypatch, kind):
    system(kind)
    usual = cache_folder(), catalogue_folder()
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert (cache_folder(), catalogue_folder()) == usual
    assert all(folder.is_absolute() for folder in usual)
