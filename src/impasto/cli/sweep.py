"""``impasto paint --sweep``: one labelled sheet over the values of an option."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace

import click

from impasto.cli.painting import Bar, Writer
from impasto.optimisation import api
from impasto.optimisation.recipe import DEFAULTS, Recipe
from impasto.optimisation.style_pictures import StylePicture
from impasto.pictures import contact_sheet
from impasto.pictures.picture import Picture

_LIMITS = ("max_memory", "max_pixels")  # numbers that change nothing in the picture


def paint_each(
    text: str,
    chosen: Recipe,
    picture: Picture,
    styles: Sequence[StylePicture],
    write: Writer,
    say: Callable[[str], None],
    *,
    hidden: bool,
) -> tuple[dict[str, list[float]], bool]:
    """Paint with each value of an option and lay the results out on one sheet.

    Args:
        text: ``OPTION=A,B,...``.
        hidden: show no bar.

    Returns:
        The last loss by value (none where nothing was iterated), and whether Ctrl-C ended the sweep; then, and where
        a value raises an error, the sheet holds what there is.
    """
    name, _, values = text.partition("=")
    field = name.strip().removeprefix("--").replace("-", "_")
    numeric = {
        item.name: getattr(DEFAULTS, item.name)
        for item in fields(Recipe)
        if isinstance(getattr(DEFAULTS, item.name), int | float) and item.type != "bool" and item.name not in _LIMITS
    } | {"size": 0, "learning_rate": 0.0}
    if field not in numeric:
        known = ", ".join(sorted(item.replace("_", "-") for item in numeric))
        raise click.UsageError(f"{name} cannot be swept; give a number's option such as {known}.")
    try:
        kind = type(numeric[field])
        recipes = [(value.strip(), replace(chosen, **{field: kind(value)})) for value in values.split(",")]
    except ValueError as error:
        raise click.UsageError(f"{text} is not an option and numbers; write it as content-weight=1,5,20.") from error
    cells: list[tuple[str, Picture]] = []
    losses: dict[str, list[float]] = {}
    interrupted = False
    try:
        for value, one in recipes:
            say(f"{name}={value}")
            job = api.OptimisationTask(picture, styles, one)
            with Bar(hidden) as bar:
                result = job.paint(callback=bar)
            cells.append((f"{name} {value}", job.picture(result.rgb)))
            losses[value] = result.losses[-1:]
            if interrupted := result.interrupted:
                break
    finally:  # a value that fails does not take what was painted before with it
        if cells:
            if interrupted or len(cells) < len(recipes):
                ended, so_far = ("Interrupted: ", ", the last as far as it came") if interrupted else ("", "")
                say(f"{ended}{len(cells)} of {len(recipes)} values are on the sheet{so_far}.")
            write.put(contact_sheet.contact_sheet(cells), f"{job.settings} sweep={text}")
    return losses, interrupted
