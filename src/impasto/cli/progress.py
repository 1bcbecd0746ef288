"""Progress of learning on standard error, the same wherever a picture is given as a style."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from impasto.learning.api import LearningProgress, is_style_cached, learn_cached_style
from impasto.styles.blending import parse_style
from impasto.styles.catalogue import is_picture_path

_STAGES = {"style": "learning", "network": "fitting the network"}


@contextmanager
def learning_bar(label: str, quiet: bool) -> Iterator[Callable[[LearningProgress], None]]:
    """A bar for one style; yields what is to be called after each step."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("step {task.fields[step]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[now]}"),
    )
    with Bar(*columns, console=Console(stderr=True), disable=quiet) as bar:
        task = bar.add_task(label, total=1.0, step=0, now="")

        def show(at: LearningProgress) -> None:
            now = "  ".join(f"{name} {at.losses[name]:.3f}" for name in ("content", "style") if name in at.losses)
            bar.update(task, completed=at.share, step=at.step, now=now, description=f"{label}: {_STAGES[at.stage]}")

        yield show


def learn_pictures(styles: Iterable[str], *, quiet: bool = False) -> None:
    """Learn those of the given styles that are pictures and not in the cache yet, so that all can be loaded at once."""
    for item in styles:
        name, _ = parse_style(item)
        path = Path(name)
        if is_picture_path(path) and path.is_file() and not is_style_cached(path):
            with learning_bar(path.name, quiet) as show:
                learn_cached_style(path, show)
