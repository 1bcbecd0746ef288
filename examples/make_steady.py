"""Make the steady twin of the package's network, which video is painted with.

python examples/make_steady.py FOLDER

FOLDER is what ``impasto train`` wrote (its ``model``) when it went on from the package's network with the styles at
rest and more weight on equivariance, as ``research/recipes/bundled.toml`` says. Writes
``src/impasto/assets/steady.onnx``. Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from impasto.files import atomic_path
from impasto.networks.files import description, load_bundled, load_folder, onnx_model
from impasto.styles.catalogue import STEADY, steady_network_id

ASSETS = Path(__file__).resolve().parent.parent / "src" / "impasto" / "assets"


def make(folder: Path, target: Path) -> str:
    """Write the twin; returns its id.

    Raises:
        SystemExit: styles were trained as well, so that those of the package are none of this network's.
    """
    network, styles = load_folder(folder)
    _, own = load_bundled()
    for name, vectors in own.items():
        if name not in styles or not all(map(torch.equal, vectors, styles[name])):
            raise SystemExit(f"{name} in {folder} is not as in the package; train with style_learning_rate = 0.")
    identity = steady_network_id()
    with atomic_path(target) as temporary:
        temporary.write_bytes(onnx_model(network, description(network, identity)))
    return identity


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    print(make(parser.parse_args().folder, ASSETS / f"{STEADY}.onnx"))


if __name__ == "__main__":
    main()
