"""``impasto paint``: optimise a picture."""

from __future__ import annotations

import json
import math
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli import INTERRUPTED, hints, options, results
from impasto.cli.help import Command
from impasto.cli.paint_run import RecordingOptions, ResultWriter, RunRecorder, forecast
from impasto.cli.progress import optimisation_bar
from impasto.cli.standard_streams import STANDARD_STREAM, read_standard_input
from impasto.cli.sweep import paint_each
from impasto.errors import InputError
from impasto.feedforward.masks import parse_masks
from impasto.feedforward.tasks import OutputOptions
from impasto.files import check_writable, is_file
from impasto.locks import locked, remove_left_locks
from impasto.memory import keep_freed
from impasto.optimisation import api
from impasto.optimisation.recipe import Recipe
from impasto.optimisation.style_pictures import blend_name, read_styles
from impasto.pictures.reading import read_picture
from impasto.pictures.results import unnamed_result
from impasto.pictures.writing import output_format, path_beside

if TYPE_CHECKING:
    from impasto.optimisation.state import OptimisationProgress, OptimisationResult


@click.command(
    "paint",
    cls=Command,
    short_help="Repaint one picture like any other picture: slowest and best.",
    sections={
        "What to paint": ("styles", "masks", "init"),
        "The painting": ("style_weight", "content_weight", "tv_weight", "style_scale", "style_size", "colors"),
        "Size, memory and machine": ("size", "max_memory", "max_pixels", "device"),
        "How long and how well": ("iterations", "scales", "stop_tolerance", "resume", "no_state", "sweeps"),
        "The result": ("output", "quality", "strip", "overwrite"),
        "What is kept and said meanwhile": (
            *("preview_every", "save_every", "steps_strip", "print_every", "log_file", "as_json", "quiet"),
        ),
        "For experiments": (
            *("features", "style_layers", "content_layers", "style_loss", "coarse_style_loss", "loss", "pooling"),
            *("normalize_gradients", "dream", "optimizer", "history", "learning_rate", "average", "seed"),
        ),
    },
)
@click.argument("content", type=options.PATH, metavar="PHOTO")
@click.option(
    "--style",
    "styles",
    multiple=True,
    metavar="PICTURE[:WEIGHT]",
    shell_complete=options.complete_files,
    help="The picture to paint like, or the name of a bundled style (impasto styles list). Repeat to blend; "
    "--style a.jpg:2 --style b.jpg:1 is two parts to one.",
)
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    help="Where the result goes, also where a file exists; - is standard output. Without it, it lies beside the "
    "photograph, named after the style.",
)
@click.option(
    "--mask",
    "masks",
    multiple=True,
    metavar="STYLE=FILE",
    help="Where a style goes: a black and white picture, the style where it is white. May be repeated.",
)
@options.dataclass_options(
    Recipe,
    "size",
    "style_weight",
    "content_weight",
    "tv_weight",
    "style_layers",
    "content_layers",
    "style_scale",
    "style_size",
    "init",
    "optimizer",
    "iterations",
    "scales",
    "history",
    "learning_rate",
    "average",
    "seed",
    "pooling",
    "normalize_gradients",
    "style_loss",
    "coarse_style_loss",
    "loss",
    "colors",
    "stop_tolerance",
    "dream",
    "features",
    "max_memory",
    "device",
    "max_pixels",
)
@click.option("--resume", is_flag=True, help="Go on with an interrupted run, or give a finished one more iterations.")
@click.option("--no-state", is_flag=True, help="Do not keep OUTPUT.state, which --resume needs.")
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,  # so that a second one is not silently taken for the first
    metavar="OPTION=A,B,...",
    help="Try several values, such as style-weight=10,30,100; the output is one labelled sheet.",
)
@click.option(
    "--save-every", type=click.IntRange(0), default=0, help="Keep a picture every N iterations, as NAME-0050."
)
@click.option("--preview-every", type=click.IntRange(0), default=0, help="Write the picture so far every N iterations.")
@click.option("--steps-strip", is_flag=True, help="Write a sheet that shows how it came about, NAME-steps.png.")
@click.option(
    "--print-every",
    type=click.IntRange(0),
    default=0,
    help="Say how far it is from photograph and style every N iterations.",
)
@click.option("--log", "log_file", type=options.PATH, help="File for these numbers of each iteration, as JSON lines.")
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace what exists. Without it, the result gets a number beside another one; one named with -o is replaced.",
)
@options.dataclass_option(OutputOptions, "quality", early=True)
@options.dataclass_option(OutputOptions, "strip")
@click.option("--json", "as_json", is_flag=True, help="Describe the result as JSON, for programs.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def command(
    content: Path,
    styles: tuple[str, ...],
    output: Path | None,
    masks: tuple[str, ...],
    resume: bool,
    no_state: bool,
    sweeps: tuple[str, ...],
    save_every: int,
    preview_every: int,
    steps_strip: bool,
    print_every: int,
    log_file: Path | None,
    overwrite: bool,
    quality: int,
    strip: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Repaint one picture like any other picture, changing it little by little until it has its strokes and colours.

    PHOTO is a file, or - for standard input. It takes minutes. Ctrl-C keeps the picture so far; --resume goes on.

    \b
    impasto paint photo.jpg --style starry-night.jpg -o painted.jpg
    impasto paint photo.jpg --style waves.jpg:2 --style scream.jpg:1 --style-scale 0.5
    impasto paint photo.jpg --style sky.jpg --style ground.jpg --mask sky.jpg=where-sky-is.png
    """
    if hints.is_video(content):
        raise hints.wrong_command(f"{content} is a video", "video")
    recipe = Recipe(**{name: value for name, value in given.items() if value is not None})
    if not styles and not recipe.dream:
        raise hints.missing_style("paint")
    if len(sweeps) > 1:
        raise click.UsageError("--sweep is given twice; a sheet is over one option, so sweep one after the other.")
    strength, by_style = parse_masks(masks)
    if strength is not None:
        raise click.UsageError(f"{strength} is no mask of a style; write it as STYLE=FILE.")
    named = read_styles(list(styles), by_style, max_pixels=recipe.max_pixels)
    is_there = False
    if output is not None or content == STANDARD_STREAM:
        target = output or STANDARD_STREAM
    elif sweeps and not overwrite:  # sheets over different values are different results
        target, _ = unnamed_result(path_beside(content, blend_name(named)), lambda _: False)
    else:
        target, is_there = api.result_beside(
            content, named, recipe, resume=resume, overwrite=overwrite, quality=quality, strip=strip
        )
    piped = target == STANDARD_STREAM
    if piped and (resume or save_every or preview_every or steps_strip):
        raise click.UsageError(
            "Standard output takes the one result; name a file with -o for --resume, --steps-strip, --save-every and "
            "--preview-every."
        )
    if not piped:
        output_format(target)
        check_writable(target)
        if options.is_input(target, [content, recipe.start, *styles, *by_style.values()]):
            raise InputError(f"{target} is one of the inputs; give another -o.")
    replaces = not (piped or resume) and is_file(target)
    picture = read_picture(
        read_standard_input() if content == STANDARD_STREAM else content, max_pixels=recipe.max_pixels
    )

    def print_line(text: str) -> None:
        """Print a line for the user on standard error, unless quiet."""
        if not quiet:
            click.echo(text, err=True)

    def print_result(**found: Any) -> None:
        """Describe the result on standard output, or on standard error where the picture goes to standard output."""
        if as_json:
            click.echo(json.dumps({"output": str(target), **found}), err=piped)
        elif not (quiet or piped):
            click.echo(str(target))
        if replaces and not as_json:
            print_line(results.replaced(target))

    if is_there:
        remove_left_locks(target.absolute().parent)
        if as_json:
            click.echo(json.dumps({"output": str(target), "kept": True}))
        print_line(f"{results.kept_as_it_is(target)} --resume --iterations N goes on with it.")
        return
    if not (output or piped or resume or overwrite) and target != (usual := path_beside(content, blend_name(named))):
        print_line(results.kept_beside(usual))
    writer = ResultWriter(target, quality=quality, strip=strip)
    if not recipe.max_memory:  # where there is a limit, memory that is kept would count against it
        keep_freed()
    if sweeps:
        if resume or save_every or preview_every or steps_strip or print_every or log_file:
            raise click.UsageError(
                "--sweep paints anew with each value and writes one sheet; leave out --resume, --steps-strip, --log "
                "and --save-, --preview- and --print-every."
            )
        losses, interrupted = paint_each(sweeps[0], recipe, picture, named, writer, print_line, hidden=quiet or as_json)
        print_result(losses=losses)
        if interrupted:
            sys.exit(INTERRUPTED)
        return

    task = api.OptimisationTask(picture, named, recipe)
    width, height = task.photograph.size
    if recipe.size is None and max(picture.size) > max(width, height):
        print_line(
            f"{picture.size[0]} x {picture.size[1]} is painted at {width} x {height}; --size 0 keeps the input's size."
        )
    state = api.load_state(target, task) if resume else None
    print_line(forecast(task.estimate))
    keep_state = not (no_state or piped)
    recording = RecordingOptions(
        save_every=save_every,
        preview_every=preview_every,
        print_every=print_every,
        strip=steps_strip,
        log_file=log_file,
        keep_state=keep_state,
    )
    recorder = RunRecorder(task, writer, recording, print_line, state)
    with nullcontext() if piped else locked(target):
        with recorder, optimisation_bar(hidden=quiet or as_json) as show:

            def follow(progress: OptimisationProgress) -> None:
                """Record an iteration, and show it on the bar."""
                recorder.record(progress)
                show(progress)

            result = task.paint(progress=follow, resume=state)
        writer.write_result(task, result.rgb)
        if keep_state or (result.interrupted and not piped):
            result.state.save(api.state_path(target))
        elif not piped:
            api.state_path(target).unlink(missing_ok=True)
        recorder.write_strip()  # after the picture, which took minutes: if the sheet fails, the picture is there
    print_result(loss=result.losses[-1:], seconds=round(time.perf_counter() - recorder.started, 2))
    if result.interrupted:
        so_far = "that is the picture" if piped else f"{target} is the picture so far, --resume goes on"
        print_line(f"Interrupted after {result.state.count} iterations; {so_far}.")
        sys.exit(INTERRUPTED)
    print_line(_verdict(result))


def _verdict(result: OptimisationResult) -> str:
    """A sentence on whether more iterations are worth their time."""
    if math.isnan(result.change):
        return "Too few iterations to say whether the picture has settled; --resume --iterations N goes on."
    went = f"the loss went from {result.losses[-11]:.4g} to {result.losses[-1]:.4g} in the last ten iterations"
    if abs(result.change) > 0.01:
        return f"Still changing: {went}; --resume --iterations N goes on."
    return f"Settled: {went}."
