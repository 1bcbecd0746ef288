"""The Picture tab: photographs, repainted as fast as a slider moves."""

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
from impasto.studio.brush import brush, mask
from impasto.studio.chooser import FIRST, known, style_chooser, without_weights
from impasto.studio.compare import compare
from impasto.studio.controls import SLIDERS, slider
from impasto.studio.endpoints import endpoint
from impasto.studio.jobs import Done, Report, Update
from impasto.studio.pictures import Mask, PictureRequest
from impasto.studio.previews import DISPLAY, PREVIEW, data_uri
from impasto.studio.translation import complaint, errors_as_sentences, label, say

if TYPE_CHECKING:
    from impasto.studio.state import Studio

_PRIVATE: dict[str, Any] = {"api_visibility": "private"}
_QUIET: dict[str, Any] = {**_PRIVATE, "show_progress": "hidden"}
_SETTLE = 0.35  # seconds without a change after which a picture is painted in full


@dataclass
class _PictureTabState:
    """What one visitor has before them.

    Attributes:
        paths: the uploads.
        shown: the one in the frame.
        mask: what was brushed.
        changed: when something was changed last, on the monotonic clock.
        painted: the change for which the full result was made.
        thumbnails: the photograph for which they were made.
    """

    paths: list[str] = field(default_factory=list)
    shown: str | None = None
    mask: Mask | None = None
    changed: float = 0.0
    painted: float = 0.0
    thumbnails: str | None = None


def build(studio: Studio) -> None:
    """Lay out the tab and connect it."""
    desk = gr.State(_PictureTabState(), time_to_live=3600)
    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=3, min_width=320, elem_classes="stage"):
            frame = compare(elem_id="picture-compare")
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
                canvas = brush(elem_id="picture-brush")
                mask_use = gr.Dropdown(
                    [(label("mask_strength"), "")], value="", label=label("mask_use"), elem_id="picture-mask-use"
                )
            with gr.Accordion(label("more"), open=False):
                size = gr.Number(
                    DEFAULTS.size, label=label("size"), info=label("size_info"), precision=0, minimum=0, maximum=20000
                )
                work_size = gr.Radio(
                    [(label("work_size_preview"), pictures.WORK_SIZE), (label("work_size_full"), DEFAULTS.work_size)],
                    value=pictures.WORK_SIZE,
                    label=label("work_size"),
                    elem_id="picture-work-size",
                )
                keep = gr.Checkbox(True, label=label("keep_metadata"))

    names = list(sliders)
    controls = [chooser, *sliders.values(), colors, size, work_size, mask_use]

    def wish(current: _PictureTabState, chosen: list[str], *values: Any) -> PictureRequest:
        *numbers, mode, longer, work, masked = values
        options = {**dict(zip(names, numbers, strict=True)), "colors": mode}
        options |= {"size": int(longer or 0), "work_size": int(work or 0)}
        return PictureRequest(known(chosen), options, current.mask, masked or "")

    def opened(paths: list[str] | None, current: _PictureTabState, request: gr.Request) -> Any:
        with errors_as_sentences(request):
            before, current.paths = current.paths, [str(studio.uploads.picture(path)) for path in paths or []]
            new = [path for path in current.paths if path not in before]
            kept = [path for path in current.paths if path == current.shown]
            return shown(next(iter([*new, *kept, *current.paths]), None), current, request)

    def shown(path: str | None, current: _PictureTabState, request: gr.Request) -> Any:
        with errors_as_sentences(request):
            current.shown, current.mask, current.changed = path, None, time.monotonic()
            bare = gr.update(value="", picture="")
            several, gone = gr.update(visible=len(current.paths) > 1), gr.update(value=None, visible=False)
            if path is None:
                blank = gr.update(interactive=False, value=None)
                return current, None, bare, say(request, "welcome"), several, gone, blank, gr.update(visible=True)
            small = studio.originals.get(path)
            before = {"before": data_uri(small), "after": ""}
            easel = gr.update(value="", picture=before["before"])
            off = gr.update(interactive=False)
            return current, before, easel, studio.uploads.name(path), several, gone, off, gr.update(visible=False)

    def picked(event: gr.SelectData, current: _PictureTabState, request: gr.Request) -> Any:
        return shown(current.paths[event.index], current, request)

    def take_example(request: gr.Request) -> Any:
        with errors_as_sentences(request):
            path = studio.uploads.new_path("harbour.jpg")
            path.write_bytes((resources.files("impasto.assets") / "harbour.jpg").read_bytes())
            return [str(path)]

    def preview(request: gr.Request, current: _PictureTabState, *values: Any) -> Any:
        with errors_as_sentences(request):
            if current.shown is None:
                return current, gr.skip(), gr.skip(), gr.skip()
            path, current.changed = current.shown, time.monotonic()
            started = time.perf_counter()

            def work(_report: Report) -> Any:
                small = studio.originals.get(path)
                full = size_of_file(Path(path)) or small.size
                return small, pictures.preview(small, full, wish(current, *values))

            small, painted = studio.jobs.result(work, request, "preview")
            seen = {"before": data_uri(small), "after": data_uri(painted), "text": "preview"}
            text = say(request, "previewed", seconds=time.perf_counter() - started)
            return current, seen, text, gr.update(interactive=False)

    def full(request: gr.Request, current: _PictureTabState, kept: bool, *values: Any) -> Any:
        with errors_as_sentences(request):
            changed, path = current.changed, current.shown
            settled = time.monotonic() - changed >= _SETTLE
            if path is None or not settled or current.painted == changed:
                return gr.skip(), gr.skip(), gr.skip(), gr.skip()
            current.painted = changed

            def work(report: Report) -> pictures.PaintedPicture:
                report(None)
                return pictures.paint(studio, path, wish(current, *values), strip=not kept)

            result = studio.jobs.result(work, request, "picture")
            if current.changed != changed:  # what was painted is not what is wanted any more
                return gr.skip(), gr.skip(), gr.skip(), gr.skip()
            return (
                current,
                _seen(result),
                _finished(request, result),
                gr.update(value=str(result.path), interactive=True),
            )

    def own_thumbnails(current: _PictureTabState, request: gr.Request) -> Any:
        with errors_as_sentences(request):
            path = current.shown
            if path == current.thumbnails:
                return gr.skip(), gr.skip()
            if path is None:
                items = studio.thumbnails.items()
            else:
                items = studio.jobs.result(lambda report: previews.of(studio.originals.get(path), report), request)
            current.thumbnails = path
            return current, gr.update(items=items)

    def everything(request: gr.Request, current: _PictureTabState, kept: bool, *values: Any) -> Iterator[Any]:
        with errors_as_sentences(request):
            paths, chosen = list(current.paths), wish(current, *values)
            chosen = PictureRequest(chosen.styles, chosen.options)  # a mask belongs to one photograph
            count = len(paths)

            def work(report: Report) -> tuple[list[str], list[str]]:
                made: list[str] = []
                failed: list[str] = []
                with studio.uploads.needed(*paths):
                    for n, path in enumerate(paths, 1):
                        name = studio.uploads.name(path)
                        report(say(request, "painting_all", n=n, count=count, name=name))
                        try:
                            made.append(str(pictures.paint(studio, path, chosen, strip=not kept).path))
                        except ImpastoError as error:
                            failed.append(f"{name} ({complaint(request, error)})")
                return made, failed

            for event in studio.jobs.run(work, request):
                if isinstance(event, Update):
                    yield gr.skip(), event.value
                elif isinstance(event, Done):
                    made, failed = event.result
                    text = say(request, "painted_all", count=len(made))
                    if failed:
                        text = say(request, "some_failed", count=len(made), names=", ".join(failed))
                    yield gr.update(value=[*made, *_zipped(studio, made)], visible=True), text

    def brushed(value: str | None, current: _PictureTabState, request: gr.Request) -> _PictureTabState:
        with errors_as_sentences(request):
            current.mask = mask(value)
            return current

    def mask_choices(chosen: list[str], masked: str) -> Any:
        names_chosen = without_weights(chosen)
        several = [(name.replace("-", " "), name) for name in names_chosen] if len(names_chosen) > 1 else []
        return gr.update(
            choices=[(label("mask_strength"), ""), *several], value=masked if masked in names_chosen and several else ""
        )

    everything_shown = [desk, frame, canvas, status, many, results, download, example]
    after_preview: list[Any] = [desk, frame, status, download]

    quick, slow = studio.jobs.lane("preview"), studio.jobs.lane("picture")
    place: dict[str, Any] = {**_PRIVATE, "show_progress": "minimal", "show_progress_on": status}  # in the queue
    wait = f"() => new Promise((done) => setTimeout(done, {round(1000 * _SETTLE) + 50}))"

    def follow(event: Any, *, newest: bool = False) -> Any:
        """A preview at once, and the full result once nothing more changes; returns the event of that."""
        mode = "always_last" if newest else None
        shows = event(preview, [desk, *controls], after_preview, trigger_mode=mode, **_QUIET, **quick)
        return shows.then(None, js=wait).then(full, [desk, keep, *controls], after_preview, **place, **slow)

    example.click(take_example, None, files, **_QUIET, **quick)
    loaded = files.change(opened, [files, desk], everything_shown, **_QUIET, **quick)
    follow(loaded.success).then(own_thumbnails, desk, [desk, chooser], **_QUIET, **slow)
    turned = files.select(picked, desk, everything_shown, **_QUIET, **quick)
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
    chooser.input(mask_choices, [chooser, mask_use], mask_use, queue=False, **_QUIET)
    follow(canvas.input(brushed, [canvas, desk], desk, trigger_mode="always_last", **_QUIET, **quick).success)
    _offer(studio)
    paint_all.click(everything, [desk, keep, *controls], [results, status], **place, **slow)


def _offer(studio: Studio) -> None:
    """The same for programs."""

    def apply(
        request: gr.Request,
        picture: str,
        styles: list[str],
        strength: float = DEFAULTS.strength,
        colors: str = DEFAULTS.colors,
        style_scale: float = DEFAULTS.style_scale,
        size: int = DEFAULTS.size,
        work_size: int = DEFAULTS.work_size,
        mask: str | None = None,
        grain: float = DEFAULTS.grain,
    ) -> str:
        """Repaint a picture: a file in, a file out. Styles are NAME or NAME:WEIGHT; several are blended. A mask is
        a picture of the same size, white where the painting shall show."""
        with errors_as_sentences(request):
            options = {"strength": strength, "colors": colors, "style_scale": style_scale, "grain": grain}
            options |= {"size": int(size), "work_size": int(work_size)}
            where = None if mask is None else read_mask(to_pil(studio.uploads.read(mask)), 0)
            wish = PictureRequest(known(styles), options, where)
            done = studio.jobs.result(lambda _report: pictures.paint(studio, picture, wish), request, "picture")
            return str(done.path)

    inputs = [
        gr.File(visible=False, label="picture"),
        gr.JSON([FIRST], visible=False, label="styles"),
        gr.Number(DEFAULTS.strength, visible=False, label="strength"),
        gr.Radio(list(COLOR_MODES), value=DEFAULTS.colors, visible=False, label="colors"),
        gr.Number(DEFAULTS.style_scale, visible=False, label="style_scale"),
        gr.Number(DEFAULTS.size, visible=False, precision=0, label="size"),
        gr.Number(DEFAULTS.work_size, visible=False, precision=0, label="work_size"),
        gr.File(visible=False, label="mask"),
        gr.Number(DEFAULTS.grain, visible=False, label="grain"),
    ]
    endpoint(apply, inputs, gr.File(visible=False, label="painted"), name="apply", lane=studio.jobs.lane("picture"))


def _seen(result: pictures.PaintedPicture) -> dict[str, str]:
    side = max(PREVIEW, min(DISPLAY, max(result.after.size)))
    before = resize_picture(result.before, side) if max(result.before.size) < side else result.before
    return {"before": data_uri(before, side), "after": data_uri(result.after, side), "text": "full"}


def _finished(request: gr.Request, result: pictures.PaintedPicture) -> str:
    width, height = result.after.size
    return say(request, "finished", name=result.path.name, width=width, height=height, seconds=result.seconds)


def _zipped(studio: Studio, paths: list[str]) -> list[str]:
    """All results in one file, if there are several."""
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
