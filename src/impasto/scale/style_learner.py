"""Thousands of styles: a :class:`StyleLearner` makes a style file of each picture of a job."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Unpack

from impasto.engines.devices import split_devices
from impasto.errors import StyleError
from impasto.files import explained, temporary_folder
from impasto.learning.api import learn_style
from impasto.learning.checks import made_from, settings_of
from impasto.learning.settings import Effort, LearnKeywords
from impasto.options import option_text
from impasto.pictures import messages
from impasto.scale.maker import Maker
from impasto.styles.files import bundled_network_id, read_style
from impasto.styles.style import SUFFIX
from impasto.version import __version__


class StyleLearner(Maker):
    """Learns a style of each picture, as :func:`impasto.learn_style` does.

    Args:
        effort: ``"quick"``, ``"draft"`` or ``"full"``.
        photos: photographs to practise on, where the learner runs.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        settings: fields of :class:`impasto.learning.settings.LearnSettings`.

    Raises:
        TrainingError: a setting is unknown, out of range or not for this effort.
        InputError: there is no such device.
    """

    def __init__(
        self,
        effort: Effort = "full",
        *,
        photos: str | Path | None = None,
        device: str = "auto",
        **settings: Unpack[LearnKeywords],
    ) -> None:
        settings_of(effort, settings, photos, caller=learn_style)
        split_devices(device)
        self.effort, self.photos, self.device, self.given = effort, photos, device, settings
        self.on_gpu = device == "cuda"

    @property
    def settings(self) -> str:  # type: ignore[override]
        """See :class:`Maker`."""
        said = {"effort": self.effort, "photos": self.photos and str(self.photos), **self.given}
        words = [f"{name}={option_text(value)}" for name, value in sorted(said.items()) if value is not None]
        return f"impasto {__version__} learn network={bundled_network_id()} {' '.join(words)}"

    def result_name(self, name: str) -> str:
        """See :class:`Maker`."""
        return PurePosixPath(name).with_suffix(SUFFIX).as_posix()

    def make(self, name: str, data: bytes) -> tuple[bytes, dict[str, Any]]:
        """See :class:`Maker`."""
        started = time.perf_counter()
        with _file(name, data) as picture:
            target = picture.with_suffix(SUFFIX)
            style = learn_style(
                picture, target, effort=self.effort, photos=self.photos, device=self.device, **self.given
            )
            made = target.read_bytes()
        return made, {"name": style.name, **style.metadata, "seconds": {"learn": time.perf_counter() - started}}

    def is_alike(self, result: bytes, name: str, read: Callable[[], bytes]) -> bool:
        """See :class:`Maker`."""
        with _file(name, read()) as picture, _file(self.result_name(name), result) as style:
            try:
                known = read_style(style).metadata.get("made_from")
            except StyleError:
                return False
            return known == made_from([picture], self.given, self.photos, effort=self.effort)


@contextmanager
def _file(name: str, data: bytes) -> Iterator[Path]:
    """A file of that name with some bytes, for as long as the block lasts."""
    with temporary_folder() as folder:
        path = folder / PurePosixPath(name).name
        with explained(path):
            path.write_bytes(data)
        with messages.called(path, name):
            yield path
