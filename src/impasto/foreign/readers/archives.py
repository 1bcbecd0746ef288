"""Members of zip archives, unpacked to no more than they say."""

from __future__ import annotations

import zipfile

from impasto.foreign.contents import DamagedError


def unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member of an archive; one byte more than it says is asked for, and no more is ever unpacked.

    Raises:
        DamagedError: it has another size than it says.
    """
    with archive.open(member) as file:
        raw = file.read(member.file_size + 1)
    if len(raw) != member.file_size:
        raise DamagedError("a part of it has another size than it says")
    return raw
