"""How well, how cleanly and how fast a movement takes a style, beside the bars of the issue.

    python benchmarks/motion.py --pool ../shared/motion [--sound ../shared/sound] [--only walk,wave,...]

The pool's clips of Bandai-Namco's data set 2 have the same actions in several styles, so that the truth is known: a
classifier of styles (linear discriminants on three poses and velocities) is learnt from real takes that no transfer
sees, and asked what the results are. ``FD`` is the Frechet distance to a real take of the content's action in the
style, over that of the untouched content. ``slide`` is the speed of standing toes in leg lengths a second, where the
content's feet stand (``own slide``: where the result's do), ``jerk`` the median third difference of the limbs in leg
lengths a second cubed. Preview and dance to music need PyAV. Without the pool, nothing is
measured: its files may not be shipped.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import impasto
from impasto.motion.beats import find_pulse
from impasto.motion.body import see_body
from impasto.motion.bvh import read_bvh
from impasto.motion.clip import Clip
from impasto.motion.drawing import figure_of
from impasto.motion.preview import write_preview
from impasto.motion.retime import retime
from impasto.motion.track import RATE as TRACK_RATE
from impasto.motion.track import read_track
from motion_metrics import Classifier, features, frechet, jerk, sinking, sliding

STYLES = ("active", "elderly", "exhausted", "youthful")
# The four pairs of the peer's own demonstration (DeepMotionEditing/deep-motion-editing), as the pool has them.
PEER_PAIRS = (
    ("xia/neutral_01_000", "xia/old_13_000"),
    ("xia/neutral_01_000", "xia/depressed_18_000"),
    ("xia/neutral_16_000", "xia/strutting_01_000"),
    ("xia/sexy_01_000", "xia/depressed_13_000"),
)


class Pool:
    """The clips, read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.read: dict[str, Clip] = {}

    def __getitem__(self, name: str) -> Clip:
        if name not in self.read:
            self.read[name] = read_bvh(self.folder / f"{name}.bvh")
        return self.read[name]

    def real(self, action: str, style: str, take: str = "013") -> Clip:
        """A take of data set 2."""
        return self[f"bandai2_nc_eval/{action}_{style}_{take}"]

    def names(self) -> list[str]:
        """All clips."""
        return sorted(str(path.relative_to(self.folder).with_suffix("")) for path in self.folder.rglob("*.bvh"))


def row(name: str, values: dict[str, float], bars: dict[str, tuple[str, float]]) -> None:
    """Print a row: each value, and whether it passes its bar."""
    cells = []
    for key, value in values.items():
        sign, bar = bars.get(key, ("", 0.0))
        passed = "" if not sign else " ok" if (value >= bar if sign == ">=" else value <= bar) else " MISSED"
        cells.append(f"{key} {value:.3g}" + (f" ({sign} {bar:g}{passed})" if sign else ""))
    print(f"{name:44} " + "   ".join(cells), flush=True)


def style_judge(pool: Pool, action: str, take: str) -> Classifier:
    """A classifier of styles, from one real take each; of a walk its mirror image as well."""
    return Classifier.fit(
        {
            style: [
                features(pool.real(action, style, take), mirrored)
                for mirrored in (False, True)[: 1 + (action == "walk")]
            ]
            for style in ("normal", *STYLES)
        }
    )


def action_judge(pool: Pool, actions: tuple[str, ...], take: str) -> Classifier:
    """A classifier of actions, from one real take in each style."""
    return Classifier.fit(
        {
            action: [
                features(pool.real(action, style, take if action == "walk" else "013")) for style in ("normal", *STYLES)
            ]
            for action in actions
        }
    )


def measured(results: Iterator[tuple[str, str, Clip, Clip, Clip, Classifier, Classifier, str]]) -> dict[str, float]:
    """Means over transfers: each is action, style, content, result, real take, two judges, and nothing else."""
    found: dict[str, list[float]] = {}
    for action, style, content, result, real, styles, actions, _ in results:
        now, before, truth = (features(clip) for clip in (result, content, real))
        values = {
            "style": float(styles.label(now) == style),
            "content": float(actions.label(now) == action),
            "FD": frechet(now, truth, truth) / frechet(before, truth, truth),
            "slide": sliding(result, content),
            "slide of content": sliding(content),
            "own slide": sliding(result),
            "jerk ratio": jerk(result) / jerk(content),
            "sinks": sinking(result),
        }
        for key, value in values.items():
            found.setdefault(key, []).append(value)
    return {key: float(np.mean(values)) for key, values in found.items()}


def walk_and_walk(pool: Pool, **options: object) -> dict[str, float]:
    """A normal walk in the style of another walk; takes of which the judges were not learnt."""

    def results() -> Iterator[tuple[str, str, Clip, Clip, Clip, Classifier, Classifier, str]]:
        for take, other, contents in (("013", "015", ("013", "011")), ("015", "013", ("015",))):
            styles = style_judge(pool, "walk", other)
            actions = action_judge(pool, ("walk", "wave-left-hand", "raise-up-both-hands"), other)
            for style, number in itertools.product(STYLES, contents):
                content = pool.real("walk", "normal", number)
                result = impasto.stylize_motion(content, pool.real("walk", style, take), **options).clip
                yield "walk", style, content, result, pool.real("walk", style, other), styles, actions, number

    return measured(results())


def other_action(pool: Pool, one: str, two: str, *, neutral: bool) -> dict[str, float]:
    """An action in the style of another action."""

    def results() -> Iterator[tuple[str, str, Clip, Clip, Clip, Classifier, Classifier, str]]:
        actions = action_judge(pool, ("walk", "wave-left-hand", "raise-up-both-hands"), "013")
        styles = style_judge(pool, one, "013")
        for style in STYLES:
            content = pool.real(one, "normal")
            without = pool.real(two, "normal") if neutral else None
            result = impasto.stylize_motion(content, pool.real(two, style), neutral=without).clip
            yield one, style, content, result, pool.real(one, style), styles, actions, ""

    return measured(results())


def across_skeletons(pool: Pool) -> None:
    """Every clip with one style of each skeleton: that it works, and how it looks in numbers."""
    styles = ["bandai_nc/walk_old_001", "m21/ZOMBIE", "xia/strutting_01_000", "cmu131/131_03"]
    slides, jerks, sinks, worst = [], [], [], 0.0
    for name, style in itertools.product(pool.names(), styles):
        if name == style:
            continue
        started = time.process_time()
        result = impasto.stylize_motion(pool[name], pool[style]).clip
        worst = max(worst, (time.process_time() - started) / max(pool[name].seconds / 10 * pool[name].rate / 30, 0.3))
        slides.append(sliding(result) - sliding(pool[name]))
        jerks.append(jerk(result) / max(jerk(pool[name]), 1e-9))
        sinks.append(sinking(result))
    print(f"{len(slides)} pairs across skeletons")
    row(
        "  median",
        {
            "slide - content's": float(np.median(slides)),
            "jerk ratio": float(np.median(jerks)),
            "sinks": float(np.median(sinks)),
        },
        {},
    )
    row(
        "  95th percentile",
        {
            "slide - content's": float(np.percentile(slides, 95)),
            "jerk ratio": float(np.percentile(jerks, 95)),
            "sinks": float(np.percentile(sinks, 95)),
        },
        {},
    )
    row("  CPU seconds for 10 s at 30 a second, worst", {"seconds": worst}, {"seconds": ("<=", 1.0)})


def exactness(pool: Pool) -> None:
    """Strength 0 is the input, and bones keep their lengths."""
    moved, stretched = 0.0, 0.0
    for name in pool.names():
        clip = pool[name]
        nothing = impasto.stylize_motion(clip, pool["bandai_nc/walk_old_001"], strength=0).clip
        moved = max(moved, float(np.abs(nothing.world[0] - clip.world[0]).max()))
        result = impasto.stylize_motion(clip, pool["bandai_nc/walk_old_001"]).clip
        assert result.frames == clip.frames
        assert result.frame_time == clip.frame_time
        parents = [(index, joint.parent) for index, joint in enumerate(clip.joints) if joint.parent > 0]
        lengths = [
            np.stack([np.linalg.norm(one.world[0][:, a] - one.world[0][:, b], axis=1) for a, b in parents])
            for one in (clip, result)
        ]
        stretched = max(stretched, float(np.abs(lengths[0] - lengths[1]).max()))
    row(
        "exactness",
        {"strength 0 moves": moved, "bones change": stretched},
        {"strength 0 moves": ("<=", 1e-3), "bones change": ("<=", 1e-6)},
    )


def peer_pairs(pool: Pool) -> None:
    """The pairs of the peer's demonstration: its own published results slide .05-.18, with a jerk of 103-329."""
    for one, two in PEER_PAIRS:
        result = impasto.stylize_motion(pool[one], pool[two])
        row(
            f"{Path(one).name} + {Path(two).name} ({', '.join(result.methods.values())})",
            {
                "slide": sliding(result.clip, pool[one]),
                "own slide": sliding(result.clip),
                "jerk ratio": jerk(result.clip) / jerk(pool[one]),
            },
            {"slide": ("<=", 0.16), "jerk ratio": ("<=", 1.6)},
        )


def dance(pool: Pool, sounds: Path | None) -> None:
    """Share of a movement's beats that fall on the track's, before and after."""
    tracks: list[tuple[str, np.ndarray, np.ndarray | None]] = []
    for tempo in (90, 105, 120, 140):
        truth = np.arange(0.4, 90, 60 / tempo)
        tracks.append((f"clicks, {tempo} a minute", find_pulse(clicks(truth, 90), TRACK_RATE).beats, truth))
    for path in sorted(sounds.glob("*.flac")) if sounds else []:
        if path.stem.startswith(("beat", "tabla")):
            samples = np.tile(read_track(path), 12)[: 90 * TRACK_RATE]
            tracks.append((f"{path.stem}, repeated", find_pulse(samples, TRACK_RATE).beats, None))
    before, after = [], []
    for (title, beats, truth), name in itertools.product(
        tracks, ("bandai_nc/dance-short_normal_001", "m21/dance", "cmu131/131_03", "bandai_nc/walk_normal_001")
    ):
        result = retime(pool[name], beats)
        before.append(result.hits_before)
        after.append(result.hits_after)
        away = 0.0 if truth is None else float(np.abs(beats[:, None] - truth).min(axis=1).max())
        print(
            f"  {title:26} {Path(name).name:24} on the beat {result.hits_before:4.0%} -> {result.hits_after:4.0%}   "
            f"speed {result.speeds.min():.2f}-{result.speeds.max():.2f}"
            + (f"   tracker within {away * 1000:.0f} ms" if truth is not None else "")
        )
    row("dance to music, mean", {"before": float(np.mean(before)), "after": float(np.mean(after))}, {})


def clicks(times: np.ndarray, seconds: float) -> np.ndarray:
    """A track of clicks at times."""
    samples = np.random.default_rng(0).normal(0, 0.003, int(seconds * TRACK_RATE))
    ring = np.arange(2000) / TRACK_RATE
    for at in (times * TRACK_RATE).astype(int):
        piece = samples[at : at + 2000]
        piece += (np.exp(-60 * ring) * np.sin(2 * np.pi * 900 * ring))[: len(piece)]
    return samples


def previews(pool: Pool) -> None:
    """Seconds that a video of three figures of 6.5 s takes."""
    figures = [figure_of(see_body(pool["bandai_nc/walk_normal_001"]), "walk")] * 3
    started = time.perf_counter()
    target = Path("preview-of-the-benchmark.mp4")
    write_preview(figures, target)
    target.unlink()
    row("preview", {"seconds": time.perf_counter() - started}, {"seconds": ("<=", 10.0)})


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=Path, default=Path("../shared/motion"))
    parser.add_argument("--sound", type=Path)
    parser.add_argument("--only", default="walk,wave,across,exact,peer,dance,preview")
    arguments = parser.parse_args()
    if not arguments.pool.is_dir():
        parser.error(f"there is no pool {arguments.pool}; its licences do not let it be shipped")
    pool, only = Pool(arguments.pool), arguments.only.split(",")
    if "walk" in only:
        bars = {"style": (">=", 0.95), "content": (">=", 0.95), "FD": ("<=", 0.45), "jerk ratio": ("<=", 1.3)}
        row("walk + walk", values := walk_and_walk(pool), bars | {"slide": ("<=", values["slide of content"])})
        row("  statistics instead of gait", walk_and_walk(pool, method="statistics"), {})
        row("  neutral instead of gait", walk_and_walk(pool, neutral=pool.real("walk", "normal", "011")), {})
    if "wave" in only:
        wave, lift = "wave-left-hand", "raise-up-both-hands"
        bars = {"style": (">=", 0.9), "content": (">=", 0.9), "FD": ("<=", 1.0)}
        row("wave + raise, neutral", other_action(pool, wave, lift, neutral=True), bars)
        row("  without a neutral clip", other_action(pool, wave, lift, neutral=False), {"content": (">=", 1.0)})
        row("raise + wave, neutral", other_action(pool, lift, wave, neutral=True), {})
        row("wave + walk, neutral", other_action(pool, wave, "walk", neutral=True), {})
        row("  without a neutral clip", other_action(pool, wave, "walk", neutral=False), {"content": (">=", 1.0)})
        row(
            "walk + wave, without a neutral clip",
            other_action(pool, "walk", wave, neutral=False),
            {"content": (">=", 1.0)},
        )
    for name, part in (("across", across_skeletons), ("exact", exactness), ("peer", peer_pairs), ("preview", previews)):
        if name in only:
            part(pool)
    if "dance" in only:
        dance(pool, arguments.sound)


if __name__ == "__main__":
    main()
