"""The folder of the cache, by the environment and the platform."""

import sys
from pathlib import Path

from impasto.networks.weights import cache_dir


def test_precedence_of_the_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_dir() == tmp_path / "cache"
    monkeypatch.delenv("IMPASTO_CACHE")
    assert cache_dir() == tmp_path / "xdg" / "impasto"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    home = cache_dir()
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_dir() == home
    if sys.platform == "linux":
        assert home == tmp_path / "home" / ".cache" / "impasto"


def test_folders_of_the_platforms(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for name in ("IMPASTO_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_dir() == tmp_path / "Library" / "Caches" / "impasto"
    monkeypatch.setattr(sys, "platform", "win32")
    assert cache_dir() == tmp_path / "AppData" / "Local" / "impasto" / "cache"
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache_dir() == tmp_path / "local" / "impasto" / "cache"
