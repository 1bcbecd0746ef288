"""The texts of the page, as far as the server itself needs them: for the login page, which is there before the page.

A language is one file, ``page/texts/CODE.json``: its own ``name``, the ``texts`` of the page by key, and the ``errors``
of the library by the keys that they carry (:class:`impasto.errors.Sentence`). The page itself says everything else in
the visitor's language; the server answers with the English sentence, its key and its values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from impasto.errors import ImpastoError, Sentence

if TYPE_CHECKING:
    from starlette.requests import Request

COOKIE = "impasto_language"
"""Name of the cookie in which the switch of languages keeps the visitor's choice."""
DEFAULT_LANGUAGE = "en"
_FOLDER = resources.files("impasto.studio") / "page" / "texts"


@dataclass(frozen=True)
class Language:
    """A language of the page.

    Attributes:
        name: what the language calls itself, for the switch.
        texts: texts of the page by key; names in braces are filled in where a text is used.
        errors: sentences for errors and notices of the library, by their keys.
    """

    name: str
    texts: Mapping[str, str]
    errors: Mapping[str, str]


@cache
def language(code: str) -> Language:
    """A language by its code."""
    return Language(**json.loads((_FOLDER / f"{code}.json").read_text(encoding="utf-8")))


@cache
def language_codes() -> tuple[str, ...]:
    """The codes of all languages, English first, the others sorted."""
    codes = sorted(item.name.removesuffix(".json") for item in _FOLDER.iterdir() if item.name.endswith(".json"))
    return tuple(sorted(codes, key=lambda code: code != DEFAULT_LANGUAGE))


def language_names() -> dict[str, str]:
    """What each language calls itself, by its code: the page's file ``texts/languages.json``."""
    return {code: language(code).name for code in language_codes()}


def language_of(request: Request) -> str:
    """The code of the language of a request: the switch's cookie, else the browser's preference, else English."""
    codes = language_codes()
    chosen = request.cookies.get(COOKIE, "")
    if chosen in codes:
        return chosen
    for item in request.headers.get("accept-language", "").split(","):
        code = item.split(";")[0].strip().lower()[:2]
        if code in codes:
            return code
    return DEFAULT_LANGUAGE


def say(request: Request, key: str) -> str:
    """A text in the language of a request."""
    return language(language_of(request)).texts[key]


def as_note(said: ImpastoError | str) -> dict[str, Any]:
    """A sentence of the library for the page: ``text`` in English, and its ``key`` and ``values`` if it has them."""
    if isinstance(said, ImpastoError | Sentence):
        return {"text": str(said), "key": said.key, "values": said.values}
    return {"text": said, "key": "", "values": {}}
