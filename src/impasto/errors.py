"""Everything that Impasto raises on purpose.

::

    ImpastoError                 exit status 1
    ├── InputError               3  a picture, mask or folder that cannot be read or used
    │   └── OutOfMemoryError     3  a picture that needs more memory than there is
    ├── OutputError              4  a result that cannot be written (path, permission, full disk)
    ├── StyleError               5  an unknown style, or a style file that cannot be used
    ├── MissingExtraError        6  an optional package is not installed
    ├── DownloadError            7  weights could not be fetched or verified
    ├── TrainingError            8  training cannot start or had to stop (settings, data, NaN)
    ├── PartialError             9  some files of a batch failed; the others were written
    └── TruncatedError          10  a video ends before its end; what it holds was painted and written

Each message is one sentence that says what is wrong and what to do about it. It stands where it is raised; those of
failed writes (full disk, permission) are in :func:`impasto.files.explain_write_error`. Where the page can show it, it
has a key and values as well, from which the page says it in the visitor's language.
Status 2 is the command line's own (unknown option, missing argument), 130 is Ctrl-C.
"""

from __future__ import annotations

from typing import Any

from impasto.version import install_command


def first_line(error: BaseException) -> str:
    """What another library's error says, for a sentence of ours: its first line, without a full stop, or its name."""
    lines = str(error).strip().splitlines()
    return (lines[0].strip().rstrip(".:")[:200] if lines else "") or type(error).__name__


class Sentence(str):
    """A sentence for people, which knows how to be said in another language.

    Args:
        text: the sentence in English.
        key: key of its translations; empty where there are none.
        values: what the translation puts into its places, by their names: texts and numbers.
    """

    key: str
    values: dict[str, Any]

    def __new__(cls, text: str, key: str = "", **values: Any) -> Sentence:
        """Make the sentence."""
        sentence = super().__new__(cls, text)
        sentence.key, sentence.values = key, values
        return sentence


class ImpastoError(Exception):
    """Base of all errors that Impasto raises on purpose.

    Args:
        sentence: what is wrong and what to do, in English; a :class:`Sentence` brings its key and values.
        key: key of its translations; empty where there are none.
        values: what the translation puts into its places, by their names: texts and numbers.
    """

    exit_status = 1

    def __init__(self, sentence: str = "", *, key: str = "", **values: Any) -> None:
        super().__init__(sentence)
        self.key: str = key or getattr(sentence, "key", "")
        self.values: dict[str, Any] = values or getattr(sentence, "values", {})


class InputError(ImpastoError):
    """A picture, mask, weights file or folder cannot be read or used."""

    exit_status = 3


class OutOfMemoryError(InputError):
    """A picture needs more memory than there is."""


class OutputError(ImpastoError):
    """A result cannot be written."""

    exit_status = 4


class StyleError(ImpastoError):
    """A style is unknown, or its file cannot be used."""

    exit_status = 5


class MissingExtraError(ImpastoError):
    """An optional package is needed and not installed.

    Args:
        what: the thing that was asked for, for example ``"training"``.
        extra: the extra that brings it, for example ``"train"``.
    """

    exit_status = 6

    def __init__(self, what: str, extra: str) -> None:
        command = install_command(extra)
        super().__init__(f"{what} needs an optional package: {command}", key="missing_extra", command=command)
        self.extra = extra


class DownloadError(ImpastoError):
    """Weights could not be downloaded or did not verify."""

    exit_status = 7


class TrainingError(ImpastoError):
    """Training cannot start, or had to stop."""

    exit_status = 8


class PartialError(ImpastoError):
    """Some files of a batch failed; all others were written."""

    exit_status = 9


class TruncatedError(ImpastoError):
    """A video ends before its end; what it holds was painted and written."""

    exit_status = 10
