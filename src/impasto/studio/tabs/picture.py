"""The Picture tab: photographs are repainted while a slider moves."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from impasto.errors import ImpastoError
from impasto.feedforward.options import DEFAULTS
from impasto.pictures.colors import COLOR_MODES
from impasto.pictures.conversion import to_pil
from impasto.pictures.masks import read_mask
from impasto.pictures.reading import size_of_file
from impasto.pictures.resampling import resize_picture
from impasto.studio import pictures, previews
from impasto.studio.brush import mask_brush, read_brushed_mask
from impasto.studio.chooser import DEFAULT_STYLE, check_styles, names_without_weights, style_chooser
from impasto.studio.compare import comparison
from impasto.studio.controls import SLIDERS, slider
from impasto.studio.endpoints import PRIVATE_EVENT, SILENT_EVENT, add_endpoint
from impasto.studio.jobs import JobResult, JobUpdate, ReportFunction
from impasto.studio.pictures import MaskLevels, PictureRequest
from impasto.studio.previews import DISPLAY_SIDE, PREVIEW_SIDE, data_uri
from impasto.studio.translation import error_sentence, label, say, show_errors_as_sentences

if TYPE_CHECKING:
    from impasto.studio.state import Studio

_FULL_SIZE_DELAY = 0.35  # seconds without a change after which a picture is painted at full size


@dataclass
class _PictureTabState:
    """What one visitor works on.

    Attributes:
        paths: The uploads.
        shown: The upload that the page shows; ``None`` if there is none.
        mask: The mask that was brushed on it, if any.
        changed: When the upload or a setting was changed last, in seconds of the monotonic clock.
        painted: The value of ``changed`` for which the full result was painted.
        thumbnails: The upload on which the thumbnails of the styles are painted.
    """

    paths: list[str] = field(default_factory=list)
    shown: str | None = None
    mask: MaskLevels | None = None
    changed: float = 0.0
    painted: float = 0.0
    thumbnails: str | None = None


def build(studio: Studio) -> None:
    """Lay out the tab and connect it."""
    state = gr.State(_PictureTabState(), time_to_live=3600)
    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=3, min_width=320, elem_classes="stage"):
            frame = comparison(elem_id="picture-compare")
            files = gr.File(
                label=label("drop_photos"),
                file_count="multiple",
                file_types=["image"],
                elem_id="picture-files",
                elem_classes="drop",
                height=130,
            )
            with gr.Row(elem_classes="actions"):
                status = gr.Markdown(label("welcome"), elem_id="picture-status", elem_classes="status")
                download = gr.DownloadButton(
                    label("download"), variant="primary", interactive=False, elem_id="picture-download", scale=0
                )
            example = gr.Button(label("example"), size="sm", elem_id="picture-example", elem_classes="quiet")
            with gr.Group(visible=False) as many:
                paint_all = gr.Button(label("paint_all"), elem_id="picture-all")
            results = gr.File(
                label=label("results"),
                file_count="multiple",
                interactive=False,
                visible=False,
                elem_id="picture-results",
            )
        with gr.Column(scale=2, min_width=300, elem_classes="tools"):
            chooser = style_chooser(studio, elem_id="picture-styles")
            sliders = {name: slider(name, f"picture-{name.replace('_', '-')}") for name in SLIDERS}
            colors = gr.Radio(
                [(label(f"colors_{name}"), name) for name in COLOR_MODES],
                value=DEFAULTS.colors,
                label=label("colors"),
                elem_id="picture-colors",
            )
            with gr.Accordion(label("mask"), open=False, elem_id="picture-mask"):
                gr.Markdown(label("mask_hint"), elem_classes="hint")
                canvas = mask_brush(elem_id="picture-brush")
                mask_use = gr.Dropdown(
                    [(label("mask_strength"), "")], value="", label=label("mask_use"), elem_id="picture-mask-use"
                )
            with gr.Accordion(label("more"), open=False):
                size = gr.Number(
                    DEFAULTS.size, label=label("size"), info=label("size_info"), precision=0, minimum=0, maximum=20000
                )
                work_size = gr.Radio(
                    [
                        (label("work_size_preview"), DEFAULTS.work_size),
                        (label("work_size_full"), 0),
                    ],
                    value=DEFAULTS.work_size,
                    label=label("work_size"),
                    elem_id="picture-work-size",
                )
                keep = gr.Checkbox(True, label=label("keep_metadata"))

    names = list(sliders)
    controls = [chooser, *sliders.values(), colors, size, work_size, mask_use]

    def request_from(tab_state: _PictureTabState, chosen: list[str], *values: Any) -> PictureRequest:
        """The request that the state and the values of the controls make up."""
        *numbers, mode, longer, work, masked = values
        options = {**dict(zip(names, numbers, strict=True)), "colors": mode}
        options |= {"size": int(longer or 0), "work_size": work_size_option(work)}
        return PictureRequest(check_styles(chosen), options, tab_state.mask, masked or "")

    def show_uploads(paths: list[str] | None, tab_state: _PictureTabState, request: gr.Request) -> Any:
        """Show the newest of the uploads when files were added or removed."""
        with show_errors_as_sentences(request):
            before, tab_state.paths = tab_state.paths, [str(studio.uploads.picture(path)) for path in paths or []]
            new = [path for path in tab_state.paths if path not in before]
            kept = [path for path in tab_state.paths if path == tab_state.shown]
            return show_upload(next(iter([*new, *kept, *tab_state.paths]), None), tab_state, request)

    def show_upload(path: str | None, tab_state: _PictureTabState, request: gr.Request) -> Any:
        """Show an upload without a painting; without one, show the tab as it is at the start."""
        with show_errors_as_sentences(request):
            tab_state.shown, tab_state.mask, tab_state.changed = path, None, time.monotonic()
            empty_canvas = gr.update(value="", picture="")
            several, gone = gr.update(visible=len(tab_state.paths) > 1), gr.update(value=None, visible=False)
            if path is None:
                blank = gr.update(interactive=False, value=None)
                return (
                    tab_state,
                    None,
                    empty_canvas,
                    say(request, "welcome"),
                    several,
                    gone,
                    blank,
                    gr.update(visible=True),
                )
            small = studio.originals.get(path)
            before = {"before": data_uri(small), "after": ""}
            canvas_update = gr.update(value="", picture=before["before"])
            off = gr.update(interactive=False)
            return (
                tab_state,
                before,
                canvas_update,
                studio.uploads.name(path),
                several,
                gone,
                off,
                gr.update(visible=False),
            )

    def select_upload(event: gr.SelectData, tab_state: _PictureTabState, request: gr.Request) -> Any:
        """Show the upload that was clicked in the list of files."""
        return show_upload(tab_state.paths[event.index], tab_state, request)

    def take_example(request: gr.Request) -> Any:
        """Take the example photograph as an upload."""
        with show_errors_as_sentences(request):
            path = studio.uploads.new_path("harbour.jpg")
            path.write_bytes((resources.files("impasto.assets") / "harbour.jpg").read_bytes())
            return [str(path)]

    def preview(request: gr.Request, tab_state: _PictureTabState, *values: Any) -> Any:
        """Paint a preview of the shown upload."""
        with show_errors_as_sentences(request):
            if tab_state.shown is None:
                return tab_state, gr.skip(), gr.skip(), gr.skip()
            path, tab_state.changed = tab_state.shown, time.monotonic()
            started = time.perf_counter()

            def work(_report: ReportFunction) -> Any:
                small = studio.originals.get(path)
                full = size_of_file(Path(path)) or small.size
                return small, pictures.paint_preview(small, full, request_from(tab_state, *values))

            small, painted = studio.jobs.result(work, request, "preview")
            comparison_value = {"before": data_uri(small), "after": data_uri(painted), "text": "preview"}
            text = say(request, "previewed", seconds=time.perf_counter() - started)
            return tab_state, comparison_value, text, gr.update(interactive=False)

    def paint_full_size(request: gr.Request, tab_state: _PictureTabState, kept: bool, *values: Any) -> Any:
        """Paint the shown upload at full size, unless a setting was changed lately or this was painted already."""
        with show_errors_as_sentences(request):
            changed, path = tab_state.changed, tab_state.shown
            settled = time.monotonic() - changed >= _FULL_SIZE_DELAY
            if path is None or not settled or tab_state.painted == changed:
                return gr.skip(), gr.skip(), gr.skip(), gr.skip()
            tab_state.painted = changed

            def work(report: ReportFunction) -> pictures.PaintedPicture:
                report(None)
                return pictures.paint_picture(studio, path, request_from(tab_state, *values), strip=not kept)

            result = studio.jobs.result(work, request, "picture")
            if tab_state.changed != changed:  # a setting was changed meanwhile, and its own event paints again
                return gr.skip(), gr.skip(), gr.skip(), gr.skip()
            return (
                tab_state,
                _result_comparison(result),
                _result_sentence(request, result),
                gr.update(value=str(result.path), interactive=True),
            )

    def paint_thumbnails(tab_state: _PictureTabState, request: gr.Request) -> Any:
        """Paint the thumbnails of the styles on the shown upload."""
        with show_errors_as_sentences(request):
            path = tab_state.shown
            if path == tab_state.thumbnails:
                return gr.skip(), gr.skip()
            if path is None:
                items = studio.thumbnails.items()
            else:
                items = studio.jobs.result(
                    lambda report: previews.thumbnails_of(studio.originals.get(path), report), request
                )
            tab_state.thumbnails = path
            return tab_state, gr.update(items=items)

    def paint_all_uploads(request: gr.Request, tab_state: _PictureTabState, kept: bool, *values: Any) -> Iterator[Any]:
        """Paint all uploads at full size and offer them as files."""
        with show_errors_as_sentences(request):
            paths, chosen = list(tab_state.paths), request_from(tab_state, *values)
            chosen = PictureRequest(chosen.styles, chosen.options)  # without the mask, which belongs to one photograph
            count = len(paths)

            def work(report: ReportFunction) -> tuple[list[str], list[str]]:
                made: list[str] = []
                failed: list[str] = []
                with studio.uploads.protect(*paths):
                    for n, path in enumerate(paths, 1):
                        name = studio.uploads.name(path)
                        report(say(request, "painting_all", n=n, count=count, name=name))
                        try:
                            made.append(str(pictures.paint_picture(studio, path, chosen, strip=not kept).path))
                        except ImpastoError as error:
                            failed.append(f"{name} ({error_sentence(request, error)})")
                return made, failed

            for event in studio.jobs.run(work, request):
                if isinstance(event, JobUpdate):
                    yield gr.skip(), event.value
                elif isinstance(event, JobResult):
                    made, failed = event.result
                    text = say(request, "painted_all", count=len(made))
                    if failed:
                        text = say(request, "some_failed", count=len(made), names=", ".join(failed))
                    yield gr.update(value=[*made, *_zip_of_several(studio, made)], visible=True), text

    def store_mask(value: str | None, tab_state: _PictureTabState, request: gr.Request) -> _PictureTabState:
        """Keep the mask that was brushed."""
        with show_errors_as_sentences(request):
            tab_state.mask = read_brushed_mask(value)
            return tab_state

    def mask_choices(chosen: list[str], masked: str) -> Any:
        """Offer the chosen styles as what the mask may limit."""
        names_chosen = names_without_weights(chosen)
        several = [(name.replace("-", " "), name) for name in names_chosen] if len(names_chosen) > 1 else []
        return gr.update(
            choices=[(label("mask_strength"), ""), *several], value=masked if masked in names_chosen and several else ""
        )

    all_components = [state, frame, canvas, status, many, results, download, example]
    after_preview: list[Any] = [state, frame, status, download]

    preview_lane, picture_lane = studio.jobs.lane("preview"), studio.jobs.lane("picture")
    # Arguments of an event listener during which the page shows the position in the queue.
    queue_event: dict[str, Any] = {**PRIVATE_EVENT, "show_progress": "minimal", "show_progress_on": status}
    wait = f"() => new Promise((done) => setTimeout(done, {round(1000 * _FULL_SIZE_DELAY) + 50}))"

    def follow(event: Any, *, newest: bool = False) -> Any:
        """Paint a preview after an event, and the full result once nothing was changed for a while."""
        mode = "always_last" if newest else None
        shows = event(preview, [state, *controls], after_preview, trigger_mode=mode, **SILENT_EVENT, **preview_lane)
        return shows.then(None, js=wait).then(
            paint_full_size, [state, keep, *controls], after_preview, **queue_event, **picture_lane
        )

    example.click(take_example, None, files, **SILENT_EVENT, **preview_lane)
    loaded = files.change(show_uploads, [files, state], all_components, **SILENT_EVENT, **preview_lane)
    follow(loaded.success).then(paint_thumbnails, state, [state, chooser], **SILENT_EVENT, **picture_lane)
    turned = files.select(select_upload, state, all_components, **SILENT_EVENT, **preview_lane)
    follow(turned.success)
    changes = [
        *(slider.input for slider in sliders.values()),
        colors.input,
        size.input,
        work_size.input,
        mask_use.input,
        chooser.input,
    ]
    follow(partial(gr.on, changes), newest=True)
    chooser.input(mask_choices, [chooser, mask_use], mask_use, queue=False, **SILENT_EVENT)
    follow(
        canvas.input(
            store_mask, [canvas, state], state, trigger_mode="always_last", **SILENT_EVENT, **preview_lane
        ).success
    )
    _add_apply_endpoint(studio)
    paint_all.click(paint_all_uploads, [state, keep, *controls], [results, status], **queue_event, **picture_lane)


def _add_apply_endpoint(studio: Studio) -> None:
    """Offer painting a picture as the endpoint ``apply`` of the HTTP API."""

    def apply(
        request: gr.Request,
        picture: str,
        styles: list[str],
        strength: float = DEFAULTS.strength,
        colors: str = DEFAULTS.colors,
        style_scale: float = DEFAULTS.style_scale,
        size: int = DEFAULTS.size,
        work_size: str = str(DEFAULTS.work_size),
        mask: str | None = None,
        grain: float = DEFAULTS.grain,
    ) -> str:
        """Repaint a picture: a file in, a file out. Styles are NAME or NAME:WEIGHT; several are blended. A mask is
        a picture of the same size, white where the painting shall show."""
        with show_errors_as_sentences(request):
            options = {"strength": strength, "colors": colors, "style_scale": style_scale, "grain": grain}
            options |= {"size": int(size), "work_size": work_size_option(work_size)}
            where = None if mask is None else read_mask(to_pil(studio.uploads.read(mask)), 0)
            picture_request = PictureRequest(check_styles(styles), options, where)
            done = studio.jobs.result(
                lambda _report: pictures.paint_picture(studio, picture, picture_request), request, "picture"
            )
            return str(done.path)

    inputs = [
        gr.File(visible=False, label="picture"),
        gr.JSON([DEFAULT_STYLE], visible=False, label="styles"),
        gr.Number(DEFAULTS.strength, visible=False, label="strength"),
        gr.Radio(list(COLOR_MODES), value=DEFAULTS.colors, visible=False, label="colors"),
        gr.Number(DEFAULTS.style_scale, visible=False, label="style_scale"),
        gr.Number(DEFAULTS.size, visible=False, precision=0, label="size"),
        gr.Textbox(str(DEFAULTS.work_size), visible=False, label="work_size"),
        gr.File(visible=False, label="mask"),
        gr.Number(DEFAULTS.grain, visible=False, label="grain"),
    ]
    add_endpoint(apply, inputs, gr.File(visible=False, label="painted"), name="apply", lane=studio.jobs.lane("picture"))


def work_size_option(value: str | int | None) -> Any:
    """The option ``work_size`` from a number of pixels, which may be text, or a word, which the library judges."""
    try:
        return int(value or 0)
    except ValueError:
        return value


def _result_comparison(result: pictures.PaintedPicture) -> dict[str, str]:
    """The value of the comparison that shows a full result."""
    side = max(PREVIEW_SIDE, min(DISPLAY_SIDE, max(result.after.size)))
    before = resize_picture(result.before, side) if max(result.before.size) < side else result.before
    return {"before": data_uri(before, side), "after": data_uri(result.after, side), "text": "full"}


def _result_sentence(request: gr.Request, result: pictures.PaintedPicture) -> str:
    """The sentence on a full result: its name, its size and the time it took."""
    width, height = result.after.size
    return say(request, "finished", name=result.path.name, width=width, height=height, seconds=result.seconds)


def _zip_of_several(studio: Studio, paths: list[str]) -> list[str]:
    """A ZIP file of all results as a list; empty if there is only one result."""
    if len(paths) < 2:
        return []
    target = studio.uploads.new_path("impasto.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:  # pictures are compressed already
        taken: set[str] = set()
        for path in map(Path, paths):
            name, n = path.name, 2
            while name in taken:
                name, n = f"{path.stem}-{n}{path.suffix}", n + 1
            taken.add(name)
            archive.write(path, name)
    return [str(target)]
