"""What all tabs of a studio share."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from impasto.studio.jobs import Jobs
from impasto.studio.previews import Originals, Thumbnails
from impasto.studio.settings import ServerSettings
from impasto.studio.uploads import Uploads


class Studio:
    """One running studio.

    Args:
        settings: its limits.
        folder: where its temporary files lie.

    Attributes:
        jobs: runs what takes time.
        uploads: what visitors send, checked.
        originals: photographs at the size of a preview, decoded.
    """

    def __init__(self, settings: ServerSettings, folder: Path) -> None:
        self.settings, self.folder = settings, folder
        self.jobs = Jobs(settings)
        self.uploads = Uploads(settings, folder)
        self.originals = Originals(self.uploads)

    @cached_property
    def thumbnails(self) -> Thumbnails:
        """Every style on the studio's own photograph."""
        return Thumbnails()
