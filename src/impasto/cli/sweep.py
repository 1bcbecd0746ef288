"""``impasto paint --sweep``: one labelled sheet over the values of an option."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import click

from impasto.cli.paint_run import ResultWriter
from impasto.cli.progress import optimisation_bar
from impasto.optimisation import api
from impasto.optimisation.recipe import Recipe
from impasto.optimisation.style_pictures import StylePicture
from impasto.options import option_default, option_facts
from impasto.pictures import contact_sheet
from impasto.pictures.picture import Picture


def paint_each(
    text: str,
    recipe: Recipe,
    picture: Picture,
    styles: Sequence[StylePicture],
    writer: ResultWriter,
    print_line: Callable[[str], None],
    *,
    hidden: bool,
) -> tuple[dict[str, list[float]], bool]:
    """Paint with each value of an option and lay the results out on one sheet.

    Args:
        text: ``OPTION=A,B,...``.
        recipe: how to paint; the swept option's value in it does not count.
        picture: the photograph.
        styles: the style pictures.
        writer: gets the sheet.
        print_line: takes a line for the user.
        hidden: show no bar.

    Returns:
        The last loss by value (none where nothing was iterated), and whether Ctrl-C ended the sweep; then, and where
        a value raises an error, the sheet holds what there is.
    """
    name, _, values = text.partition("=")
    field = name.strip().removeprefix("--").replace("-", "_")
    numeric: dict[str, Any] = {
        known: default
        for known, facts in option_facts(Recipe).items()
        if isinstance(default := option_default(Recipe, known), int | float)
        and not isinstance(default, bool)
        and facts.noted
    } | {"size": 0, "learning_rate": 0.0}
    if field not in numeric:
        known = ", ".join(sorted(item.replace("_", "-") for item in numeric))
        raise click.UsageError(f"{name} cannot be swept; give a number's option such as {known}.")
    try:
        kind = type(numeric[field])
        recipes = [(value.strip(), replace(recipe, **{field: kind(value)})) for value in values.split(",")]
    except ValueError as error:
        raise click.UsageError(f"{text} is not an option and numbers; write it as content-weight=1,5,20.") from error
    cells: list[tuple[str, Picture]] = []
    losses: dict[str, list[float]] = {}
    interrupted = False
    try:
        for value, swept in recipes:
            print_line(f"{name}={value}")
            task = api.OptimisationTask(picture, styles, swept)
            with optimisation_bar(hidden=hidden) as show:
                result = task.paint(progress=show)
            cells.append((f"{name} {value}", task.picture(result.rgb)))
            losses[value] = result.losses[-1:]
            if interrupted := result.interrupted:
                break
    finally:  # if a value fails, the sheet still shows what was painted before
        if cells:
            if interrupted or len(cells) < len(recipes):
                ended, so_far = ("Interrupted: ", ", the last as far as it came") if interrupted else ("", "")
                print_line(f"{ended}{len(cells)} of {len(recipes)} values are on the sheet{so_far}.")
            writer.write(contact_sheet.contact_sheet(cells), f"{task.note} sweep={text}")
    return losses, interrupted
