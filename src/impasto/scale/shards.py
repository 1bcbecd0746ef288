"""What is to be painted, cut into shards: each a few hundred or thousand pictures that are finished together."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any, Literal

from impasto.scale.places import Place, as_place, join, name_of

Kind = Literal["files", "tar", "parquet"]


@dataclass(frozen=True)
class Item:
    """One picture file of a shard.

    Attributes:
        name: what it is called within the source, with ``/``; its result is named after it.
        size: bytes.
        stamp: text that changes when the file does.
        place: the file, where it does not lie under its name in the shard's folder; empty: it does.
    """

    name: str
    size: int
    stamp: str
    place: str = ""


@dataclass(frozen=True)
class Shard:
    """Pictures that are painted and finished together.

    Attributes:
        index: number of the shard, from 0.
        kind: ``"files"``: each picture is a file; ``"tar"``, ``"parquet"``: all are in one file.
        place: the folder of the files, or the one file; empty: each item has a place of its own.
        items: the pictures of ``"files"``.
        size: bytes of all of it.
        stamp: of the one file.
        pictures: how many there are; ``None``: not counted, as in a tar far away.
        column: of a Parquet file, that with the pictures.
        groups: of a Parquet file, the first row group and the one after the last.
        within: of one file found in a folder, its own folder there.
    """

    index: int
    kind: Kind
    place: str = ""
    items: tuple[Item, ...] = ()
    size: int = 0
    stamp: str = ""
    pictures: int | None = None
    column: str = ""
    groups: tuple[int, int] = (0, 0)
    within: str = ""

    @property
    def stem(self) -> str:
        """The folder of the names of the pictures in one file."""
        name = re.sub(r"\.(tar(\.gz)?|tgz|parquet|pq)$", "", name_of(self.folder), flags=re.IGNORECASE)
        return f"{self.within}/{name}" if self.within else name

    @property
    def folder(self) -> Place:
        """The place of the folder or the one file."""
        return as_place(self.place)

    def place_of(self, item: Item) -> Place:
        """The file of a picture."""
        return as_place(item.place) if item.place else join(self.folder, item.name)

    def to_json(self) -> str:
        """One line for the manifest."""
        values = {name: value for name, value in asdict(self).items() if value not in ((), "", None, (0, 0))}
        if self.items:
            facts = ([item.name, item.size, item.stamp, item.place] for item in self.items)
            values["items"] = [fact if fact[-1] else fact[:-1] for fact in facts]
        return json.dumps(values)

    @classmethod
    def from_json(cls, line: str) -> Shard:
        """A shard from its line in the manifest."""
        values: dict[str, Any] = json.loads(line)
        values["items"] = tuple(Item(*item) for item in values.get("items", ()))
        values["groups"] = tuple(values.get("groups", (0, 0)))
        return cls(**values)

    def name(self, settings: str) -> str:
        """The name of the shard's result: its number, and a hash of what goes in and how it is painted.

        Args:
            settings: one line with style, options and version.
        """
        about = self.to_json().partition(",")[2]  # the number, which comes first, is no input
        return f"{self.index:06}-{hashlib.sha256((about + settings).encode()).hexdigest()[:16]}"
