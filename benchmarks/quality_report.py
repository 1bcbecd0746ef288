"""What ``quality.py`` prints and writes of its numbers: tables, the bar of quality, contact sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from impasto.pictures.contact_sheet import contact_sheet
from impasto.pictures.decoding import from_pil
from impasto.pictures.picture import Picture
from impasto.pictures.writing import write_picture
from judge import Painting

IN_VIDEO = "all styles, in video"  # the row of the network that paints video
WITHOUT = "without equivariance"  # the row of a network that was trained without that term
# By artefact, how much the paintings' number may exceed the unchanged photographs' own one.
MARGINS = {"grid 2": 0.5, "grid 4": 0.5, "grid 8": 1.0, "border": 0.3, "spots": 3.0}


def table(rows: Mapping[str, Mapping[str, float]], columns: Sequence[str]) -> str:
    """Aligned columns for a terminal; what a row does not have stays empty."""
    lines = [" " * 22 + "".join(f"{name:>{max(8, len(name) + 2)}}" for name in columns)]
    for name, row in rows.items():
        cells = []
        for column in columns:
            text = f"{row[column] if row[column] >= 1e-3 else 0:.3g}" if column in row else ""
            text = f">= {text}" if column == "iterations" and row.get("beyond", 0) >= 1 else text
            cells.append(f"{text:>{max(8, len(column) + 2)}}")
        lines.append(f"{name:22}{''.join(cells)}")
    return "\n".join(lines)


def bar(rows: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Lines that say which aims of quality are met and which are missed."""
    own, painted, moving = rows["photographs unchanged"], rows["all styles"], rows[IN_VIDEO]
    lines = []
    for name, margin in MARGINS.items():
        allowed = own[name] + margin
        worst = max((row[name], style) for style, row in rows.items() if row.get("is style"))
        verdict = "met" if painted[name] <= allowed else "MISSED"
        lines.append(
            f"{verdict:7} {name}: {painted[name]:.2f}, allowed {allowed:.2f} (photographs {own[name]:.2f}); "
            f"worst {worst[1]} {worst[0]:.2f}"
        )
    if "optimised, same pairs" in rows:
        optimised, same = rows["optimised, same pairs"]["repeat"], rows["painted, same pairs"]
        verdict = "met" if same["repeat"] <= 1.5 * optimised else "MISSED"
        lines.append(
            f"{verdict:7} repetition: {same['repeat']:.3f}, allowed {1.5 * optimised:.3f} (1.5 x optimisation)"
        )
        verdict = "met" if same["iterations"] >= 60 else "MISSED"
        more = ", some beyond the reference's end" if same["beyond"] else ""
        lines.append(f"{verdict:7} equivalent iterations: {same['iterations']:.0f}, wanted 60{more}")
    if WITHOUT in rows:
        part = {name: moving[name] / rows[WITHOUT][name] for name in ("style", "noise", "shift")}
        verdict = "met" if part["style"] <= 1.05 and max(part["noise"], part["shift"]) <= 0.5 else "MISSED"
        lines.append(
            f"{verdict:7} flicker in video: noise {part['noise']:.2f}, shift {part['shift']:.2f} of that without the "
            f"equivariance term, allowed 0.50, at {part['style']:.2f} of its style loss, allowed 1.05"
        )
    return lines


def write_sheets(
    folder: Path,
    size: int,
    cells: Mapping[str, Sequence[tuple[str, Picture]]],
    paintings: Mapping[str, Painting],
) -> None:
    """Write a contact sheet for each style: the painting first, then the painted photographs, at full size."""
    for name, painted in cells.items():
        row = list(painted)
        picture = paintings[name].picture
        if picture is not None:
            factor = min(1.0, size / max(picture.shape[:2]))
            shape = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
            small = Image.fromarray((picture * 255).astype(np.uint8)).resize(shape, Image.Resampling.LANCZOS)
            row.insert(0, (f"{name}, the painting", from_pil(small)))
        write_picture(contact_sheet(row, columns=3 if size <= 600 else 2), folder / f"{name}-{size}.jpg")
