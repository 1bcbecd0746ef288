"""``impasto paint``: optimise a picture."""

from __future__ import annotations

import json
import math
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from impasto.cli import INTERRUPTED, options, pipes
from impasto.cli.painting import Bar, Watch, Writer, forecast
from impasto.cli.pipes import STANDARD
from impasto.cli.sweep import paint_each
from impasto.engines.devices import DEVICES
from impasto.errors import InputError, OutputError
from impasto.feedforward.masks import parse_masks
from impasto.memory import keep_freed
from impasto.networks.loss_names import Loss, StyleLoss
from impasto.optimisation import api, recipe
from impasto.optimisation.recipe import DEFAULTS, Recipe
from impasto.optimisation.style_pictures import blend_name, read_styles
from impasto.options import parse_layers
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import QUALITY, output_format, path_beside

if TYPE_CHECKING:
    from impasto.optimisation.state import OptimisationProgress, OptimisationResult


class _Layers(click.ParamType[dict[str, float]]):
    name = "LAYER[:WEIGHT],..."

    def convert(self, value: Any, _param: Any, _ctx: Any) -> Any:
        return parse_layers(value) if isinstance(value, str) else value


_field = partial(options.field, DEFAULTS)


def _choice(kind: Any) -> click.Choice[str]:
    return click.Choice(get_args(kind))


_recipe_options = options.together(
    _field("size", "Longer side of the result; 0 keeps the input's.  [default: the input's up to 1024]", int),
    _field("style_weight", "How strongly the style pulls.", float),
    _field("content_weight", "How strongly the photograph pulls.", float),
    _field("tv_weight", "Smoothness (total variation).", float),
    _field("style_layers", "Layers that define the style.", _Layers()),
    _field("content_layers", "Layers that define the content.", _Layers()),
    _field("style_scale", "Size of the strokes: the style picture's longer side in units of the result's.", float),
    _field("style_size", "The style picture's longer side in pixels instead.", int),
    _field("init", "content, noise, gray or a picture to start from.", str),
    _field("optimizer", "Adam takes less memory and more iterations.", _choice(recipe.Optimizer)),
    _field("iterations", "At each scale.", int),
    _field("scales", "Sizes to paint at, each twice the one before; 1: only the full one; 0: chosen.", int),
    _field("history", "Steps that L-BFGS remembers.", int),
    _field("learning_rate", "Default: 0.02 for Adam, 1 for L-BFGS.", float),
    _field("average", "Decay of the average over Adam's iterates; 0: the last one is the result.", float),
    _field("seed", "Of the noise.", int),
    _field("pooling", "Of the perceptual network.", _choice(recipe.Pooling)),
    click.option("--normalize-gradients", is_flag=True, help="Give each layer's gradient the same size."),
    _field("style_loss", "Which statistics define the style.", _choice(StyleLoss)),
    _field("coarse_style_loss", "The same, at the scales before the last.", _choice(StyleLoss)),
    _field("loss", "Of content and style.", _choice(Loss)),
    _field(
        "colors",
        "The style's; the photograph's chroma; painted, then matched to the photograph's; or the style picture matched "
        "to the photograph first.",
        _choice(recipe.Colors),
    ),
    _field("stop_tolerance", "End a scale when ten iterations change the loss by less than this share.", float),
    _field("dream", "Amplify what these layers see (deep dream).", _Layers()),
    _field("features", "Perceptual network: builtin, vgg19, vgg16 or a file.", str, metavar="NAME|FILE"),
    _field("max_memory", "Use tiles rather than more than 4G or 800M; auto is half of what is free.", options.Bytes()),
    _field("device", "Where to run.", click.Choice(DEVICES)),
    _field("max_pixels", "Refuse larger pictures.", int),
)


@click.command("paint", short_help="Optimise a picture towards the style of any picture.")
@click.argument("content", type=options.PATH)
@click.option("--style", "styles", multiple=True, metavar="PICTURE[:WEIGHT]", help="A style picture; repeat to blend.")
@click.option(
    "-o", "--output", type=options.PATH, help="Default: beside the input, as NAME-STYLE; - is standard output."
)
@click.option(
    "--mask", "masks", multiple=True, metavar="STYLE=FILE", help="Where a style applies (white); soft edges blend."
)
@_recipe_options
@click.option("--resume", is_flag=True, help="Finish an interrupted run, or give a finished one more iterations.")
@click.option("--no-state", is_flag=True, help="Do not keep OUTPUT.state, which --resume needs, at the end.")
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,  # so that a second one is not silently taken for the first
    metavar="OPTION=A,B,...",
    help="Paint with each value; the output is one labelled sheet.",
)
@click.option("--save-every", type=click.IntRange(0), default=0, help="Keep the picture of every so many iterations.")
@click.option("--preview-every", type=click.IntRange(0), default=0, help="Update the output every so many iterations.")
@click.option("--steps-strip", is_flag=True, help="Write a sheet of the steps, too (NAME-steps.png).")
@click.option("--print-every", type=click.IntRange(0), default=0, help="Print the losses every so many iterations.")
@click.option("--log", "log_file", type=options.PATH, help="Write the losses of each iteration there (JSON lines).")
@click.option("--overwrite", is_flag=True, help="Replace a result that was not named with -o.")
@click.option("--quality", type=click.IntRange(1, 100), default=QUALITY, show_default=True, help="Of JPEG, WebP, AVIF.")
@click.option("--strip", is_flag=True, help="Drop the photograph's metadata (camera, place, ...).")
@click.option("--json", "as_json", is_flag=True, help="Describe the result as a JSON object on standard output.")
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
    """Optimise a picture until it has the photograph's content and the style picture's strokes and colours.

    Takes minutes and any style picture, without training. Ctrl-C keeps the picture so far; --resume goes on.
    CONTENT is a file, or - for standard input.

    \b
    impasto paint photo.jpg --style starry-night.jpg -o painted.jpg
    impasto paint photo.jpg --style waves.jpg:2 --style scream.jpg:1 --style-scale 0.5
    impasto paint photo.jpg --style sky.jpg --style ground.jpg --mask sky.jpg=where-sky-is.png
    """
    chosen = Recipe(**{name: value for name, value in given.items() if value is not None})
    if not styles and not chosen.dream:
        raise click.UsageError("Give at least one --style PICTURE (or --dream LAYER).")
    if len(sweeps) > 1:
        raise click.UsageError("--sweep is given twice; a sheet is over one option, so sweep one after the other.")
    strength, by_style = parse_masks(masks)
    if strength is not None:
        raise click.UsageError(f"{strength} is no mask of a style; write it as STYLE=FILE.")
    named = read_styles(list(styles), by_style, max_pixels=chosen.max_pixels)
    target = output or (STANDARD if content == STANDARD else path_beside(content, blend_name(named)))
    piped = target == STANDARD
    if piped and (resume or save_every or preview_every or steps_strip):
        raise click.UsageError(
            "Standard output takes the one result; name a file with -o for --resume, --steps-strip, --save-every and "
            "--preview-every."
        )
    if not piped:
        output_format(target)
        if options.is_input(target, [content, chosen.start, *styles, *by_style.values()]):
            raise InputError(f"{target} is one of the inputs; give another -o.")
        if target.exists() and not (output or overwrite or resume):
            raise OutputError(f"{target} exists and is kept; --overwrite paints it anew, --resume goes on with it.")
    picture = read_picture(pipes.received() if content == STANDARD else content, max_pixels=chosen.max_pixels)

    def say(text: str) -> None:
        if not quiet:
            click.echo(text, err=True)

    def report(**found: Any) -> None:
        """The result on standard output, unless the picture itself goes there."""
        if as_json:
            click.echo(json.dumps({"output": str(target), **found}), err=piped)
        elif not (quiet or piped):
            click.echo(str(target))

    write = Writer(target, quality=quality, strip=strip)
    if not chosen.max_memory:  # against a limit, what is kept would count
        keep_freed()
    if sweeps:
        if resume or save_every or preview_every or steps_strip or print_every or log_file:
            raise click.UsageError(
                "--sweep paints anew with each value and writes one sheet; leave out --resume, --steps-strip, --log "
                "and --save-, --preview- and --print-every."
            )
        losses, interrupted = paint_each(sweeps[0], chosen, picture, named, write, say, hidden=quiet or as_json)
        report(losses=losses)
        if interrupted:
            sys.exit(INTERRUPTED)
        return

    job = api.OptimisationTask(picture, named, chosen)
    width, height = job.photograph.size
    if chosen.size is None and max(picture.size) > max(width, height):
        say(f"{picture.size[0]} x {picture.size[1]} is painted at {width} x {height}; --size 0 keeps the input's size.")
    state = api.load_state(target, job) if resume else None
    say(forecast(job.estimate))
    keep = not (no_state or piped)
    watch = Watch(
        job,
        write,
        save_every,
        preview_every,
        print_every,
        steps_strip,
        log_file,
        say,
        resumed=state,
        keep=keep,
    )
    with watch, Bar(quiet or as_json) as bar:

        def follow(progress: OptimisationProgress) -> None:
            watch(progress)
            bar(progress)

        result = job.paint(callback=follow, resume=state)
    write(job, result.rgb)
    if keep or (result.interrupted and not piped):
        result.state.save(api.state_path(target))
    elif not piped:
        api.state_path(target).unlink(missing_ok=True)
    watch.end()  # what it took minutes to get is there by now
    report(loss=result.losses[-1:], seconds=round(time.perf_counter() - watch.started, 2))
    if result.interrupted:
        so_far = "that is the picture" if piped else f"{target} is the picture so far, --resume goes on"
        say(f"Interrupted after {result.state.count} iterations; {so_far}.")
        sys.exit(INTERRUPTED)
    say(_verdict(result))


def _verdict(result: OptimisationResult) -> str:
    """Whether more iterations are worth their time."""
    if math.isnan(result.change):
        return "Too few iterations to say whether the picture has settled; --resume --iterations N goes on."
    went = f"the loss went from {result.losses[-11]:.4g} to {result.losses[-1]:.4g} in the last ten iterations"
    if abs(result.change) > 0.01:
        return f"Still changing: {went}; --resume --iterations N goes on."
    return f"Settled: {went}."
