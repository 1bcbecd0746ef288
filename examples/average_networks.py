"""Average networks that were trained from the same weights: the mean of two is often better than either.

python examples/average_networks.py FOLDER[:WEIGHT] FOLDER[:WEIGHT] ... -o OUT

FOLDER is what ``impasto train`` wrote (its ``model``), or ``src/impasto/assets`` for the bundled network. OUT gets
network and styles, laid out in the same way; what is known of the styles comes from the first folder. Source: Wortsman
et al. 2022, arXiv 2203.05482; research/README.md says what it brought here. Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from impasto.networks.files import load_folder, save_folder
from impasto.styles.blending import parse_style
from impasto.styles.catalogue import load_style


def average(folders: list[tuple[Path, float]], target: Path) -> str:
    """Write the weighted mean of networks and of their styles, and return the id of the mean network."""
    total = sum(weight for _, weight in folders)
    shares = [weight / total for _, weight in folders]
    networks, styles = zip(*(load_folder(folder) for folder, _ in folders), strict=True)

    def mean(tensors: Iterable[Tensor]) -> Tensor:
        return torch.stack([share * tensor for share, tensor in zip(shares, tensors, strict=True)]).sum(dim=0)

    states = [network.state_dict() for network in networks]
    networks[0].load_state_dict({name: mean(state[name] for state in states) for name in states[0]})
    mixed = {
        name: (mean(known[name][0] for known in styles), mean(known[name][1] for known in styles)) for name in styles[0]
    }
    about = {name: load_style(folders[0][0] / "styles" / f"{name}.safetensors").metadata for name in mixed}
    return save_folder(networks[0], mixed, target, about)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", metavar="FOLDER[:WEIGHT]")
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    parsed = [parse_style(text) for text in given.folders]
    print(average([(Path(name), weight) for name, weight in parsed], given.output))


if __name__ == "__main__":
    main()
