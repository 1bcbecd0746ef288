"""The Paint tab: one picture, optimised; its steps live, any of them the result."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.networks.loss_names import StyleLoss
from impasto.optimisation import api, recipe
from impasto.optimisation.recipe import DEFAULTS, LONGEST, Recipe
from impasto.optimisation.style_pictures import StylePicture, blend_name, read_styles
from impasto.pictures.conversion import to_pil
from impasto.pictures.picture import Picture, to_samples, to_unit_range
from impasto.pictures.resampling import shrink_picture
from impasto.pictures.writing import path_beside, write_picture
from impasto.studio.compare import compare
from impasto.studio.controls import lacks, paintings_box
from impasto.studio.endpoints import endpoint
from impasto.studio.jobs import Done, Report, Update
from impasto.studio.previews import DISPLAY, data_uri
from impasto.studio.translation import errors_as_sentences, label, say

if TYPE_CHECKING:
    from impasto.optimisation.state import OptimisationProgress
    from impasto.studio.state import Studio

_QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
_STEPS = 12  # pictures that are kept to choose from
_SHOW_EVERY = 0.8  # seconds between pictures in the page


@dataclass
class _PaintTabState:
    """What one visitor is painting.

    Attributes:
        job: what is painted, for its name, colours and metadata.
        upload: the photograph.
        steps: iteration and picture (8 bits) of some steps, the last one included.
    """

    job: api.OptimisationTask | None = None
    upload: str = ""
    steps: list[tuple[int, NDArray[np.uint8]]] = field(default_factory=list)

    def __deepcopy__(self, _memo: Any) -> _PaintTabState:
        return _PaintTabState()  # Gradio copies what a state begins with


def build(studio: Studio) -> None:
    """Lay out the tab and connect it."""
    if lacks("train"):
        return
    easel = gr.State(_PaintTabState(), time_to_live=3600)
    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=3, min_width=320, elem_classes="stage"):
            frame = compare(elem_id="paint-compare")
            photo = gr.File(
                label=label("paint_photo"), file_types=["image"], height=130, elem_id="paint-photo", elem_classes="drop"
            )
            with gr.Row(elem_classes="actions"):
                status = gr.Markdown(label("paint_intro"), elem_id="paint-status", elem_classes="status")
                download = gr.DownloadButton(
                    label("download"), variant="primary", interactive=False, elem_id="paint-download", scale=0
                )
            steps = gr.Gallery(
                label=label("steps"),
                columns=6,
                height="auto",
                allow_preview=False,
                object_fit="cover",
                interactive=False,
                buttons=[],
                visible=False,
                elem_id="paint-steps",
            )
        with gr.Column(scale=2, min_width=300, elem_classes="tools"):
            paintings = paintings_box("paint_styles", "paint-styles")
            main, more = _controls()
            estimate = gr.Markdown("", elem_id="paint-estimate", elem_classes="status")
            with gr.Row():
                start = gr.Button(label("paint_start"), variant="primary", elem_id="paint-start")
                stop = gr.Button(label("stop_keep"), interactive=False, elem_id="paint-stop")
    controls = {**main, **more}

    def prepared(
        request: gr.Request, upload: str | None, styles: list[str] | None, *values: Any
    ) -> api.OptimisationTask:
        if not upload:
            raise InputError(say(request, "no_photo"))
        if not styles:
            raise InputError(say(request, "no_paint_style"))
        return _job(studio, upload, styles, dict(zip(controls, values, strict=True)))

    def shown(request: gr.Request, upload: str | None) -> Any:
        with errors_as_sentences(request):
            return {"before": data_uri(studio.originals.get(upload)), "after": ""} if upload else None

    def forecast(request: gr.Request, upload: str | None, styles: list[str] | None, *values: Any) -> str:
        with errors_as_sentences(request):
            if not upload or not styles:
                return ""

            def work(_report: Report) -> str:
                job = prepared(request, upload, styles, *values)
                width, height = job.photograph.size
                expected = job.estimate
                seconds, gigabytes = _duration(request, expected.seconds), expected.bytes / 2**30
                return say(request, "estimate", time=seconds, width=width, height=height, gigabytes=gigabytes)

            return studio.jobs.result(work, request, "preview")

    def painted(
        request: gr.Request, current: _PaintTabState, upload: str | None, styles: list[str] | None, *values: Any
    ) -> Iterator[Any]:
        idle, busy = gr.update(interactive=False), gr.update(interactive=True)
        with errors_as_sentences(request):
            yield current, gr.skip(), say(request, "paint_beginning"), gr.update(visible=False, value=None), idle, busy

            def work(report: Report) -> Any:
                job = prepared(request, upload, styles, *values)
                watch = _PaintMonitor(job, report, request)
                with studio.uploads.needed(str(upload)):  # the result is named after it
                    result = job.paint(callback=watch)
                watch.keep(len(result.losses), result.rgb)
                return job, watch, result.interrupted

            for event in studio.jobs.run(work, request, "long", "paint"):
                if isinstance(event, Update):
                    seen, text = event.value
                    yield gr.skip(), seen, text, gr.skip(), idle, busy
                elif isinstance(event, Done):
                    job, watch, interrupted = event.result
                    current.job, current.upload, current.steps = job, str(upload), watch.steps
                    n, path = watch.steps[-1][0], _written(studio, current, -1)
                    text = say(request, "paint_stopped" if interrupted else "paint_done", name=path.name, n=n)
                    gallery = gr.update(
                        visible=True,
                        value=[(_thumbnail(picture), say(request, "step", n=n)) for n, picture in current.steps],
                        selected_index=None,
                    )
                    ready = gr.update(value=str(path), interactive=True)
                    yield current, _seen(job, current.steps[-1][1]), text, gallery, ready, idle

    def chosen(event: gr.SelectData, current: _PaintTabState, request: gr.Request) -> Any:
        with errors_as_sentences(request):
            if current.job is None:
                return gr.skip(), gr.skip(), gr.skip()
            n, picture = current.steps[event.index]
            path = _written(studio, current, event.index)
            text = say(request, "step_taken", n=n, name=path.name)
            return _seen(current.job, picture), text, gr.update(value=str(path), interactive=True)

    def failed(request: gr.Request) -> Any:
        return gr.update(interactive=False), say(request, "paint_intro")

    def stopped(request: gr.Request) -> Any:
        studio.jobs.stop(request, "paint")
        return gr.update(interactive=False)

    inputs = [photo, paintings, *controls.values()]
    changes = [photo.change, paintings.change, *(control.change for control in controls.values())]
    gr.on(changes, forecast, inputs, estimate, trigger_mode="always_last", **_QUIET, **studio.jobs.lane("preview"))
    photo.change(shown, photo, frame, **_QUIET, **studio.jobs.lane("preview"))
    runs = start.click(
        painted,
        [easel, *inputs],
        [easel, frame, status, steps, download, stop],
        api_visibility="private",
        show_progress="minimal",  # the place in the queue
        show_progress_on=status,
        **studio.jobs.lane("long"),
    )
    runs.failure(failed, None, [stop, status], queue=False, **_QUIET)
    stop.click(stopped, None, stop, queue=False, **_QUIET)
    steps.select(chosen, easel, [frame, status, download], **_QUIET, **studio.jobs.lane("preview"))
    _offer(studio)


def _controls() -> tuple[dict[str, Any], dict[str, Any]]:
    """The recipe's options: those that most people need, and more."""

    def number(name: str, key: str, **more: Any) -> gr.Number:
        return gr.Number(getattr(DEFAULTS, name), label=label(key), elem_id=f"paint-{name}", **more)

    def choice(name: str, values: tuple[str, ...], words: bool = True) -> gr.Dropdown:
        choices = [(label(f"{name}_{value.replace('-', '_')}") if words else value, value) for value in values]
        return gr.Dropdown(choices, value=getattr(DEFAULTS, name), label=label(name), elem_id=f"paint-{name}")

    main: dict[str, Any] = {
        "size": gr.Slider(128, 2048, value=LONGEST, step=32, label=label("paint_size"), elem_id="paint-size"),
        "iterations": gr.Slider(
            5, 300, value=DEFAULTS.iterations, step=5, label=label("iterations"), elem_id="paint-iterations"
        ),
        "style_weight": gr.Slider(
            1, 200, value=DEFAULTS.style_weight, step=1, label=label("style_weight"), elem_id="paint-style_weight"
        ),
        "style_scale": gr.Slider(
            0.25,
            4,
            value=DEFAULTS.style_scale,
            step=0.05,
            label=label("style_scale"),
            info=label("paint_style_scale_info"),
            elem_id="paint-style_scale",
        ),
        "colors": choice("colors", get_args(recipe.Colors)),
    }
    with gr.Accordion(label("more"), open=False, elem_id="paint-more"):
        more: dict[str, Any] = {
            "content_weight": number("content_weight", "content_weight", minimum=0),
            "tv_weight": number("tv_weight", "tv_weight", minimum=0),
            "init": choice("init", get_args(recipe.Init)),
            "style_loss": choice("style_loss", get_args(StyleLoss), words=False),
            "coarse_style_loss": choice("coarse_style_loss", get_args(StyleLoss), words=False),
            "optimizer": choice("optimizer", get_args(recipe.Optimizer), words=False),
            "scales": number("scales", "scales", precision=0, minimum=0, maximum=16),
            "seed": number("seed", "seed", precision=0),
        }
    return main, more


def _job(studio: Studio, upload: str, styles: list[str], options: dict[str, Any]) -> api.OptimisationTask:
    """An upload to paint, at the size asked for and never larger than it is."""
    options = {name: value for name, value in options.items() if value is not None}
    for name in ("size", "iterations", "scales", "seed"):
        if name in options:
            options[name] = int(options[name])
    picture = studio.uploads.read(upload)
    options["size"] = min(options.get("size") or LONGEST, max(picture.size))
    if options["size"] == Recipe().result_size(*picture.size):
        del options["size"]  # which the result's metadata need not say
    chosen = Recipe(**options, max_pixels=studio.settings.max_pixels)
    if chosen.init not in get_args(recipe.Init):  # anything else would be the path of a picture
        raise InputError(f"There is no start {chosen.init[:40]}; choose one of {', '.join(get_args(recipe.Init))}.")
    named = [
        StylePicture(one.rgb, name=studio.uploads.name(path))
        for path in styles
        for one in read_styles(studio.uploads.read(path))
    ]
    return api.OptimisationTask(picture, named, chosen)


class _PaintMonitor:
    """Shows the picture now and then, and keeps some to choose from."""

    def __init__(self, job: api.OptimisationTask, report: Report, request: gr.Request) -> None:
        self.job, self.report, self.request = job, report, request
        self.steps: list[tuple[int, NDArray[np.uint8]]] = []
        self.shown = 0.0

    def __call__(self, progress: OptimisationProgress) -> None:
        n, count = progress.iteration, progress.iterations
        if n == 1 or n * (_STEPS - 1) // count > len(self.steps) - 1:
            self.keep(n, progress.picture())
        now = time.monotonic()
        if now - self.shown < _SHOW_EVERY and n < count:
            self.report(None)
            return
        self.shown = now
        width, height = progress.size
        left = _duration(self.request, progress.seconds_left)
        values = {"n": n, "count": count, "width": width, "height": height, "loss": progress.loss, "left": left}
        self.report((_seen(self.job, progress.picture()), say(self.request, "paint_progress", **values)))

    def keep(self, n: int, rgb: NDArray[Any]) -> None:
        """Keep a step, in place of an earlier picture of the same one."""
        picture = to_samples(rgb)
        if self.steps and (self.steps[-1][0] == n):
            self.steps.pop()
        self.steps.append((n, picture))


def _thumbnail(picture: NDArray[np.uint8]) -> Any:
    small = Picture(to_unit_range(picture))
    return to_pil(shrink_picture(small, 256) if max(small.size) > 256 else small)


def _seen(job: api.OptimisationTask, picture: NDArray[Any]) -> dict[str, str]:
    after = job.picture(to_unit_range(picture))
    return {"before": data_uri(job.photograph, DISPLAY), "after": data_uri(after, DISPLAY)}


def _written(studio: Studio, easel: _PaintTabState, index: int) -> Path:
    """A step as a file, named as the command line names it."""
    assert easel.job is not None
    name = path_beside(Path(studio.uploads.name(easel.upload)), blend_name(easel.job.styles)).name
    target = studio.uploads.new_path(name)
    write_picture(easel.job.picture(to_unit_range(easel.steps[index][1])), target, settings=easel.job.settings)
    return target


def _duration(request: gr.Request, seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return say(request, "minutes", minutes=minutes, seconds=rest) if minutes else say(request, "seconds", seconds=rest)


def _offer(studio: Studio) -> None:
    """The same for programs."""

    def paint(
        request: gr.Request,
        picture: str,
        styles: list[str],
        size: int = LONGEST,
        iterations: int = DEFAULTS.iterations,
        style_weight: float = DEFAULTS.style_weight,
        style_scale: float = DEFAULTS.style_scale,
        colors: str = DEFAULTS.colors,
    ) -> str:
        """Optimise a picture towards the style of one or several pictures: files in, a file out. Takes minutes."""
        with errors_as_sentences(request):
            options = {
                "size": size,
                "iterations": iterations,
                "style_weight": style_weight,
                "style_scale": style_scale,
                "colors": colors,
            }

            def work(report: Report) -> str:
                job = _job(studio, picture, styles, options)
                with studio.uploads.needed(picture):  # the result is named after it
                    result = job.paint(callback=lambda _progress: report(None))
                return str(_written(studio, _PaintTabState(job, picture, [(0, to_samples(result.rgb))]), 0))

            return studio.jobs.result(work, request, "long")

    inputs = [
        gr.File(visible=False, label="picture"),
        gr.File(visible=False, file_count="multiple", label="styles"),
        gr.Number(LONGEST, visible=False, precision=0, label="size"),
        gr.Number(DEFAULTS.iterations, visible=False, precision=0, label="iterations"),
        gr.Number(DEFAULTS.style_weight, visible=False, label="style_weight"),
        gr.Number(DEFAULTS.style_scale, visible=False, label="style_scale"),
        gr.Radio(list(get_args(recipe.Colors)), value=DEFAULTS.colors, visible=False, label="colors"),
    ]
    endpoint(paint, inputs, gr.File(visible=False, label="painted"), name="paint", lane=studio.jobs.lane("long"))
