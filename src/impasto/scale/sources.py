"""Sources of pictures to shards: folders, patterns, lists of files, tars and Parquet files, here or at a URL."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from impasto.errors import InputError
from impasto.feedforward.tasks import expand_inputs, is_in_results, pictures_in
from impasto.pictures.formats import RAW_SUFFIXES
from impasto.scale import places
from impasto.scale.containers import count_tar, is_picture, local_parquet, plan_parquet, read_parquet, read_tar
from impasto.scale.places import Place, as_place, is_url, local_copy, name_of
from impasto.scale.shards import Item, Shard

log = logging.getLogger(__name__)

SHARD_PICTURES = 1000  # pictures of a shard, at most, where they are single files
_LIST_SUFFIXES = (".txt", ".list", ".lst")
_TARS = (".tar", ".tar.gz", ".tgz")
_PARQUET = (".parquet", ".pq")
_CONTAINER_SUFFIXES = (".tar", ".tgz", ".parquet", ".pq")  # of names, after the last dot


@dataclass(frozen=True)
class Picture:
    """A picture of a shard, or a file that lies beside pictures in a tar.

    Attributes:
        name: what it is called within the source.
        place: where its bytes are; ``None``: in ``data``.
        size: bytes of the file at the place.
        data: its bytes, where they are read already.
        beside: whether it is no picture, and goes along as it is.
    """

    name: str
    place: Place | None = None
    size: int | None = None
    data: bytes | None = None
    beside: bool = False


def is_source_of_many(source: object) -> bool:
    """Whether a source is more than the files and folders that ``impasto apply`` paints by itself."""
    text = str(source).partition("#")[0].lower()
    return is_url(source) or text.endswith((*_TARS, *_PARQUET, *_LIST_SUFFIXES))


def shards_of(sources: Sequence[str | Path], most: int = SHARD_PICTURES, sink: Place | None = None) -> Iterator[Shard]:
    """Cut sources into shards. Pictures are listed, not read; each tar is one shard.

    Args:
        sources: folders, patterns, files, list files, tars and Parquet files, as paths or URLs.
        most: pictures of a shard.
        sink: where results go; what lies in it is no source.

    Raises:
        InputError: a source is not there, or there is no picture in it.
    """
    if not most >= 1:
        raise InputError(f"A shard of {most} pictures holds none; give 1 or more.")
    index, empty = 0, True
    for place, items in _grouped(_listed(_expanded(sources), sink)):
        for shard in _cut(place, items, most):
            yield Shard(index, **shard)
            index, empty = index + 1, empty and shard["pictures"] == 0
    if empty:
        raise InputError(f"There is no picture in {', '.join(map(str, sources))}; give others.")


def _expanded(sources: Sequence[str | Path]) -> Iterator[str | Path]:
    """Sources with list files and ``{0000..0010}`` replaced by what they stand for."""
    for source in sources:
        text = str(source)
        if found := re.search(r"\{(\d+)\.\.(\d+)\}", text):
            width = len(found[1]) if found[1].startswith("0") or len(found[1]) == len(found[2]) else 0
            for number in range(int(found[1]), int(found[2]) + 1):
                yield from _expanded([f"{text[: found.start()]}{number:0{width}}{text[found.end() :]}"])
        elif text.lower().endswith(_LIST_SUFFIXES):
            lines = places.read(as_place(text)).decode("utf-8-sig", "surrogateescape").splitlines()
            folder = text.rpartition("/")[0] if is_url(text) else str(Path(text).parent)
            for line in filter(None, (line.strip() for line in lines)):
                absolute = is_url(line) or os.path.isabs(line)  # noqa: PTH117 (a URL is no path)
                yield from _expanded([line if absolute else str(places.join(as_place(folder), line))])
        else:
            yield source


def _listed(sources: Iterable[str | Path], sink: Place | None) -> Iterator[tuple[str, Place, Item]]:
    """All files of sources, each with the folder that it was found in: folder, file and facts.

    Raises:
        InputError: a source is not there, or there is no picture in a folder.
    """
    for source in sources:
        place, column = _without_column(str(source))
        if isinstance(place, str):
            yield from (found for found in _listed_at_url(place, column) if not _is_result(found[1], sink))
            continue
        for file, relative in _files_here(place):
            folder = file.absolute().parents[len(relative.parts) - 1]
            in_results = isinstance(sink, Path) and is_in_results(relative, folder.resolve(), sink.resolve())
            if in_results or _is_result(file.absolute(), sink):
                continue
            about = places.entry_of(file)
            if about is None:
                raise InputError(f"There is no {file}; check its name and folder.")
            yield str(folder), file, Item(relative.as_posix() + column, about.size, about.stamp)


def _files_here(place: Path) -> list[tuple[Path, Path]]:
    """The files of a source on this machine, and their paths relative to the folder that they are found in.

    Raises:
        InputError: there is no picture in a folder, or nothing matches a pattern.
    """
    if place.is_dir():
        containers = pictures_in(place, _CONTAINER_SUFFIXES)
        return [*(expand_inputs([place]) if not containers or pictures_in(place) else []), *containers]
    if _is_container(place) and (place.exists() or not any(sign in str(place) for sign in "*?[")):
        return [(place.absolute(), Path(place.name))]
    return expand_inputs([place])


def _is_result(place: Place, sink: Place | None) -> bool:
    """Whether a file lies where results go: in the folder of a URL, or among the tars."""
    where = str(sink)
    if where.endswith(".tar"):
        return (
            re.fullmatch(rf"{re.escape(where.removesuffix('.tar'))}-\d{{6}}-[0-9a-f]{{16}}\.tar", str(place))
            is not None
        )
    return str(place).startswith(f"{where.rstrip('/')}/")


def _listed_at_url(url: str, column: str) -> Iterator[tuple[str, Place, Item]]:
    """The same of one URL."""
    if any(sign in url for sign in "*?["):
        found = places.glob(url)
        fixed = re.split(r"[*?\[]", url, maxsplit=1)[0].rpartition("/")[0]
        for match, about in found:
            if is_picture(about.name) or _is_container(match):
                yield fixed, match, Item(match.removeprefix(f"{fixed}/") + column, about.size, about.stamp)
        if not found:
            raise InputError(f"Nothing matches {url}; check the pattern.")
        return
    if (entry := places.entry_of(url)) is not None:
        yield url.rpartition("/")[0], url, Item(entry.name + column, entry.size, entry.stamp)
        return
    inside = places.find(url)
    taken = [entry for entry in inside if is_picture(entry.name) or _is_container(entry.name)]
    if raw := [entry for entry in inside if PurePosixPath(entry.name).suffix.lower() in RAW_SUFFIXES]:
        log.warning("%s: raw photographs of a camera are left out (%d); develop them first.", raw[0].name, len(raw))
    if not taken:
        raise InputError(f"There is no picture at {url}; check the address.")
    for one in taken:
        yield url.rstrip("/"), places.join(url, one.name), Item(one.name + column, one.size, one.stamp)


def _without_column(text: str) -> tuple[Place, str]:
    """A place, and ``#COLUMN`` behind the name of a Parquet file."""
    head, sign, column = text.rpartition("#")
    return (as_place(head), sign + column) if sign and head.lower().endswith(_PARQUET) else (as_place(text), "")


def _is_container(place: Place) -> bool:
    """Whether a file holds many pictures, by its name."""
    return name_of(place).lower().endswith((*_TARS, *_PARQUET))


def _grouped(listed: Iterable[tuple[str, Place, Item]]) -> Iterator[tuple[Place, list[Item]]]:
    """Runs of picture files of one folder, and each tar and Parquet file for itself; what comes twice is taken once.

    Single files of several folders are named from the folder that all of them share.
    """
    seen: set[str] = set()
    run: list[tuple[str, Place, Item]] = []

    def finished() -> Iterator[tuple[Place, list[Item]]]:
        """The run so far."""
        folders = {folder for folder, _, _ in run}
        if len(folders) > 1:
            yield as_place(""), _named_from_shared_folder([(place, item) for _, place, item in run])
        elif run:
            yield as_place(run[0][0]), [item for _, _, item in run]
        run.clear()

    for folder, place, item in listed:
        if str(place) in seen:
            continue
        seen.add(str(place))
        if _is_container(place):
            yield from finished()
            yield place, [item]
        else:
            run.append((folder, place, item))
    yield from finished()


def _named_from_shared_folder(files: list[tuple[Place, Item]]) -> list[Item]:
    """Files of several folders, named by what their paths do not share."""
    texts = [str(place.absolute() if isinstance(place, Path) else place) for place, _ in files]
    folders = [text.replace("\\", "/").split("/")[:-1] for text in texts]
    together = enumerate(zip(*folders, strict=False))
    shared = next((place for place, parts in together if len(set(parts)) > 1), min(map(len, folders)))

    names = ["/".join(text.replace("\\", "/").split("/")[shared:]) for text in texts]
    return [
        Item(re.sub(r"^\w[\w+.-]+://", "", name).lstrip("/"), item.size, item.stamp, text)
        for name, text, (_, item) in zip(names, texts, files, strict=True)
    ]


def _cut(place: Place, items: list[Item], most: int) -> Iterator[dict[str, Any]]:
    """The fields of the shards of a run of files, or of one file that holds many."""
    if not (len(items) == 1 and _is_container(place)):
        pending = iter(items)
        while part := tuple(islice(pending, most)):
            size = sum(item.size for item in part)
            folder = "" if part[0].place else str(place)
            yield {"kind": "files", "place": folder, "items": part, "size": size, "pictures": len(part)}
        return
    item, shown = items[0], str(place)
    about: dict[str, Any] = {
        "place": shown,
        "size": item.size,
        "stamp": item.stamp,
        "within": item.name.partition("#")[0].rpartition("/")[0],
    }
    if shown.lower().endswith(_TARS):
        counted = count_tar(place, shown) if isinstance(place, Path) else None
        yield about | {"kind": "tar", "pictures": counted}
        return
    with local_parquet(place, item.size) as copy:
        column, parts = plan_parquet(copy, shown, item.name.partition("#")[2], most)
    for first, last, rows in parts:
        yield about | {"kind": "parquet", "column": column, "groups": (first, last), "pictures": rows}


def file_of(shard: Shard, files: ExitStack) -> Path | None:
    """The local file in which the pictures of a shard are; ``None``: each is a file.

    Args:
        shard: the shard.
        files: keeps a local copy of a file far away, until it is closed.

    Raises:
        InputError: it is not there, or cannot be read.
        OutputError: there is no space for the copy.
    """
    if shard.kind == "tar":
        return files.enter_context(local_copy(shard.folder, shard.size))
    if shard.kind == "parquet":
        return files.enter_context(local_parquet(shard.folder, shard.size, shard.column, shard.groups))
    return None


def pictures_of(shard: Shard, copy: Path | None) -> Iterator[Picture]:
    """The pictures of a shard, in order; those of a tar or a Parquet file with their bytes.

    Args:
        shard: the shard.
        copy: its file, see :func:`file_of`.

    Raises:
        InputError: the tar or Parquet file cannot be read.
    """
    if copy is None:
        for item in shard.items:
            yield Picture(item.name, shard.place_of(item), item.size)
        return
    if shard.kind == "tar":
        for name, data in read_tar(copy, shard.place):
            yield Picture(f"{shard.stem}/{name}", data=data, beside=not is_picture(name))
        return
    for name, data in read_parquet(copy, shard.place, shard.column, shard.groups):
        yield Picture(f"{shard.stem}/{name}", data=data)
