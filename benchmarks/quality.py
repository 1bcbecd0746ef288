"""How good the painted pictures are: losses, artefacts, flicker, and what optimising each picture would give.

    python benchmarks/quality.py [--photos DIR] [--paintings DIR] [--network FOLDER] [--features FILE] [--sheet OUT]

Each photograph is painted in each style. The table gives, by style, the mean over the photographs. Further rows are for
comparison: the photographs unchanged, the paintings themselves, and per-picture optimisation.
``--references`` makes the latter anew. Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import artefacts
from impasto import stylize
from impasto.files import atomic_path
from impasto.pictures.conversion import from_array, to_pil
from impasto.pictures.picture import Picture
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import write_picture
from impasto.styles.catalogue import bundled_names, load_style, video_style
from impasto.styles.style import PHOTOGRAPH, Style
from judge import Judge, Painting, digest, equivalent_iterations
from quality_report import IN_VIDEO, WITHOUT, bar, table, write_sheets

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
# Pictures of our own by name: the file, and the box (left, top, right, bottom) of it in pixels, None for all of it.
# Among them are a whole scene, details, much sky, and a picture without texture.
OWN = {
    "harbour": ("harbour.jpg", None),
    "houses": ("harbour.jpg", (0, 290, 640, 717)),
    "mountain": ("harbour.jpg", (0, 0, 768, 512)),
    "penguin": ("penguin.png", None),
}
REFERENCE_STYLES = ("starry-night", "great-wave", "composition-vii", "scream", "stained-glass", "watercolour")
REFERENCE_SIZE = 512  # pixels of the longer side of the references
REFERENCE_PHOTOS = 4  # photographs that the references are made of
NOISE = 0.01  # standard deviation of the noise that flicker is measured with, for colours in [0, 1]
# Columns of the table, in order.
COLUMNS = (
    "content", "style", "total", "iterations",
    "grid 2", "grid 4", "grid 8", "border", "spots", "repeat", "grey", "ramp", "noise", "shift",
)  # fmt: skip


@dataclass(frozen=True)
class Photograph:
    """A picture to paint.

    Attributes:
        name: in tables and names of files.
        hash: names the file's contents and the box that was cut out of it.
        rgb: H x W x 3 in [0, 1].
    """

    name: str
    hash: str
    rgb: np.ndarray


def photographs(folder: Path | None, size: int) -> list[Photograph]:
    """The folder's pictures or our own with the longer side shrunk to a size; smaller ones are left out."""
    found = []
    listed = (
        [(name, EXAMPLES / file, box) for name, (file, box) in OWN.items()]
        if folder is None
        else [(path.stem, path, None) for path in sorted(folder.iterdir()) if path.is_file()]
    )
    for name, path, box in listed:
        image = to_pil(read_picture(path))
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
        flat = flat.crop(box) if box else flat
        if max(flat.size) >= size:
            factor = size / max(flat.size)
            small = flat.resize((round(flat.width * factor), round(flat.height * factor)), Image.Resampling.LANCZOS)
            name_of_part = digest(path.read_bytes() + repr(box).encode())
            found.append(Photograph(name, name_of_part, np.asarray(small, dtype=np.float32) / 255))
    return found


def styles(folder: Path | None) -> dict[str, Style]:
    """The bundled styles, or those of a network that ``impasto train`` wrote (its folder or ``model`` in it)."""
    if folder is None:
        return {name: load_style(name) for name in bundled_names()}
    home = folder / "model" if (folder / "model").is_dir() else folder
    return {path.stem: load_style(path) for path in sorted((home / "styles").glob("*.safetensors"))}


def looks(picture: np.ndarray) -> dict[str, float]:
    """The measures of artefacts of one picture, by column."""
    grids = {f"grid {period}": artefacts.grid(picture, period) for period in artefacts.GRIDS}
    return grids | {
        "border": artefacts.border(picture),
        "spots": artefacts.spots(picture),
        "repeat": artefacts.repetition(picture),
    }


def flicker(paint: Callable[[np.ndarray], np.ndarray], rgb: np.ndarray) -> dict[str, float]:
    """Mean change in levels of a painting under new noise, and under a shift of the frame by one pixel."""
    rng = np.random.default_rng(0)
    noisy = [np.clip(rgb + rng.normal(0, NOISE, rgb.shape), 0, 1).astype(np.float32) for _ in range(2)]
    first, second = (paint(np.ascontiguousarray(part)) for part in (rgb[:-1, :-1], rgb[1:, 1:]))
    return {
        "noise": artefacts.difference(paint(noisy[0]), paint(noisy[1])),
        "shift": artefacts.difference(first[1:, 1:], second[:-1, :-1], margin=16),
    }


def cards(paint: Callable[[np.ndarray], np.ndarray], height: int, width: int) -> dict[str, float]:
    """How rough a painting of a flat grey card is, and one of a smooth gradient, in levels."""
    grey = np.full((height, width, 3), 0.5, np.float32)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    ramp = np.stack([0.25 + 0.5 * x, 0.35 + 0.35 * y, 0.75 - 0.3 * x], axis=2).astype(np.float32)
    return {"grey": artefacts.roughness(paint(grey)), "ramp": artefacts.roughness(paint(ramp))}


def painter(style: Style | None) -> Callable[[np.ndarray], np.ndarray]:
    """A function that paints in a style; without a style, it returns the photograph unchanged."""
    if style is None:
        return lambda rgb: rgb
    return lambda rgb: stylize(rgb, style)


def mean(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each number over the rows that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}


def measure(
    photos: Sequence[Photograph],
    judges: Sequence[Judge],
    paintings: Sequence[Mapping[str, Painting]],
    chosen: Mapping[str, Style],
    kept: Callable[[Photograph, Painting], Mapping[str, Any] | None],
    show: Callable[[str, Photograph, np.ndarray], None],
) -> dict[str, list[dict[str, float]]]:
    """Measure rows of numbers, one for each photograph: by style, and for the unchanged photographs and the paintings.

    Args:
        judges, paintings: the first judge's losses are the columns; those of all go by layer under their names.
        kept: the reference of a photograph and a painting.
        show: called with every painted picture.
    """
    unchanged = {photo.name: looks(photo.rgb) | flicker(painter(None), photo.rgb) for photo in photos}
    result: dict[str, list[dict[str, float]]] = {}
    for name in [name for name in paintings[0] if name in chosen]:
        paint = painter(chosen[name])
        card = cards(paint, *photos[0].rgb.shape[:2])
        for photo in photos:
            painted = paint(photo.rgb)
            show(name, photo, painted)
            kinds: dict[str, tuple[np.ndarray, dict[str, float]]] = {
                name: (painted, looks(painted) | flicker(paint, photo.rgb) | card),
                "photographs unchanged": (photo.rgb, unchanged[photo.name]),
            }
            picture = paintings[0][name].picture
            if picture is not None:
                shape = photo.rgb.shape[1::-1]
                own = Image.fromarray((picture * 255).astype(np.uint8)).resize(shape, Image.Resampling.LANCZOS)
                stretched = np.asarray(own, dtype=np.float32) / 255
                kinds["paintings themselves"] = (stretched, looks(stretched))
            reference = kept(photo, paintings[0][name])
            for kind, (result_picture, row) in kinds.items():
                for number, (judge, targets) in enumerate(zip(judges, paintings, strict=True)):
                    found = judge.measure(result_picture, photo.rgb, targets[name])
                    row = row | {f"{judge.name}: {key}": value for key, value in found.items() if " " in key}
                    row = row | ({key: value for key, value in found.items() if " " not in key} if number == 0 else {})
                if reference and kind == name:
                    row["iterations"], beyond = equivalent_iterations(reference["curve"], row["total"])
                    row["beyond"] = float(beyond)
                result.setdefault(kind, []).append(row | {"photo": photo.name})
            if reference:
                result.setdefault("optimised, same pairs", []).append({**reference["numbers"], "photo": photo.name})
                same = {key: value for key, value in result[name][-1].items() if key not in ("grey", "ramp")}
                result.setdefault("painted, same pairs", []).append(same)
        print(f"\r{name:24}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if PHOTOGRAPH in chosen:
        for photo in photos:
            painted = painter(chosen[PHOTOGRAPH])(photo.rgb)
            row = looks(painted) | {"away from the photograph": artefacts.difference(painted, photo.rgb)}
            result.setdefault(PHOTOGRAPH, []).append(row | {"photo": photo.name})
    return result


def steadiness(
    photos: Sequence[Photograph], judge: Judge, paintings: Mapping[str, Painting], chosen: Mapping[str, Style]
) -> dict[str, float]:
    """Losses and flicker of a network, the mean over styles and photographs."""
    rows = []
    for name in [name for name in paintings if name in chosen]:
        paint = painter(chosen[name])
        for photo in photos:
            found = judge.measure(paint(photo.rgb), photo.rgb, paintings[name])
            rows.append({key: value for key, value in found.items() if " " not in key} | flicker(paint, photo.rgb))
    return mean(rows)


def make_references(judge: Judge, paintings: Mapping[str, Painting], arguments: argparse.Namespace) -> None:
    """Optimise the first photographs in the reference styles and keep curve and numbers, after each pair."""
    iterations = arguments.iterations
    photos = photographs(arguments.photos, REFERENCE_SIZE)[: arguments.pictures]
    kept = [item for item in judge.references().get("pairs", []) if len(item["curve"]) > iterations]
    for photo in photos:
        for name in REFERENCE_STYLES:
            if name not in paintings or find(kept, photo, paintings[name]):
                continue

            def progress(step: int, label: str = f"{photo.name} {name}") -> None:
                print(f"\r{label}: {step}/{iterations}    ", end="", file=sys.stderr, flush=True)

            painted, curve = judge.optimise(photo.rgb, paintings[name], iterations, progress)
            found = judge.measure(painted, photo.rgb, paintings[name])
            numbers = {key: round(value, 5) for key, value in (looks(painted) | found).items() if " relu" not in key}
            numbers |= {f"{judge.name}: {key}": round(value, 5) for key, value in found.items() if " " in key}
            pair = {"photo": photo.name, "photo_hash": photo.hash, "style": name, "style_hash": paintings[name].hash}
            kept.append({**pair, "numbers": numbers, "curve": [float(f"{value:.5g}") for value in curve]})
            judge.keep(pairs=kept)
            if arguments.sheet:
                file = arguments.sheet / f"{photo.name}-{name}-{judge.name}.jpg"
                write_picture(from_array(painted), file)
    print(file=sys.stderr)


def find(pairs: Sequence[Mapping[str, Any]], photo: Photograph, painting: Painting) -> Mapping[str, Any] | None:
    """The reference that was made of this photograph and this painting; ``None`` if there is none."""
    wanted = (photo.hash, painting.name, painting.hash)
    return next((item for item in pairs if (item["photo_hash"], item["style"], item["style_hash"]) == wanted), None)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="The quality of painted pictures.")
    parser.add_argument("--photos", type=Path, help="folder of photographs; default: pictures of our own")
    parser.add_argument(
        "--paintings", type=Path, help="folder of the paintings that research/recipes/bundled.toml names"
    )
    parser.add_argument("--styles", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--network", type=Path, help="a folder that impasto train wrote; default: the bundled network")
    parser.add_argument(
        "--without",
        type=Path,
        metavar="FOLDER",
        help="the same network trained with --equivariance-weight 0, for its flicker",
    )
    parser.add_argument(
        "--features", action="append", metavar="FILE", help="the judge, and more that judge by layer (builtin)"
    )
    parser.add_argument(
        "--size", type=int, action="append", help="longer side; several give a table each (512, and 1024)"
    )
    parser.add_argument("--sheet", type=Path, help="folder for contact sheets, or for the references' pictures")
    parser.add_argument("--json", type=Path, help="write all numbers there")
    parser.add_argument("--references", action="store_true", help="make the per-picture optimisations anew and stop")
    parser.add_argument("--iterations", type=int, default=120, help="of the references")
    parser.add_argument("--pictures", type=int, default=REFERENCE_PHOTOS, help="photographs that the references take")
    arguments = parser.parse_args()
    judges = [Judge(features) for features in arguments.features or ["builtin"]]
    if arguments.references:
        for judge in judges:
            make_references(judge, judge.paintings(arguments.paintings, keep=True), arguments)
        return
    paintings = [judge.paintings(arguments.paintings, only=arguments.styles) for judge in judges]
    if not paintings[0]:
        parser.error("none of these styles has a painting at hand; give --paintings DIR")
    chosen = styles(arguments.network)
    chosen = {name: style for name, style in chosen.items() if not arguments.styles or name in arguments.styles}
    without: dict[str, Style] = {}
    if arguments.without:
        without = {name: style for name, style in styles(arguments.without).items() if name in chosen}
        if len(without) < len(chosen):
            parser.error(f"{arguments.without} lacks some of the styles that it is to be compared in")
    everything: dict[str, Any] = {"judge": judges[0].setting()}
    pairs = judges[0].references().get("pairs", [])
    for size in arguments.size or [512, 1024]:
        photos = photographs(arguments.photos, size)
        if not photos:
            continue
        cells: dict[str, list[tuple[str, Picture]]] = {}

        def show(name: str, photo: Photograph, painted: np.ndarray, cells: Any = cells) -> None:
            cells.setdefault(name, []).append((f"{name}, {photo.name}", from_array(painted)))

        def kept(photo: Photograph, painting: Painting, size: int = size) -> Mapping[str, Any] | None:
            return find(pairs, photo, painting) if size == REFERENCE_SIZE else None

        rows = measure(photos, judges, paintings, chosen, kept, show)
        means = {
            name: mean([{k: v for k, v in row.items() if k != "photo"} for row in found])
            for name, found in rows.items()
        }
        for name in [name for name in means if name in paintings[0]]:
            means[name]["is style"] = 1.0
        means = {"all styles": mean([row for row in means.values() if "is style" in row])} | means
        means["all styles"].pop("is style")
        means = {name: row for name, row in means.items() if "is style" in row} | {
            name: row for name, row in means.items() if "is style" not in row
        }
        means[IN_VIDEO] = steadiness(
            photos, judges[0], paintings[0], {name: video_style(style) for name, style in chosen.items()}
        )
        if without:
            means[WITHOUT] = steadiness(photos, judges[0], paintings[0], without)
        print(
            f"\n{size} px, {len(photos)} photographs ({', '.join(photo.name for photo in photos)}), "
            f"judge: {judges[0].name}"
        )
        print(table(means, COLUMNS))
        print(f"\nby layer, {size} px")
        apart = (PHOTOGRAPH, IN_VIDEO, WITHOUT)
        rest = {name: row for name, row in means.items() if "is style" not in row and name not in apart}
        for judge in judges:
            layers = [f"content {tap}" for tap in judge.settings.content_layers]
            layers += [f"style {tap}" for tap in judge.settings.style_layers]
            named = {
                n: {layer: row[f"{judge.name}: {layer}"] for layer in layers if f"{judge.name}: {layer}" in row}
                for n, row in rest.items()
            }
            print(f"{judge.name}:\n{table(named, layers)}")
        print("\n" + "\n".join(bar(means)), flush=True)
        everything[str(size)] = {"means": means, "rows": rows}
        if arguments.sheet:
            write_sheets(arguments.sheet, size, cells, paintings[0])
    if arguments.json:
        with atomic_path(arguments.json) as temporary:
            temporary.write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
