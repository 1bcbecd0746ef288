"""Average networks that were trained from the same weights: the mean of two is often better than either.

python examples/average_networks.py FOLDER[:WEIGHT] FOLDER[:WEIGHT] ... -o OUT

FOLDER is what ``impasto train`` wrote (its ``model``), or ``src/impasto/assets`` for the bundled network. OUT gets
network and styles, laid out alike; what is known of the styles comes from the first folder. (Wortsman et al. 2022,
arXiv 2203.05482; what it brought here: docs/training.md.) Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import torch

from impasto.styles import load_style, parse
from impasto.training.export import export, load_folder


@torch.no_grad()
def average(folders: list[tuple[Path, float]], target: Path) -> str:
    """Write the weighted mean and return its id."""
    total = sum(weight for _, weight in folders)
    read = [(*load_folder(folder), weight / total) for folder, weight in folders]
    network = copy.deepcopy(read[0][0])
    network.load_state_dict({
        name: sum(share * other.state_dict()[name] for other, _, share in read) for name in network.state_dict()
    })  # fmt: skip
    styles = {
        name: (
            torch.stack([share * known[name][0] for _, known, share in read]).sum(dim=0),
            torch.stack([share * known[name][1] for _, known, share in read]).sum(dim=0),
        )
        for name in read[0][1]
    }
    about = {name: load_style(folders[0][0] / "styles" / f"{name}.safetensors").metadata for name in styles}
    return export(network, styles, target, about)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", metavar="FOLDER[:WEIGHT]")
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    parsed = [parse(text) for text in given.folders]
    print(average([(Path(name), weight) for name, weight in parsed], given.output))


if __name__ == "__main__":
    main()
