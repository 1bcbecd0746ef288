"""``impasto video``: restyle a video."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import click

from impasto.cli import hints, options, presets, results
from impasto.cli.help import Command, given_parameters
from impasto.cli.progress import video_bar
from impasto.errors import TruncatedError
from impasto.files import is_file
from impasto.flow.files import FramePattern
from impasto.memory import keep_freed
from impasto.optimisation.recipe import Recipe
from impasto.pictures.writing import QUALITY
from impasto.video.parts import SEAMS, Seams
from impasto.video.pass_options import PassOptions, parse_recipe
from impasto.video.sink import VIDEO_QUALITY, Encoding
from impasto.video.stabilizers import STABILIZE


def _parse_styles_at(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[float, list[str]]:
    """Read ``TIME=NAME[:WEIGHT]``: time in seconds to styles; several styles of one time are a blend.

    Raises:
        click.BadParameter: a text has no time or no style.
    """
    styles_at: dict[float, list[str]] = {}
    for value in values:
        when, equals, name = value.partition("=")
        try:
            seconds = options.parse_time(when)
        except ValueError:
            equals = ""
        if not equals or not name:
            raise click.BadParameter(f"{value} is not SECONDS=STYLE, such as 4.5=scream.")
        styles_at.setdefault(seconds, []).append(name)
    return styles_at


def _parse_whole_numbers(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[int, ...]:
    """Read whole numbers that are separated by commas.

    Raises:
        click.BadParameter: a part is no whole number.
    """
    try:
        return tuple(int(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value} is no list of whole numbers, such as 1,2,4.") from None


_pass_options = options.combine_options(
    options.dataclass_options(
        PassOptions, "first_iterations", "iterations", "first_init", "init", "temporal_weight", "criterion"
    ),
    options.dataclass_option(PassOptions, "offsets", callback=_parse_whole_numbers),
    options.dataclass_options(
        PassOptions, "every", "combine", "invert", "passes", "blend", "blend_other", "temporal_after"
    ),
    options.dataclass_option(PassOptions, "flow", "--flow-pattern"),
    options.dataclass_option(PassOptions, "certainty", "--certainty-pattern"),
    options.dataclass_option(PassOptions, "forward_flow", "--forward-flow-pattern"),
    options.dataclass_option(PassOptions, "forward_certainty", "--forward-certainty-pattern"),
    options.dataclass_option(PassOptions, "method", "--flow-method", parameter="flow_method"),
    click.option(
        "--recipe",
        multiple=True,
        metavar="NAME=VALUE",
        help="A setting of impasto paint, such as style_weight=20; may be repeated.",
    ),
)


def _parameter_names(decorator: Any) -> list[str]:
    """The parameters that a decorator with options adds to a command."""
    return [str(parameter.name) for parameter in click.command()(decorator(lambda: None)).params]


_pass_names = _parameter_names(_pass_options)


@click.command(
    "video",
    cls=Command,
    short_help="Repaint a video, with its sound, without flicker.",
    sections={
        "What to paint": (
            "styles",
            "style_at",
            "sound_styles",
            "mask",
            *presets.SECTION,
            "start",
            "end",
            "fps",
            "start_number",
        ),
        **options.PAINTING_SECTIONS,
        "From frame to frame": ("stabilize", "flow_method", "flow", "certainty"),
        "The result": ("output", "codec", "quality", "overwrite", "raw"),
        "Several processes": ("on", "processes", "seams"),
        "What is said": ("timing", "as_json", "quiet"),
        "Slow: every frame optimised by itself": (
            "method",
            "recipe",
            *(name for name in _pass_names if name not in ("flow_method", "flow", "certainty", "recipe")),
        ),
    },
)
@click.argument("video", metavar="VIDEO", shell_complete=options.complete_files)
@options.style_option
@presets.preset_options
@click.option(
    "--style-at",
    multiple=True,
    callback=_parse_styles_at,
    metavar="TIME=NAME[:WEIGHT]",
    help="The style from a time of the result on, such as 4.5=scream; between two times one fades into the other.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=options.complete_files,
    help="Where the result goes: a .mp4, .mov, .mkv, .webm or .gif, or numbered pictures such as out_%04d.png; what "
    "exists is replaced. Without it, it lies beside the video, named after the style.",
)
@click.option(
    "--stabilize",
    type=click.Choice(STABILIZE),
    default="light",
    show_default=True,
    help="Against flicker. light: strokes move along with what they show; flow: the same, finer and slower; off: "
    "every frame by itself.",
)
@options.painting_options
@click.option(
    "--raw",
    metavar="y4m|rgb24:WxH",
    help="Paint uncompressed frames from standard input to standard output, both written as -; y4m says its own size.",
)
@click.option("--start", callback=options.read_time, metavar="TIME", help="Where to begin, in seconds or as 1:02:03.")
@click.option("--end", callback=options.read_time, metavar="TIME", help="Where to stop, in seconds or as 1:02:03.")
@click.option(
    "--fps",
    type=options.FrameRate(min_open=True),
    help="Frames a second of the result; by default the video's, of numbered pictures 25.",
)
@options.dataclass_option(Encoding, "codec")
@options.dataclass_option(
    Encoding, "quality", early=True, show_default=f"{VIDEO_QUALITY}, of numbered pictures {QUALITY}"
)
@click.option(
    "--start-number", type=click.IntRange(0), help="Of numbered pictures, the one to begin with; by default the lowest."
)
@click.option(
    "--method",
    type=click.Choice(("fast", "paint")),
    default="fast",
    show_default=True,
    help="fast: paint with the network. paint: optimise every frame as impasto paint does, towards style pictures; "
    "minutes a frame. What follows is only for that.",
)
@_pass_options
@click.option(
    "--sound-style",
    "sound_styles",
    multiple=True,
    metavar="SOUND[:WEIGHT]",
    shell_complete=options.complete_files,
    help="Restyle the sound as well, as impasto sound does: a recording or a style of sound.",
)
@options.overwrite_option
@click.option(
    "--on",
    metavar="WHERE",
    help="Paint in several processes: local, ray (the cluster of RAY_ADDRESS, or one here) or ray://HOST:PORT. The "
    "video is divided where scenes begin, and the result is that of one process.",
)
@click.option(
    "--processes", type=click.IntRange(1), help="With --on, how many processes paint at most; by default one a core."
)
@click.option(
    "--seams",
    type=click.Choice(SEAMS),
    default="cuts",
    show_default=True,
    help="With --on, where the video is divided. cuts: where scenes begin; warm: in long takes elsewhere too, where "
    "the result then differs a little.",
)
@click.option("--timing", is_flag=True, help="Say how long reading, painting and writing took.")
@click.option("--json", "as_json", is_flag=True, help="Describe the result as JSON, for programs.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors and warnings.")
def command(
    video: str,
    styles: tuple[str, ...],
    style_at: dict[float, list[str]],
    raw: str | None,
    sound_styles: tuple[str, ...],
    output: str | None,
    overwrite: bool,
    on: str | None,
    processes: int | None,
    seams: Seams,
    timing: bool,
    as_json: bool,
    quiet: bool,
    **settings: Any,
) -> None:
    """Repaint a video in a style.

    VIDEO is a file, an animated GIF, WebP or PNG, or numbered pictures such as frame_%04d.png. Sound stays. Ctrl-C
    stops; the same command goes on from there.

    \b
    impasto video clip.mp4 --style starry-night -o painted.mp4
    impasto video clip.mp4 --style-at 0=scream --style-at 4.5=udnie -o painted.mp4
    impasto video frame_%04d.png --fps 24 --style houses -o painted_%04d.png
    ffmpeg -i clip.mp4 -f yuv4mpegpipe - | impasto video - -o - --raw y4m --style scream | ffmpeg -i - out.mkv
    """
    if raw is None and "-" in (video, output):
        raise click.UsageError("Frames on standard streams need their form: impasto video - -o - --raw y4m")
    if hints.is_still_picture(video) and not FramePattern.matches(video):
        raise hints.wrong_command(f"{video} is a picture", "apply")
    if not styles and not style_at:
        raise hints.missing_style("video")
    if raw is not None:
        from impasto.cli import raw_video

        raw_video.run(video, output, raw, styles, settings, quiet=quiet)
        return
    from impasto.cli.picture_styles import learn_pictures
    from impasto.video.api import stylize_video

    in_parts = bool(on or processes or seams != "cuts")
    if in_parts and settings["method"] == "paint":
        raise click.UsageError("--method paint goes through the video several times; leave --on and --processes out.")
    if output is None and settings["method"] == "paint":
        raise click.UsageError("--method paint needs -o, a file for the result.")
    blend: list[Any] = list(styles)
    blend_at: dict[float, list[Any]] = dict(style_at)
    if settings["method"] != "paint":  # optimisation takes pictures as they are
        effort = settings["style_effort"]
        blend = learn_pictures(styles, effort, quiet=quiet)
        blend_at = {time: learn_pictures(names, effort, quiet=quiet) for time, names in style_at.items()}
    replaces = output is not None and is_file(Path(output))
    _refuse_options_of_the_other_method(settings["method"])
    painting = vars(options.painting_options_from(settings))
    own = {name: settings[name] for name in ("start", "end", "fps", "codec", "quality", "start_number")}
    if settings["method"] == "fast":
        own |= {name: settings[name] for name in ("stabilize", "flow", "certainty")}
        own["flow_method"] = settings["flow_method"]
    else:
        held = {item.name: settings[item.name] for item in fields(PassOptions) if item.name not in ("recipe", "method")}
        recipe = Recipe(**parse_recipe(settings["recipe"]), device=painting["device"])
        if not recipe.max_memory:
            keep_freed()
        own["paint"] = PassOptions(recipe=recipe, method=settings["flow_method"], **held)
    paint: Callable[..., Any] = stylize_video
    if in_parts:
        from impasto import scale

        paint = partial(scale.stylize_video, on=on or "local", processes=processes, seams=seams)
    with video_bar(hidden=quiet or as_json) as progress:
        report = paint(
            video,
            blend or None,
            output=output,
            overwrite=overwrite,
            style_at=blend_at,
            sound_style=sound_styles or None,
            progress=progress,
            **own,
            **painting,
        )
    notices = [*report.notices, *([results.replaced(report.output)] if replaces else [])]
    for notice in [results.kept_as_it_is(report.output)] if report.kept else notices:
        if not quiet and not as_json:
            click.echo(notice, err=True)
    if report.damaged and not as_json:
        click.echo(f"{report.damaged} damaged pieces of {video} were skipped.", err=True)
    if as_json:
        click.echo(json.dumps(report.as_json()))
    elif not (quiet or report.kept):
        whole = report.seconds["whole"]
        rate = (report.frames - report.resumed) / whole
        resumed = f", {report.resumed} of them from an earlier run" if report.resumed else ""
        click.echo(f"{report.output}  ({report.frames} frames{resumed}, {whole:.1f} s, {rate:.1f} frames a second)")
        if timing:
            click.echo(", ".join(f"{name} {value:.2f} s" for name, value in report.seconds.items()))
            if settings["method"] == "fast":
                options.say_engine(options.painting_options_from(settings), many=True)
    if report.truncated:
        raise TruncatedError(
            f"{video} ends before its end; {report.output} holds the {report.frames} frames that were there."
        )


# Parameters that both --method fast and --method paint take.
_SHARED_PARAMETERS = {"size", "device", "max_pixels", "flow", "certainty", "flow_method"}


def _refuse_options_of_the_other_method(method: str) -> None:
    """Refuse an option that was given and belongs to the other method, since it would change nothing.

    Args:
        method: the one that was asked for, ``"fast"`` or ``"paint"``.

    Raises:
        click.UsageError: there is such an option.
    """
    others = {*_parameter_names(options.painting_options), "stabilize"}
    theirs = (others if method == "paint" else set(_pass_names)) - _SHARED_PARAMETERS
    for parameter in given_parameters():
        if parameter.name in theirs:
            other = "fast" if method == "paint" else "paint"
            raise click.UsageError(f"{parameter.opts[0]} is for --method {other}; leave it out.")
