"""The objects that all tabs and visitors of a studio share."""

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
        folder: folder for its temporary files, which exists.

    Attributes:
        jobs: runs the visitors' jobs.
        uploads: checks the files that visitors send, and makes room for results.
        originals: uploaded photographs, decoded at the size of a preview.
    """

    def __init__(self, settings: ServerSettings, folder: Path) -> None:
        self.settings, self.folder = settings, folder
        self.jobs = Jobs(settings)
        self.uploads = Uploads(settings, folder)
        self.originals = Originals(self.uploads)

    @cached_property
    def thumbnails(self) -> Thumbnails:
        """Thumbnails of every style, painted on the studio's own photograph when first asked for."""
        return Thumbnails()
