"""Pictures that several tests paint."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import impasto  # noqa: F401  (it prepares the environment, before any test loads torch or onnxruntime)

EXAMPLES = Path(__file__).parents[1] / "examples"
# Folders of tests in the order in which they run: from the rooms that need nothing up to those that need all others.
# Tests directly under tests/ come first.
ORDER = (
    *(
        "media",
        "pictures",
        "flow",
        "styles",
        "networks",
        "engines",
        "training",
        "learning",
        "feedforward",
        "optimisation",
    ),
    *("video", "motion", "webcam", "scale", "cli", "benchmarks", "studio", "webpage"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put cheap tests first, so that a mistake shows early; tests of a folder stay in their order."""
    items.sort(key=lambda item: ORDER.index(item.path.parent.name) if item.path.parent.name in ORDER else -1)


def made_up() -> Image.Image:
    """As smooth as a sky and as rough as grass."""
    y, x = np.mgrid[0:128, 0:192]
    sky = np.stack([90 + y * 0.9, 130 + x * 0.4, 220 - y * 0.8], axis=2)
    grass = np.random.default_rng(1).normal(0, 30, (128, 192, 1)) * (y > 80)[..., None]
    return Image.fromarray(np.clip(sky + grass, 0, 255).astype(np.uint8))


@pytest.fixture(scope="session")
def playwright():
    """Playwright, of which a process can run one only; a test is skipped where it or Chromium is missing."""
    if not Path("/usr/bin/chromium").exists():
        pytest.skip("there is no chromium here (Debian: apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as driver:
        yield driver


@pytest.fixture(autouse=True)
def own_catalogue(tmp_path_factory, monkeypatch) -> Path:
    """An empty catalogue of styles and an empty cache instead of the user's, which holds what doctor measured."""
    folder = tmp_path_factory.mktemp("catalogue")
    monkeypatch.setenv("IMPASTO_STYLES", str(folder))
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path_factory.mktemp("cache")))
    return folder


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """A photograph, 192 x 128."""
    if not (EXAMPLES / "harbour.jpg").exists():
        return made_up()
    with Image.open(EXAMPLES / "harbour.jpg") as image:
        return image.convert("RGB").resize((192, 128))


@pytest.fixture(scope="session")
def small(photo) -> Image.Image:
    """The photograph, 48 x 32."""
    return photo.resize((48, 32))


@pytest.fixture(scope="session")
def cutout(photo) -> Image.Image:
    """The photograph in a round hole, 96 x 64, half transparent at its rim."""
    image = photo.resize((96, 64))
    y, x = np.mgrid[-1:1:64j, -1:1:96j]
    image.putalpha(Image.fromarray(np.uint8(np.clip(3 * (0.9 - np.hypot(x, y)), 0, 1) * 255)))
    return image
