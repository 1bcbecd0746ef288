"""The Learn tab: a style is learnt from paintings while the page shows previews and the loss."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from impasto.errors import InputError
from impasto.learning.api import LearningProgress, learn_style
from impasto.pictures.reading import read_picture
from impasto.studio.controls import paintings_upload, show_missing_extra
from impasto.studio.endpoints import SILENT_EVENT, add_endpoint
from impasto.studio.jobs import JobResult, JobUpdate, ReportFunction
from impasto.studio.previews import data_uri
from impasto.studio.translation import label, say, show_errors_as_sentences
from impasto.styles.catalogue import add_to_catalogue, catalogue_path
from impasto.styles.style import SUFFIX, Style

if TYPE_CHECKING:
    from impasto.studio.state import Studio

# Metadata of a style that visitors may give, and the key of the label of each.
_METADATA_LABELS = {"title": "painting_title", "artist": "artist", "year": "year", "licence": "licence"}
_MAX_METADATA_LENGTH = 200  # characters of each fact about a painting
# Element that shows the sheet of previews.
_PREVIEW_SHEET_HTML = "<img class='sheet' src='{uri}' alt=''>"


@dataclass
class _LearnTabState:
    """What one visitor has learnt.

    Attributes:
        style: The style that was learnt last; ``None`` before.
    """

    style: Style | None = None

    def __deepcopy__(self, _memo: Any) -> _LearnTabState:
        return _LearnTabState()  # Gradio copies the initial state for each visitor


def build(studio: Studio) -> Any:
    """Lay out the tab and connect it.

    Returns:
        The event after which the catalogue has one more style; ``None`` if the extra ``train`` is missing.
    """
    if show_missing_extra("train"):
        return None
    from impasto.learning.settings import LearnSettings

    defaults = LearnSettings()
    state = gr.State(_LearnTabState(), time_to_live=3600)
    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=3, min_width=320, elem_classes="stage"):
            paintings = paintings_upload("paintings", "learn-paintings")
            preview = gr.HTML(elem_id="learn-preview", apply_default_css=False)
            curve = gr.HTML(elem_id="learn-curve", elem_classes="curve", apply_default_css=False)
            status = gr.Markdown(label("learn_intro"), elem_id="learn-status", elem_classes="status")
        with gr.Column(scale=2, min_width=300, elem_classes="tools"):
            name = gr.Textbox(
                label=label("style_name"), info=label("style_name_info"), max_length=80, elem_id="learn-name"
            )
            with gr.Accordion(label("about_painting"), open=False):
                facts = {
                    key: gr.Textbox(label=label(word), max_length=_MAX_METADATA_LENGTH)
                    for key, word in _METADATA_LABELS.items()
                }
            style_scale = gr.Slider(
                0.25,
                4,
                value=defaults.style_scale,
                step=0.05,
                label=label("style_scale"),
                info=label("learn_style_scale_info"),
                elem_id="learn-style_scale",
            )
            style_weight = gr.Slider(
                1,
                60,
                value=defaults.style_weight,
                step=1,
                label=label("learn_style_weight"),
                elem_id="learn-style_weight",
            )
            with gr.Accordion(label("more"), open=False, elem_id="learn-more"):
                steps = gr.Number(
                    defaults.steps, label=label("steps_at_most"), precision=0, minimum=1, elem_id="learn-steps"
                )
                check = gr.Number(
                    defaults.check_every, label=label("check_every"), precision=0, minimum=1, elem_id="learn-check"
                )
            with gr.Row():
                start = gr.Button(label("learn_start"), variant="primary", elem_id="learn-start")
                stop = gr.Button(label("stop"), interactive=False, elem_id="learn-stop")
            with gr.Row():
                save = gr.Button(label("save_style"), interactive=False, elem_id="learn-save")
                download = gr.DownloadButton(label("download_style"), interactive=False, elem_id="learn-download")

    def run_job(
        request: gr.Request,
        tab_state: _LearnTabState,
        uploads: list[str] | None,
        wanted: str | None,
        scale: float,
        weight: float,
        most: int,
        every: int,
        *about: str | None,
    ) -> Iterator[Any]:
        """Learn, and show previews, loss and progress meanwhile."""
        off, on = gr.update(interactive=False), gr.update(interactive=True)
        with show_errors_as_sentences(request):
            if not uploads:
                raise InputError(say(request, "no_painting"))
            tab_state.style = None
            yield tab_state, None, None, say(request, "learn_beginning"), on, off, off

            def work(report: ReportFunction) -> tuple[Style, Path]:
                settings = {"style_scale": scale, "style_weight": weight, "steps": int(most), "check_every": int(every)}
                metadata = dict(zip(facts, about, strict=True))
                return _learn_from_uploads(studio, uploads, wanted, metadata, settings, report)

            text = say(request, "learn_stopped")
            ready, shown_sheet = (off, off), ""
            for event in studio.jobs.run(work, request, "long", "learn"):
                if isinstance(event, JobUpdate):
                    at, history, sheet = event.value
                    loss = f"{history[-1][1]:.3f}" if history else "…"
                    now = say(request, "learn_progress", step=at.step, seconds=at.seconds, loss=loss)
                    new, shown_sheet = sheet != shown_sheet, sheet
                    yield gr.skip(), sheet if new else gr.skip(), _loss_curve(request, history), now, on, off, off
                elif isinstance(event, JobResult):
                    tab_state.style, path = event.result
                    text = say(request, "learnt", name=tab_state.style.name)
                    ready = on, gr.update(value=str(path), interactive=True)
            yield tab_state, gr.skip(), gr.skip(), text, off, *ready

    def save_style(request: gr.Request, tab_state: _LearnTabState, wanted: str | None) -> Any:
        """Add the learnt style to the catalogue."""
        with show_errors_as_sentences(request):
            if tab_state.style is None:
                raise InputError(say(request, "nothing_learnt"))
            path = add_to_catalogue(tab_state.style, (wanted or "").strip() or None)
            return say(request, "saved", name=path.name.removesuffix(SUFFIX)), gr.update(interactive=False)

    def show_failed(request: gr.Request) -> Any:
        """Show the tab as it is at the start."""
        return gr.update(interactive=False), say(request, "learn_intro")

    def stop_job(request: gr.Request) -> Any:
        """Stop learning."""
        studio.jobs.stop(request, "learn")
        return gr.update(interactive=False)

    inputs = [state, paintings, name, style_scale, style_weight, steps, check, *facts.values()]
    outputs = [state, preview, curve, status, stop, save, download]
    runs = start.click(
        run_job,
        inputs,
        outputs,
        api_visibility="private",
        show_progress="minimal",  # shows the position in the queue
        show_progress_on=status,
        **studio.jobs.lane("long"),
    )
    runs.failure(show_failed, None, [stop, status], queue=False, **SILENT_EVENT)
    stop.click(stop_job, None, stop, queue=False, **SILENT_EVENT)
    _add_learn_endpoint(studio)
    # The event goes through the queue, because Gradio shows the errors of other events not as a message.
    return save.click(save_style, [state, name], [status, save], **SILENT_EVENT, **studio.jobs.lane("preview"))


def _learn_from_uploads(
    studio: Studio,
    uploads: Sequence[str],
    wanted: str | None,
    metadata: dict[str, str | None],
    settings: dict[str, Any],
    report: ReportFunction,
    *,
    save: bool = False,
) -> tuple[Style, Path]:
    """Learn a style from uploads.

    Args:
        studio: The studio, whose limits apply.
        uploads: Paths of the paintings.
        wanted: Name of the style; empty takes the name of the first painting.
        metadata: Title, artist, year and licence of the painting.
        settings: Fields of :class:`impasto.learning.settings.LearnSettings` that differ from their defaults.
        report: Called with the :class:`LearningProgress`, the losses so far (step and loss) and the HTML of the
            newest sheet of previews.
        save: Whether to add the style to the catalogue; a name that it cannot have there is refused at once.

    Returns:
        The style and its file.

    Raises:
        InputError: No painting is given, or one cannot be read.
        StyleError: The catalogue cannot take the name.
    """
    if not uploads:
        raise InputError("No picture is given to learn a style from; add one.")
    pictures = [studio.uploads.picture(path) for path in uploads]
    name = (wanted or "").strip()[:80] or _style_name_from(Path(studio.uploads.name(pictures[0])).stem)
    if save:
        catalogue_path(name)
    target = studio.uploads.new_path(f"{name}{SUFFIX}")
    sheet = target.with_name(f"{target.stem}.learning") / "preview.jpg"
    history: list[tuple[int, float]] = []
    shown = ""

    def watch(at: LearningProgress) -> None:
        nonlocal shown
        checked = False
        if at.losses and (not history or at.losses["total"] != history[-1][1]):
            history.append((at.step, at.losses["total"]))
            if sheet.is_file():
                shown = _PREVIEW_SHEET_HTML.format(uri=data_uri(read_picture(sheet)))
            checked = True
        report((at, list(history), shown) if checked or at.step % 10 == 1 else None)

    about = {key: (value or "").strip()[:_MAX_METADATA_LENGTH] for key, value in metadata.items()}
    with studio.uploads.protect(*pictures):
        style = learn_style(pictures, target, name=name, metadata=about, progress=watch, **settings)
    if save:
        add_to_catalogue(style)
    return style, target


def _style_name_from(stem: str) -> str:
    """A file's name without its suffix, changed so that a style can have it."""
    return re.sub(r"[^\w.+-]+", "-", stem).strip("_.+- ") or "style"


def _loss_curve(request: gr.Request, history: Sequence[tuple[int, float]]) -> str:
    """The losses as a drawing (SVG) in the colours of the page; empty for fewer than two."""
    if len(history) < 2:
        return ""
    width, height, left, top, bottom = 640, 180, 44, 24, 22
    steps, losses = [step for step, _ in history], [loss for _, loss in history]
    low, high = min(losses), max(losses)
    spread = (high - low) or 1.0
    base = height - bottom
    across, down = (width - left - 8) / steps[-1], (base - top) / spread
    points = " ".join(f"{left + across * step:.1f},{top + down * (high - loss):.1f}" for step, loss in history)
    title = say(request, "loss_curve")
    return f"""<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}: {losses[0]:.3f} … {losses[-1]:.3f}">
<text x="{left}" y="12">{title}</text>
<line class="axis" x1="{left}" y1="{base}" x2="{width}" y2="{base}"/>
<line class="axis" x1="{left}" y1="{top}" x2="{left}" y2="{base}"/>
<text x="{left - 6}" y="{top + 8}" text-anchor="end">{high:.2f}</text>
<text x="{left - 6}" y="{base}" text-anchor="end">{low:.2f}</text>
<text x="{width - 8}" y="{height - 6}" text-anchor="end">{steps[-1]}</text>
<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linejoin="round"/>
</svg>"""


def _add_learn_endpoint(studio: Studio) -> None:
    """Offer learning a style as the endpoint ``learn`` of the HTTP API."""
    from impasto.learning.settings import LearnSettings

    def learn(
        request: gr.Request,
        pictures: list[str],
        name: str = "",
        title: str = "",
        artist: str = "",
        year: str = "",
        licence: str = "",
        steps: int = LearnSettings.steps,
        save: bool = False,
    ) -> str:
        """Learn a style from one picture, or one from several: files in, a style file out. With save it is among the
        styles of the studio, too."""
        with show_errors_as_sentences(request):
            metadata: dict[str, str | None] = {"title": title, "artist": artist, "year": year, "licence": licence}
            settings = {"steps": int(steps)}

            def work(report: ReportFunction) -> tuple[Style, Path]:
                return _learn_from_uploads(studio, pictures or [], name, metadata, settings, report, save=save)

            return str(studio.jobs.result(work, request, "long")[1])

    inputs = [
        gr.File(visible=False, file_count="multiple", label="pictures"),
        *(gr.Textbox("", visible=False, label=key) for key in ("name", "title", "artist", "year", "licence")),
        gr.Number(LearnSettings.steps, visible=False, precision=0, label="steps"),
        gr.Checkbox(False, visible=False, label="save"),
    ]
    add_endpoint(learn, inputs, gr.File(visible=False, label="style"), name="learn", lane=studio.jobs.lane("long"))
