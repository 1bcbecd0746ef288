"""The Paint tab: one picture is optimised while the page shows its steps, any of which can be the result."""

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
from impasto.optimisation.recipe import DEFAULTS, ITERATIONS, LONGEST, Recipe
from impasto.optimisation.style_pictures import StylePicture, blend_name, read_styles
from impasto.pictures.conversion import to_pil
from impasto.pictures.picture import Picture, to_samples, to_unit_range
from impasto.pictures.resampling import shrink_picture
from impasto.pictures.writing import path_beside, write_picture
from impasto.studio.compare import comparison
from impasto.studio.controls import paintings_upload, show_missing_extra
from impasto.studio.endpoints import SILENT_EVENT, add_endpoint
from impasto.studio.jobs import JobResult, JobUpdate, ReportFunction
from impasto.studio.previews import DISPLAY_SIDE, data_uri
from impasto.studio.translation import label, say, show_errors_as_sentences

if TYPE_CHECKING:
    from impasto.optimisation.state import OptimisationProgress
    from impasto.studio.state import Studio

_MAX_STEPS = 12  # steps whose pictures are kept to choose from
_SHOW_INTERVAL = 0.8  # seconds between two pictures that the page shows


@dataclass
class _PaintTabState:
    """What one visitor has painted.

    Attributes:
        task: The task that was painted, which knows the name, colours and metadata of the result.
        upload: The photograph's file.
        steps: Iteration and picture (H x W x 3, 0 to 255) of some steps, with the last one at the end.
    """

    task: api.OptimisationTask | None = None
    upload: str = ""
    steps: list[tuple[int, NDArray[np.uint8]]] = field(default_factory=list)

    def __deepcopy__(self, _memo: Any) -> _PaintTabState:
        return _PaintTabState()  # Gradio copies the initial state for each visitor


def build(studio: Studio) -> None:
    """Lay out the tab and connect it."""
    if show_missing_extra("train"):
        return
    state = gr.State(_PaintTabState(), time_to_live=3600)
    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=3, min_width=320, elem_classes="stage"):
            frame = comparison(elem_id="paint-compare")
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
            paintings = paintings_upload("paint_styles", "paint-styles")
            main, more = _recipe_controls()
            estimate = gr.Markdown("", elem_id="paint-estimate", elem_classes="status")
            with gr.Row():
                start = gr.Button(label("paint_start"), variant="primary", elem_id="paint-start")
                stop = gr.Button(label("stop_keep"), interactive=False, elem_id="paint-stop")
    controls = {**main, **more}

    def prepare_task(
        request: gr.Request, upload: str | None, styles: list[str] | None, *values: Any
    ) -> api.OptimisationTask:
        """The task that the uploads and the values of the controls make up."""
        if not upload:
            raise InputError(say(request, "no_photo"))
        if not styles:
            raise InputError(say(request, "no_paint_style"))
        return _optimisation_task(studio, upload, styles, dict(zip(controls, values, strict=True)))

    def show_photograph(request: gr.Request, upload: str | None) -> Any:
        """Show the photograph when its file was added."""
        with show_errors_as_sentences(request):
            return {"before": data_uri(studio.originals.get(upload)), "after": ""} if upload else None

    def estimate_cost(request: gr.Request, upload: str | None, styles: list[str] | None, *values: Any) -> str:
        """The sentence on time and memory that painting will take; empty without uploads."""
        with show_errors_as_sentences(request):
            if not upload or not styles:
                return ""

            def work(_report: ReportFunction) -> str:
                task = prepare_task(request, upload, styles, *values)
                width, height = task.photograph.size
                expected = task.estimate
                seconds, gigabytes = _duration_text(request, expected.seconds), expected.bytes / 2**30
                return say(request, "estimate", time=seconds, width=width, height=height, gigabytes=gigabytes)

            return studio.jobs.result(work, request, "preview")

    def run_job(
        request: gr.Request, tab_state: _PaintTabState, upload: str | None, styles: list[str] | None, *values: Any
    ) -> Iterator[Any]:
        """Paint, and show the picture, the steps and the progress meanwhile."""
        idle, busy = gr.update(interactive=False), gr.update(interactive=True)
        with show_errors_as_sentences(request):
            yield (
                tab_state,
                gr.skip(),
                say(request, "paint_beginning"),
                gr.update(visible=False, value=None),
                idle,
                busy,
            )

            def work(report: ReportFunction) -> Any:
                task = prepare_task(request, upload, styles, *values)
                monitor = _PaintMonitor(task, report, request)
                with studio.uploads.protect(str(upload)):  # the result is named after it
                    result = task.paint(progress=monitor)
                monitor.keep(len(result.losses), result.rgb)
                return task, monitor, result.interrupted

            for event in studio.jobs.run(work, request, "long", "paint"):
                if isinstance(event, JobUpdate):
                    comparison_value, text = event.value
                    yield gr.skip(), comparison_value, text, gr.skip(), idle, busy
                elif isinstance(event, JobResult):
                    task, monitor, interrupted = event.result
                    tab_state.task, tab_state.upload, tab_state.steps = task, str(upload), monitor.steps
                    n, path = monitor.steps[-1][0], _write_step(studio, tab_state, -1)
                    text = say(request, "paint_stopped" if interrupted else "paint_done", name=path.name, n=n)
                    gallery = gr.update(
                        visible=True,
                        value=[(_step_thumbnail(picture), say(request, "step", n=n)) for n, picture in tab_state.steps],
                        selected_index=None,
                    )
                    ready = gr.update(value=str(path), interactive=True)
                    yield tab_state, _step_comparison(task, tab_state.steps[-1][1]), text, gallery, ready, idle

    def take_step(event: gr.SelectData, tab_state: _PaintTabState, request: gr.Request) -> Any:
        """Make the step that was clicked the result."""
        with show_errors_as_sentences(request):
            if tab_state.task is None:
                return gr.skip(), gr.skip(), gr.skip()
            n, picture = tab_state.steps[event.index]
            path = _write_step(studio, tab_state, event.index)
            text = say(request, "step_taken", n=n, name=path.name)
            return _step_comparison(tab_state.task, picture), text, gr.update(value=str(path), interactive=True)

    def show_failed(request: gr.Request) -> Any:
        """Show the tab as it is at the start."""
        return gr.update(interactive=False), say(request, "paint_intro")

    def stop_job(request: gr.Request) -> Any:
        """Stop painting; the picture so far is kept."""
        studio.jobs.stop(request, "paint")
        return gr.update(interactive=False)

    inputs = [photo, paintings, *controls.values()]
    changes = [photo.change, paintings.change, *(control.change for control in controls.values())]
    gr.on(
        changes,
        estimate_cost,
        inputs,
        estimate,
        trigger_mode="always_last",
        **SILENT_EVENT,
        **studio.jobs.lane("preview"),
    )
    photo.change(show_photograph, photo, frame, **SILENT_EVENT, **studio.jobs.lane("preview"))
    runs = start.click(
        run_job,
        [state, *inputs],
        [state, frame, status, steps, download, stop],
        api_visibility="private",
        show_progress="minimal",  # shows the position in the queue
        show_progress_on=status,
        **studio.jobs.lane("long"),
    )
    runs.failure(show_failed, None, [stop, status], queue=False, **SILENT_EVENT)
    stop.click(stop_job, None, stop, queue=False, **SILENT_EVENT)
    steps.select(take_step, state, [frame, status, download], **SILENT_EVENT, **studio.jobs.lane("preview"))
    _add_paint_endpoint(studio)


def _recipe_controls() -> tuple[dict[str, Any], dict[str, Any]]:
    """The controls for the recipe's options: the ones that most visitors need, and the others."""

    def number(name: str, key: str, **more: Any) -> gr.Number:
        return gr.Number(getattr(DEFAULTS, name), label=label(key), elem_id=f"paint-{name}", **more)

    def choice(name: str, values: tuple[str, ...], words: bool = True) -> gr.Dropdown:
        choices = [(label(f"{name}_{value.replace('-', '_')}") if words else value, value) for value in values]
        return gr.Dropdown(choices, value=getattr(DEFAULTS, name), label=label(name), elem_id=f"paint-{name}")

    main: dict[str, Any] = {
        "size": gr.Slider(128, 2048, value=LONGEST, step=32, label=label("paint_size"), elem_id="paint-size"),
        "iterations": gr.Slider(
            5, 300, value=ITERATIONS, step=5, label=label("iterations"), elem_id="paint-iterations"
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


def _optimisation_task(studio: Studio, upload: str, styles: list[str], options: dict[str, Any]) -> api.OptimisationTask:
    """Make the task of painting an upload, at the wanted size or that of the upload if it is smaller.

    Raises:
        InputError: An upload cannot be read, or an option is out of range.
    """
    options = {name: value for name, value in options.items() if value is not None}
    for name in ("size", "iterations", "scales", "seed"):
        if name in options:
            options[name] = int(options[name])
    if options.get("iterations") == ITERATIONS:
        del options["iterations"]  # nobody asked for another number, so the start decides how many are enough
    picture = studio.uploads.read(upload)
    options["size"] = min(options.get("size") or LONGEST, max(picture.size))
    if options["size"] == Recipe().result_size(*picture.size):
        del options["size"]  # no effect at this size, so the result's metadata should not list it
    chosen = Recipe(**options, max_pixels=studio.settings.max_pixels)
    if chosen.init not in get_args(recipe.Init):  # the library would take any other text as the path of a picture
        raise InputError(f"There is no start {chosen.init[:40]}; choose one of {', '.join(get_args(recipe.Init))}.")
    named = [
        StylePicture(one.rgb, name=studio.uploads.name(path))
        for path in styles
        for one in read_styles(studio.uploads.read(path))
    ]
    return api.OptimisationTask(picture, named, chosen)


class _PaintMonitor:
    """Callback of the optimisation that shows the picture from time to time and keeps some steps.

    Args:
        task: The task that is painted.
        report: The job's function to report with.
        request: The visitor's request, for the language.

    Attributes:
        steps: Iteration and picture (H x W x 3, 0 to 255) of the steps that are kept.
        shown: When a picture was shown last, in seconds of the monotonic clock.
    """

    def __init__(self, task: api.OptimisationTask, report: ReportFunction, request: gr.Request) -> None:
        self.task, self.report, self.request = task, report, request
        self.steps: list[tuple[int, NDArray[np.uint8]]] = []
        self.shown = 0.0

    def __call__(self, progress: OptimisationProgress) -> None:
        """Show and keep the picture of an iteration if it is time; raises :class:`KeyboardInterrupt` to stop."""
        n, count = progress.iteration, progress.iterations
        if n == 1 or n * (_MAX_STEPS - 1) // count > len(self.steps) - 1:
            self.keep(n, progress.picture())
        now = time.monotonic()
        if now - self.shown < _SHOW_INTERVAL and n < count:
            self.report(None)
            return
        self.shown = now
        width, height = progress.size
        values = {"n": n, "count": count, "width": width, "height": height, "loss": progress.loss}
        text = say(self.request, "paint_progress", **values)
        if progress.seconds_left is not None:
            text += say(self.request, "time_left", left=_duration_text(self.request, progress.seconds_left))
        self.report((_step_comparison(self.task, progress.picture()), text))

    def keep(self, n: int, rgb: NDArray[Any]) -> None:
        """Keep the picture of a step, in place of an earlier picture of the same step."""
        picture = to_samples(rgb)
        if self.steps and (self.steps[-1][0] == n):
            self.steps.pop()
        self.steps.append((n, picture))


def _step_thumbnail(picture: NDArray[np.uint8]) -> Any:
    """A small picture of a step for the gallery."""
    small = Picture(to_unit_range(picture))
    return to_pil(shrink_picture(small, 256) if max(small.size) > 256 else small)


def _step_comparison(task: api.OptimisationTask, picture: NDArray[Any]) -> dict[str, str]:
    """The value of the comparison that shows a step."""
    after = task.picture(to_unit_range(picture))
    return {"before": data_uri(task.photograph, DISPLAY_SIDE), "after": data_uri(after, DISPLAY_SIDE)}


def _write_step(studio: Studio, tab_state: _PaintTabState, index: int) -> Path:
    """Write a step to a file that is named as the command line names it."""
    assert tab_state.task is not None
    name = path_beside(Path(studio.uploads.name(tab_state.upload)), blend_name(tab_state.task.styles)).name
    target = studio.uploads.new_path(name)
    write_picture(
        tab_state.task.picture(to_unit_range(tab_state.steps[index][1])), target, settings=tab_state.task.settings
    )
    return target


def _duration_text(request: gr.Request, seconds: float) -> str:
    """A duration in seconds as text in the visitor's language."""
    minutes, rest = divmod(round(seconds), 60)
    return say(request, "minutes", minutes=minutes, seconds=rest) if minutes else say(request, "seconds", seconds=rest)


def _add_paint_endpoint(studio: Studio) -> None:
    """Offer optimising a picture as the endpoint ``paint`` of the HTTP API."""

    def paint(
        request: gr.Request,
        picture: str,
        styles: list[str],
        size: int = LONGEST,
        iterations: int = ITERATIONS,
        style_weight: float = DEFAULTS.style_weight,
        style_scale: float = DEFAULTS.style_scale,
        colors: str = DEFAULTS.colors,
    ) -> str:
        """Optimise a picture towards the style of one or several pictures: files in, a file out. Takes minutes."""
        with show_errors_as_sentences(request):
            options = {
                "size": size,
                "iterations": iterations,
                "style_weight": style_weight,
                "style_scale": style_scale,
                "colors": colors,
            }

            def work(report: ReportFunction) -> str:
                task = _optimisation_task(studio, picture, styles, options)
                with studio.uploads.protect(picture):  # the result is named after it
                    result = task.paint(progress=lambda _progress: report(None))
                return str(_write_step(studio, _PaintTabState(task, picture, [(0, to_samples(result.rgb))]), 0))

            return studio.jobs.result(work, request, "long")

    inputs = [
        gr.File(visible=False, label="picture"),
        gr.File(visible=False, file_count="multiple", label="styles"),
        gr.Number(LONGEST, visible=False, precision=0, label="size"),
        gr.Number(ITERATIONS, visible=False, precision=0, label="iterations"),
        gr.Number(DEFAULTS.style_weight, visible=False, label="style_weight"),
        gr.Number(DEFAULTS.style_scale, visible=False, label="style_scale"),
        gr.Radio(list(get_args(recipe.Colors)), value=DEFAULTS.colors, visible=False, label="colors"),
    ]
    add_endpoint(paint, inputs, gr.File(visible=False, label="painted"), name="paint", lane=studio.jobs.lane("long"))
