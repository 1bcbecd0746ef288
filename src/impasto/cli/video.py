"""``impasto video``: restyle a video."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import click

from impasto.cli import options
from impasto.errors import TruncatedError
from impasto.memory import keep_freed
from impasto.optimisation.recipe import Recipe
from impasto.pictures.writing import QUALITY
from impasto.video.optimised import CHOICES, PassOptions, parse_recipe
from impasto.video.sink import CODECS, VIDEO_QUALITY
from impasto.video.stabilise import STABILIZE


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


def _whole_numbers(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value} is no list of whole numbers, such as 1,2,4.") from None


_field = partial(options.field, PassOptions())

_passes = options.together(
    _field(
        "first_iterations",
        "Of the first frame, at each scale; in several passes of all, if --init is image or random.",
        int,
    ),
    _field("iterations", "Of every other frame.", int),
    _field("first_init", "Where the first frame starts.", click.Choice(CHOICES["first_init"])),
    _field("init", "Where later frames start.", click.Choice(CHOICES["init"])),
    _field("temporal_weight", "How strongly a frame is held to those before it.", float),
    _field("criterion", "Of the temporal loss.", click.Choice(CHOICES["criterion"])),
    click.option(
        "--offsets", default="1", show_default=True, callback=_whole_numbers, help="Frames to look back by: 1,2,4."
    ),
    _field("every", "Look back to every so manieth frame, too.", int),
    _field("combine", "Which of several earlier frames count.", click.Choice(CHOICES["combine"])),
    click.option("--invert", is_flag=True, help="Certainty files say where flow is not to be trusted."),
    _field("passes", "How often to go over the video.", int),
    _field("blend", "Share of the neighbour that a pass has painted, in a frame's start.", float),
    _field("blend_other", "Share of the other neighbour.", float),
    _field("temporal_after", "The pass from which the temporal loss counts.", int),
    click.option(
        "--flow-pattern", "flow", metavar="PATTERN", help="Flow files: backward_[%d]_{%d}.flo (both methods)."
    ),
    click.option(
        "--certainty-pattern", "certainty", metavar="PATTERN", help="Their certainty: reliable_[%d]_{%d}.pgm."
    ),
    click.option("--forward-flow-pattern", "forward_flow", metavar="PATTERN", help="Flow to later frames."),
    click.option("--forward-certainty-pattern", "forward_certainty", metavar="PATTERN", help="Its certainty."),
    click.option(
        "--flow-method",
        "method_of_flow",
        default="dis",
        show_default=True,
        help="dis, deepflow, an .onnx file (both methods).",
    ),
    click.option(
        "--recipe", multiple=True, metavar="NAME=VALUE", help="A setting of impasto paint, such as style_weight=20."
    ),
)


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
    help="Every frame for itself; strokes that move along with the picture; the same, finer and slower.",
)
@options.painting
@click.option("--start", callback=_time, metavar="TIME", help="Where to begin: seconds, or 1:02:03.")
@click.option("--end", callback=_time, metavar="TIME", help="Where to stop.")
@click.option("--fps", type=click.FloatRange(0, 1000, min_open=True), help="Frames a second; by default as they are.")
@click.option("--codec", type=click.Choice(CODECS), default="auto", show_default=True, help="Of the picture.")
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    show_default=f"{VIDEO_QUALITY}, of numbered pictures {QUALITY}",
    help="Of the picture.",
)
@click.option("--start-number", type=click.IntRange(0), help="First number of a pattern of pictures.")
@click.option(
    "--method",
    type=click.Choice(("fast", "paint")),
    default="fast",
    show_default=True,
    help="The network; or optimise every frame towards style pictures (slow; the options below are for it).",
)
@_passes
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
    from impasto.video.api import default_target, stylize_video

    if output is None and settings["method"] == "paint":
        raise click.UsageError("--method paint needs -o, a file for the result.")
    blend: list[Any] = list(styles)
    blend_at: dict[float, list[Any]] = dict(style_at)
    if settings["method"] != "paint":  # which takes pictures as they are
        blend = learn_pictures(styles, quiet=quiet)
        blend_at = {time: learn_pictures(names, quiet=quiet) for time, names in style_at.items()}
    target = Path(output) if output is not None else default_target(video, blend, blend_at)
    if output is None and target.exists() and not overwrite:
        if not quiet:
            click.echo(f"{target} exists and is kept; --overwrite repaints it.", err=True)
        return
    _refuse_what_does_not_count(settings["method"])
    painting = vars(options.chosen(settings))
    own = {name: settings[name] for name in ("start", "end", "fps", "codec", "quality", "start_number")}
    if settings["method"] == "fast":
        own |= {name: settings[name] for name in ("stabilize", "flow", "certainty")}
        own["flow_method"] = settings["method_of_flow"]
    else:
        held = {item.name: settings[item.name] for item in fields(PassOptions) if item.name not in ("recipe", "method")}
        recipe = Recipe(**parse_recipe(settings["recipe"]), device=painting["device"])
        if not recipe.max_memory:
            keep_freed()
        own["paint"] = PassOptions(recipe=recipe, method=settings["method_of_flow"], **held)
    with _progress(quiet or as_json) as progress:
        report = stylize_video(
            video, blend or None, output=target, style_at=blend_at, progress=progress, **own, **painting
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


# Of the options of one method, those that the other one takes as well.
_SHARED = {"size", "device", "max_pixels", "flow", "certainty", "method_of_flow"}


def _names(options_together: Any) -> set[str]:
    """What several options together are called."""
    return {str(parameter.name) for parameter in click.command()(options_together(lambda: None)).params}


def _refuse_what_does_not_count(method: str) -> None:
    """An option that was given and belongs to the other method is a mistake."""
    context = click.get_current_context()
    theirs = (_names(options.painting) | {"stabilize"} if method == "paint" else _names(_passes)) - _SHARED
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
        if given and parameter.name in theirs:
            other = "fast" if method == "paint" else "paint"
            raise click.UsageError(f"{parameter.opts[0]} is for --method {other}; leave it out.")


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
