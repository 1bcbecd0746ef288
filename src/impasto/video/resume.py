"""What an interrupted job leaves behind, so that the next run goes on."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import OutputError
from impasto.files import atomic_path

_STATE = "state.npz"
_FACTS = "facts"
_EDITION = 2  # of the arrays that stabilisers save; another number has what an older Impasto left thrown away


class WorkFolder:
    """A hidden folder beside the result, with finished segments and the state after the last of them.

    Args:
        target: the result; a pattern of pictures, too.
        recipe: everything that the result depends on. What another recipe left is thrown away.
    """

    def __init__(self, target: Path, recipe: Mapping[str, Any]) -> None:
        name = "".join("_" if sign in "%[]{}" else sign for sign in target.name)
        self.folder = target.parent / f".{name}.impasto"
        text = json.dumps([_EDITION, recipe], sort_keys=True, default=str)
        self.key = hashlib.sha256(text.encode()).hexdigest()

    def __enter__(self) -> WorkFolder:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """After a failure, leave nothing that there is nothing to go on from."""
        if kind is not None and not (self.folder / _STATE).exists():
            self.remove()

    def open(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Facts and arrays that an earlier run of the same recipe saved; empty if there are none."""
        path = self.folder / _STATE
        try:
            with np.load(path) as file:
                arrays = {name: file[name] for name in file.files}
            facts: dict[str, Any] = json.loads(str(arrays.pop(_FACTS)))
        except (OSError, ValueError, KeyError, EOFError):
            facts, arrays = {}, {}
        if facts.get("key") != self.key:
            self.remove()
            facts, arrays = {}, {}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self.folder.parent} cannot be written to ({error.strerror}): choose another folder."
            ) from error
        return facts, arrays

    def save(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Remember where the job stands."""
        stored: dict[str, Any] = {_FACTS: json.dumps({**facts, "key": self.key}), **arrays}
        with atomic_path(self.folder / _STATE) as temporary, temporary.open("wb") as file:
            np.savez(file, **stored)

    def remove(self) -> None:
        """Forget everything."""
        shutil.rmtree(self.folder, ignore_errors=True)
