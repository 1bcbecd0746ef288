"""What the page paints with: networks, styles, grain, and what is known of them."""

from __future__ import annotations

import json
import logging
from importlib import resources
from pathlib import Path

import numpy as np

from impasto.engines.loading import load_engine
from impasto.errors import StyleError
from impasto.learning.settings import LearnSettings
from impasto.networks.grain import grain_cells
from impasto.studio.choices import offered_options
from impasto.styles.catalogue import STEADY, bundled_names, catalogue_names, load_style
from impasto.styles.style import NETWORK_FILE, PHOTOGRAPH, SUFFIX, Style
from impasto.version import __version__
from impasto.webpage.packing import write_packed

log = logging.getLogger(__name__)

FOLDER = "data"
"""Where the files lie in a site."""
FACTS = f"{FOLDER}/site.json"
"""What is known of the site, which also tells it from any other folder."""
_PREDICTOR = ("predictor.onnx", "predictor.safetensors", "perceptual.safetensors")  # the model, and its weights


def site_styles() -> dict[str, Style]:
    """The styles of a site by name: the user's own first, then the bundled ones; without the photograph.

    A style that brings a network of its own is left out with a warning, as are files that cannot be read.
    """
    network = load_style(PHOTOGRAPH).network
    found = {}
    for name in (*catalogue_names(), *bundled_names()):
        try:
            style = load_style(name)
        except StyleError as error:
            log.warning("%s", error)
            continue
        if style.network != network or style.embedded is not None:
            log.warning("The style %s is left out: it has a network of its own, and the page has one.", name)
        elif name != PHOTOGRAPH:
            found[name] = style
    return found


def write_contents(site: Path, styles: dict[str, Style]) -> None:
    """Write networks, styles, grain and facts into a site."""
    folder = site / FOLDER
    (folder / "styles").mkdir(parents=True)
    for name in (NETWORK_FILE, f"{STEADY}.onnx", *_PREDICTOR):
        write_packed(folder / name, (resources.files("impasto.assets") / name).read_bytes())
    photograph = load_style(PHOTOGRAPH)
    for name, style in {**styles, PHOTOGRAPH: photograph}.items():
        style.save(folder / "styles" / f"{name}{SUFFIX}")
    # Half precision is enough: grain is noise, and differs by a hundred thousandth of white.
    (folder / "grain.f16").write_bytes(
        np.concatenate([cells.ravel() for cells in grain_cells()]).astype("<f2").tobytes()
    )
    engine = load_engine("cpu")
    (site / FACTS).write_text(
        json.dumps(
            {
                "version": __version__,
                "network": {"id": engine.network, "channels": engine.channels, "radius": engine.radius},
                "styleSide": LearnSettings().style_size,
                "options": offered_options(),
                "styles": [_style_facts(name, style) for name, style in styles.items()],
            },
            indent=1,
        ),
        encoding="utf-8",
    )


def _style_facts(name: str, style: Style) -> dict[str, str]:
    """What the page has to know of a style."""
    kind = "bundled" if name in bundled_names() else "own"
    return {"name": name, "title": name.replace("-", " ").replace("_", " "), "kind": kind}
