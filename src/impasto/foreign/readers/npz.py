"""NumPy's archives, as chainer writes its models."""

from __future__ import annotations

import io
import zipfile

import numpy as np

from impasto.foreign.contents import Array, Contents, DamagedError
from impasto.foreign.readers.archives import unpacked

_MOST_UNPACKED = 8  # how many times its size a file may unpack to; weights hardly shrink at all
_MOST_ARRAYS = 10_000
_HEADER = 1 << 16  # bytes that a header of an array takes at most


def read_npz(archive: zipfile.ZipFile, size: int) -> Contents:
    """Read an archive of arrays.

    Args:
        archive: all its members are arrays.
        size: bytes of the file.

    Raises:
        DamagedError: it contradicts itself, or unpacks to much more than it is.
    """
    members = archive.infolist()
    if len(members) > _MOST_ARRAYS or sum(info.file_size for info in members) > _MOST_UNPACKED * size:
        raise DamagedError("it unpacks to much more than the file has")
    arrays: dict[str, Array] = {}
    for info in members:
        arrays[info.filename.removesuffix(".npy")] = _array(unpacked(archive, info))
    return Contents("NumPy archive", arrays)


def _array(raw: bytes) -> Array:
    """An array of its file's bytes."""
    file = io.BytesIO(raw)
    try:
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, fortran, kind = read(file, max_header_size=_HEADER)
    except (ValueError, KeyError) as error:
        raise DamagedError("an array in it cannot be read") from error
    if kind.hasobject or any(side < 0 for side in shape):
        raise DamagedError("an array in it is of objects, which would have to be executed")
    count = 1
    for side in shape:
        count *= side
    if count * kind.itemsize != len(raw) - file.tell():
        raise DamagedError("an array in it has another size than it says")
    flat = np.frombuffer(raw, kind, count, file.tell())
    return flat.reshape(shape, order="F" if fortran else "C")
