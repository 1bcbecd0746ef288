"""``impasto sound`` against its bars, beside the recipe of 2016 in the same run.

    python benchmarks/sound.py --sounds ../shared/sound                    # the eight pairs, without the peer
    python benchmarks/sound.py --sounds ../shared/sound --peer 2 -o OUT    # ... with it on two; files and pictures
    python benchmarks/sound.py --sounds ../shared/sound --others           # pairs on which no constant was chosen

Columns: ``sound_metrics.py``. Sounds are cut to 8 s at 22.05 kHz, times are of the whole call. ``!`` marks what misses
its bar. The peer is stopped after ``--peer-seconds``; it needs 300 iterations, and its evaluations are printed.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

import impasto
import sound_metrics as metrics


class Pair(NamedTuple):
    """A content and a style of the pool, and which bars they have."""

    content: str
    style: str
    notes: bool = False  # whether the harmony has a bar
    onsets: bool = True  # whether the content has clear onsets


PAIRS = [
    Pair("tabla", "rain"),
    Pair("speech_man", "crickets"),
    Pair("trumpet", "strings_brahms", notes=True),
    Pair("strings_brahms", "trumpet", notes=True),
    Pair("sugarplum", "glass_hum", notes=True),
    Pair("tabla", "guitar_em9", notes=True),
    Pair("speech_woman", "strings_brahms", notes=True),
    Pair("vibe_jazz", "bell", onsets=False),
]
OTHERS = [
    Pair("beat_garzul", "machine_3dprinter"),
    Pair("beat_compus", "crickets"),
    Pair("speech_woman", "rain"),
    Pair("robin", "rain"),
    Pair("humpback", "strings_brahms_b", notes=True, onsets=False),
    Pair("trumpet", "vibe_jazz", notes=True),
    Pair("strings_brahms_b", "sugarplum", notes=True),
    Pair("speech_man", "choir_note", notes=True),
    Pair("vibe_jazz", "guitar_em9", notes=True, onsets=False),
    Pair("beat_garzul", "bell"),
]
"""Pairs on which no constant was chosen."""


def measure(result: np.ndarray, content: np.ndarray, style: np.ndarray) -> dict[str, float]:
    """All numbers of a result, by the names of the table's columns."""
    return {
        "timbre": metrics.timbre(result, content, style),
        "ltas": metrics.ltas(result, style),
        "envelope": metrics.envelope(result, content),
        "onsets": metrics.onsets(result, content),
        "chroma": metrics.chroma(result, content),
        "bands": metrics.band_envelopes(result, content),
        "grain": metrics.grain(result, content, style),
        "noise": metrics.musical_noise(result) - metrics.musical_noise(style),
        "silence": metrics.level_in_silence(result, content),
        "peak": float(np.abs(result).max()),
    }


def missed(pair: Pair, found: dict[str, float]) -> list[str]:
    """The columns of a pair that miss their bars."""
    bars = {"timbre": found["timbre"] <= 0.30, "ltas": found["ltas"] <= 5, "envelope": found["envelope"] >= 0.95}
    if pair.onsets:
        bars["onsets"] = found["onsets"] >= 0.60
    if pair.notes:
        bars["chroma"] = found["chroma"] >= 0.40
    bars["peak"] = found["peak"] <= 10 ** (-1 / 20) + 1e-6
    return [name for name, held in bars.items() if not held]


def show(name: str, found: dict[str, float], seconds: float, misses: list[str]) -> None:
    """Print a row."""
    cells = [f"{key} {value:.2f}{'!' if key in misses else ''}" for key, value in found.items()]
    print(f"{name:32} {'  '.join(cells)}  {seconds:.1f} s", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sounds", type=Path, default=Path("../shared/sound"), help="the folder with the pool")
    parser.add_argument("--method", choices=("mosaic", "colour"), default="mosaic")
    parser.add_argument("--others", action="store_true", help="the pairs on which no constant was chosen")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of pairs, from 0")
    parser.add_argument("--peer", type=int, default=0, help="pairs that the recipe of 2016 is run on")
    parser.add_argument("--peer-seconds", type=float, default=150)
    parser.add_argument("-o", "--output", type=Path, help="a folder for sounds and spectrograms")
    options = parser.parse_args()
    totals: dict[str, int] = {}
    pairs = OTHERS if options.others else PAIRS
    for index in range(len(pairs)) if options.only is None else options.only:
        pair = pairs[index]
        first, second = pair.content, pair.style
        content, style = (metrics.samples_of(options.sounds / f"{name}.flac") for name in (first, second))
        started = time.perf_counter()
        result, rate = impasto.stylize_sound((content, metrics.RATE), (style, metrics.RATE), method=options.method)
        seconds = time.perf_counter() - started
        found = measure(result, content, style)
        misses = missed(pair, found)
        for name in misses:
            totals[name] = totals.get(name, 0) + 1
        show(f"{first} x {second}", found, seconds, misses)
        print(
            f"{'':32} before: ltas {metrics.ltas(content, style):.1f}  chroma {metrics.chroma(style, content):.2f}"
            f"  style's own halves: timbre {metrics.timbre_floor(content, style):.2f}"
        )
        sounds = {f"content: {first}": content, f"style: {second}": style, "result": result}
        if index < options.peer:
            from sound_peer import restyle

            other, took, evaluations = restyle(content, style, most_seconds=options.peer_seconds)
            show(f"  2016 recipe, {evaluations} evaluations", measure(other, content, style), took, [])
            print(f"{'':32} {took / seconds:.0f} times as long")
            sounds["2016 recipe"] = other
        if options.output:
            from sound_pictures import side_by_side

            options.output.mkdir(parents=True, exist_ok=True)
            side_by_side(sounds, options.output / f"{first}-{second}.png")
            np.savez_compressed(options.output / f"{first}-{second}.npz", **{"result": result, "rate": rate})
    print(f"misses: {totals or 'none'}; peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
