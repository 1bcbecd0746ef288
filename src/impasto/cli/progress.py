"""Progress of learning on standard error, the same wherever a picture is given as a style."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from impasto.learning.api import LearningProgress, is_remembered, learnt_style, with_learnt_pictures
from impasto.styles.blending import WeightedStyleLike
from impasto.styles.style import Style

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


def learn_pictures(styles: Iterable[str], *, quiet: bool = False) -> list[WeightedStyleLike]:
    """The given styles, with learnt styles in the place of pictures; see :func:`with_learnt_pictures`."""
    return with_learnt_pictures(styles, lambda picture: learn_picture(picture, quiet=quiet))


def learn_picture(picture: Path, *, quiet: bool = False) -> Style:
    """The style of a picture, with a bar while it is learnt, if it is not in the cache yet."""
    if is_remembered(picture):
        return learnt_style(picture)
    with learning_bar(picture.name, quiet) as show:
        return learnt_style(picture, show)
