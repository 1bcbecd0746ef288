"""``impasto learn``: a style from a picture, at once or in a minute."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, get_args

import click

from impasto.cli import INTERRUPTED, options, results
from impasto.cli.help import Command
from impasto.cli.progress import learning_bar
from impasto.errors import StyleError
from impasto.files import is_file
from impasto.learning.api import learn_style
from impasto.learning.checks import made_from
from impasto.learning.fitting import LearningProgress
from impasto.learning.settings import DEEP_MINUTES, Effort, LearnSettings
from impasto.memory import keep_freed
from impasto.motion.bvh import SUFFIX as CLIP_SUFFIX
from impasto.sound.learn import SUFFIXES as SOUND_SUFFIXES
from impasto.styles.catalogue import load_style
from impasto.styles.style import SUFFIX

_PREVIEWS = {"style": "preview.jpg", "network": "network/preview-*.png"}  # files of each stage, in OUTPUT.learning


@click.command(
    "learn",
    cls=Command,
    short_help="Learn a style from a picture, at once or in a minute.",
    sections={
        "The style file": ("place", "name", "title", "artist", "year", "licence", "overwrite"),
        "How it paints": ("style_scale", "style_weight", "photos"),
        "How long and how well": ("quick", "style_effort", "deep", "minutes", "steps", "check_every"),
        "For experiments": ("features", "crop", "seed", "device"),
        "A style of each of many pictures": ("on", "processes"),
        "What is said": ("as_json", "quiet"),
    },
)
@click.argument("places", nargs=-1, required=True, type=options.PLACE, metavar="PAINTING...")
@click.option(
    "-o",
    "--output",
    "place",
    type=options.PLACE,
    help="The style file, .safetensors; by default named after PAINTING, in this folder.",
)
@click.option("--name", help="Name of the style; by default the file's.")
@click.option("--title", default="", help="Title of the painting, kept in the style file.")
@click.option("--artist", default="", help="Who painted it, kept in the style file.")
@click.option("--year", default="", help="When, kept in the style file.")
@click.option("--licence", default="", help="What may be done with it, kept in the style file.")
@click.option(
    "--photos",
    type=options.PATH,
    help="Photographs to practise on: a folder, .zip or HDF5 file; by default pictures that Impasto draws itself.",
)
@options.dataclass_options(LearnSettings, "style_scale", "style_weight", given_only=True)
@click.option(
    "--style-effort",
    type=click.Choice(get_args(Effort)),
    help="quick predicts the style at once, draft fits it for some seconds, full for about a minute.  [default: full]",
)
@click.option("--quick", is_flag=True, help="Short for --style-effort quick; needs no torch.")
@click.option(
    "--deep",
    is_flag=True,
    help="Learn closer and for longer, with a network of its own; such a style cannot be blended.",
)
@click.option(
    "--minutes",
    type=float,
    help=f"Minutes that --deep takes at most.  [default: {DEEP_MINUTES:g}]",
)
@options.dataclass_options(LearnSettings, "features", "steps", "check_every", "crop", "seed", given_only=True)
@options.device_option()
@options.overwrite_option
@click.option(
    "--on",
    metavar="WHERE",
    help="Learn a style of each picture, in several processes: local, ray (the cluster of RAY_ADDRESS, or one here) or "
    "ray://HOST:PORT. PAINTING may then be a folder, a job folder of impasto plan, a list, a tar or a URL; needs -o, a "
    "folder or its URL.",
)
@click.option("--processes", type=click.IntRange(1), help="With --on, how many processes learn; by default one a core.")
@click.option("--json", "as_json", is_flag=True, help="Describe the style as JSON, for programs.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def command(
    places: tuple[options.PathOrUrl, ...],
    place: options.PathOrUrl | None,
    name: str | None,
    title: str,
    artist: str,
    year: str,
    licence: str,
    photos: Path | None,
    style_effort: Effort | None,
    quick: bool,
    deep: bool,
    minutes: float | None,
    device: str,
    overwrite: bool,
    on: str | None,
    processes: int | None,
    as_json: bool,
    quiet: bool,
    **settings: float | str | None,
) -> None:
    """Learn a style from a picture; several pictures of an artist give one style.

    It is predicted, then fitted from there. A recording of sound, or a movement (BVH), takes a moment.

    \b
    impasto learn painting.jpg -o mine.safetensors
    impasto learn --quick painting.jpg -o mine.safetensors
    impasto learn monet1.jpg monet2.jpg -o monet.safetensors --artist "Claude Monet"
    impasto learn walk.bvh -o old.safetensors
    impasto learn rain.flac -o rain.safetensors
    impasto learn paintings/ --on local -o styles/
    impasto apply photo.jpg --style mine.safetensors

    Ctrl-C stops it; the same command goes on from there. Meanwhile OUTPUT.learning/preview.jpg shows how far it is,
    with --deep the last OUTPUT.learning/network/preview-*.png.
    """
    about = {"title": title, "artist": artist, "year": year, "licence": licence}
    given: dict[str, Any] = {key: value for key, value in settings.items() if value is not None}
    if quick and style_effort not in (None, "quick"):
        raise click.UsageError(f"--quick is --style-effort quick, not {style_effort}; leave one of them out.")
    effort: Effort = "quick" if quick else style_effort or "full"
    if on or processes:
        from impasto.cli.apply_job import JobOptions
        from impasto.cli.learn_job import learn_each
        from impasto.scale.style_learner import StyleLearner

        how = JobOptions(on or "local", processes, overwrite, True, False, as_json, quiet)
        learner = StyleLearner(effort, photos=photos, device=device, **given)
        learn_each(places, place, learner, how, {**about, "name": name, "deep": deep, "minutes": minutes})
        return
    paintings, output = tuple(map(Path, places)), None if place is None else Path(place)
    if any(path.suffix.lower() == CLIP_SUFFIX for path in paintings):
        from impasto.cli.learn_motion import learn_from_clip

        learn_from_clip(paintings, output, name, about, overwrite=overwrite, as_json=as_json, quiet=quiet)
        return
    if any(path.suffix.lower() in SOUND_SUFFIXES for path in paintings):
        from impasto.cli.learn_sound import learn_from_recording

        learn_from_recording(paintings, output, name, about, overwrite=overwrite, as_json=as_json, quiet=quiet)
        return
    if minutes is not None and not deep:
        raise click.UsageError("--minutes is the time for --deep; add that, or give --steps for a style alone.")
    minutes = DEEP_MINUTES if minutes is None else minutes
    target = output or Path(f"{paintings[0].stem}{SUFFIX}")
    replaces = output is not None and is_file(target)
    if output is None and not overwrite:
        wanted = made_from(paintings, given, photos, effort=effort, deep=deep, minutes=minutes)
        target, is_there = results.place_unnamed(target, lambda path: _made_from(path) == wanted, quiet=quiet)
        if is_there:
            return
    folder = target.with_name(f"{target.stem}.learning")

    def print_line(text: str) -> None:
        """Print a line for the user on standard error, unless quiet."""
        if not quiet:
            click.echo(text, err=True)

    keep_freed()
    try:
        with learning_bar(target.stem, hidden=quiet) as show:
            stages: set[str] = set()

            def follow(progress: LearningProgress) -> None:
                """Say once in each stage where its previews are, and show progress on the bar."""
                if progress.stage not in stages:
                    stages.add(progress.stage)
                    print_line(f"Previews: {folder / _PREVIEWS[progress.stage]}")
                show(progress)

            style = learn_style(
                paintings,
                target,
                name=name,
                metadata=about,
                effort=effort,
                photos=photos,
                deep=deep,
                minutes=minutes,
                device=device,
                progress=follow,
                **given,
            )
    except KeyboardInterrupt:
        kept = f"what there is is kept in {folder}, and the same command goes on from there"
        print_line(f"Interrupted; {kept if folder.exists() else 'nothing was learnt yet'}.")
        sys.exit(INTERRUPTED)
    if as_json:
        described = {"file": str(target), "bytes": target.stat().st_size, "name": style.name, **style.metadata}
        click.echo(json.dumps(described))
    elif not quiet:
        facts = [style.metadata[key] for key in ("measured", "learnt") if key in style.metadata]
        click.echo(f"{target}  ({'; '.join(facts)})")
        if replaces:
            click.echo(results.replaced(target), err=True)


def _made_from(path: Path) -> str | None:
    """What the metadata of a style file says that it was learnt from; ``None``: nothing, or it is no style."""
    try:
        return load_style(path).metadata.get("made_from")
    except StyleError:
        return None
