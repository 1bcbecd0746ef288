"""``impasto learn --on``: a style of each of many pictures, in several processes or on a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from impasto.cli.apply_job import JobOptions, work_through
from impasto.cli.options import PathOrUrl
from impasto.scale.style_learner import StyleLearner


def learn_each(
    pictures: Sequence[PathOrUrl],
    output: PathOrUrl | None,
    learner: StyleLearner,
    how: JobOptions,
    of_one_style: Mapping[str, Any],
) -> None:
    """Learn a style of each picture, and say how it went.

    Args:
        pictures: what is learnt from: folders, files, lists, tars, a job folder; or their URLs.
        output: the folder of style files, or a name in ``.tar``; or its URL.
        learner: how each is learnt.
        how: the options that concern the job.
        of_one_style: options of the command that only one style can have, with what was given for them.

    Raises:
        UsageError: one of these was given, or there is no output.
        PartialError: some pictures failed; the styles of the others were written.
    """
    for name, value in of_one_style.items():
        if value:
            raise click.UsageError(f"--{name} is for a single style; leave it out, or leave --on out.")
    work_through(pictures, None if output is None else str(output), learner, how, "Learning")
