"""``impasto video``: restyle a video."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from impasto.cli import options
from impasto.errors import TruncatedError
from impasto.video.sink import CODECS, QUALITY
from impasto.video.temporal import STABILIZE


def _at(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[float, list[str]]:
    """``SECONDS=NAME[:WEIGHT]``, several of one time being a blend."""
    points: dict[float, list[str]] = {}
    for value in values:
        when, equals, name = value.partition("=")
        try:
            seconds = options.seconds(when)
        except ValueError:
            equals = ""
        if not equals or not name:
            raise click.BadParameter(f"{value} is not SECONDS=STYLE, such as 4.5=scream.")
        points.setdefault(seconds, []).append(name)
    return points


def _time(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return options.seconds(value)
    except ValueError:
        raise click.BadParameter(f"{value} is no time; give seconds (12.5) or 1:02:03.5.") from None


@click.command("video", short_help="Repaint a video, with its sound, without flicker.")
@click.argument("video", metavar="VIDEO")
@click.option(
    "--style",
    "styles",
    multiple=True,
    metavar="NAME[:WEIGHT]",
    help="A bundled style or a style file; repeat to blend, with weights if you like.",
)
@click.option(
    "--style-at",
    multiple=True,
    callback=_at,
    metavar="TIME=NAME[:WEIGHT]",
    help="The style from a time on; between two times one fades into the other.",
)
@click.option("-o", "--output", metavar="FILE", help="A .mp4 .mov .mkv .webm .gif, or pictures: out_%04d.png.")
@click.option(
    "--stabilize",
    type=click.Choice(STABILIZE),
    default="light",
    show_default=True,
    help="Every frame for itself; no flicker where nothing moves; strokes that follow what moves.",
)
@options.painting
@click.option("--start", callback=_time, metavar="TIME", help="Where to begin: seconds, or 1:02:03.")
@click.option("--end", callback=_time, metavar="TIME", help="Where to stop.")
@click.option("--fps", type=click.FloatRange(0, 1000, min_open=True), help="Frames a second; by default as they are.")
@click.option("--codec", type=click.Choice(CODECS), default="auto", show_default=True, help="Of the picture.")
@click.option("--quality", type=click.IntRange(1, 100), default=QUALITY, show_default=True, help="Of the picture.")
@click.option("--start-number", type=click.IntRange(0), help="First number of a pattern of pictures.")
@click.option("--overwrite", is_flag=True, help="Repaint where a result exists; a file named with -o always is.")
@click.option("--timing", is_flag=True, help="Say how long reading, painting and writing took.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors and warnings.")
def command(
    video: str,
    styles: tuple[str, ...],
    style_at: dict[float, list[str]],
    output: str | None,
    overwrite: bool,
    timing: bool,
    as_json: bool,
    quiet: bool,
    **settings: Any,
) -> None:
    """Repaint a video, an animation, or numbered pictures in a style.

    An interrupted run goes on where it stopped when it is started again in the same way.

    \b
    impasto video clip.mp4 --style starry-night -o painted.mp4
    impasto video clip.mp4 --style-at 0=scream --style-at 4.5=udnie -o painted.mp4
    impasto video frame_%04d.png --fps 24 --style houses -o painted_%04d.png
    """
    if not styles and not style_at:
        raise click.UsageError("Name a style with --style, or several with --style-at.")
    from impasto.cli.progress import learn_pictures
    from impasto.video.job import default_target, stylize_video

    learn_pictures([*styles, *(name for names in style_at.values() for name in names)], quiet=quiet)
    target = Path(output) if output is not None else default_target(video, list(styles), style_at)
    if output is None and target.exists() and not overwrite:
        if not quiet:
            click.echo(f"{target} exists and is kept; --overwrite repaints it.", err=True)
        return
    painting = vars(options.chosen(settings))
    own = {name: value for name, value in settings.items() if name not in painting}
    with _progress(quiet or as_json) as progress:
        report = stylize_video(
            video, list(styles) or None, output=target, style_at=style_at, progress=progress, **own, **painting
        )
    for notice in report.notices:
        if not quiet and not as_json:
            click.echo(notice, err=True)
    if report.damaged and not as_json:
        click.echo(f"{report.damaged} damaged pieces of {video} were skipped.", err=True)
    if as_json:
        click.echo(json.dumps(report.as_json()))
    elif not quiet:
        whole = report.seconds["whole"]
        rate = (report.frames - report.resumed) / whole
        again = f", {report.resumed} of them from an earlier run" if report.resumed else ""
        click.echo(f"{report.output}  ({report.frames} frames{again}, {whole:.1f} s, {rate:.1f} frames a second)")
        if timing:
            click.echo(", ".join(f"{name} {value:.2f} s" for name, value in report.seconds.items()))
    if report.truncated:
        raise TruncatedError(
            f"{video} ends before its end; {report.output} holds the {report.frames} frames that were there."
        )


@contextmanager
def _progress(quiet: bool) -> Iterator[Any]:
    """A bar with frames a second and the time left, where there is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("Painting"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} frames/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Painting", total=None, rate="")

        def show(done: int, expected: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, total=expected or None, rate=f"{speed:.1f}" if speed else "")

        yield show
