"""What an interrupted run leaves behind, so that the next run of the same task goes on from there."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.files import atomic_path, explained

_STATE_FILE = "state.npz"  # name of the file, in the work folder, that says how far the task is
_FACTS = "facts"  # name of the entry of the state file that holds plain values as JSON
_EDITION = 3  # number of the layout of stabilisers' arrays; to raise it makes states of older versions count as other


class WorkFolder:
    """A hidden folder beside the result, with finished segments and the state after the last of them.

    Args:
        target: the path of the result, or its pattern.
        dependencies: everything that the result depends on. A folder that was left with other ones is emptied.

    Attributes:
        folder: the path of the work folder.
        key: a hash of the dependencies.
    """

    def __init__(self, target: Path, dependencies: Mapping[str, Any]) -> None:
        name = "".join("_" if sign in "%[]{}" else sign for sign in target.name)
        self.folder = target.parent / f".{name}.impasto"
        text = json.dumps([_EDITION, dependencies], sort_keys=True, default=str)
        self.key = hashlib.sha256(text.encode()).hexdigest()

    def __enter__(self) -> WorkFolder:
        """Guard the folder against a failure; see :meth:`__exit__`."""
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """After a failure before anything was saved, remove the folder: no run could go on from it."""
        if kind is not None and not (self.folder / _STATE_FILE).exists():
            self.remove()

    def found_key(self) -> str | None:
        """The key of what an interrupted run has left in the folder; ``None``: there is nothing to go on with."""
        try:
            with np.load(self.folder / _STATE_FILE) as file:
                return str(json.loads(str(file[_FACTS])).get("key"))
        except (OSError, ValueError, KeyError, EOFError):
            return None

    def open(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Make the folder, and load what an earlier run with the same dependencies saved.

        Returns:
            Plain values and arrays by name, as :meth:`save` took them; empty if there are none.

        Raises:
            OutputError: the folder cannot be made.
        """
        path = self.folder / _STATE_FILE
        try:
            with np.load(path) as file:
                arrays = {name: file[name] for name in file.files}
            facts: dict[str, Any] = json.loads(str(arrays.pop(_FACTS)))
        except Exception:  # it is not there, or damaged, which can make NumPy raise anything
            facts, arrays = {}, {}
        if facts.get("key") != self.key:
            self.remove()
            facts, arrays = {}, {}
        with explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        return facts, arrays

    def save(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Save how far the task is: plain values (``facts``) and arrays."""
        stored: dict[str, Any] = {_FACTS: json.dumps({**facts, "key": self.key}), **arrays}
        with atomic_path(self.folder / _STATE_FILE) as temporary, temporary.open("wb") as file:
            np.savez(file, **stored)

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
