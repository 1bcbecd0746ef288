"""The texts of the page in the visitor's language.

A language is one file, ``languages/CODE.json``: its own ``name``, the ``texts`` of the page by key, and the ``errors``
of the library by the names in :mod:`impasto.studio.error_patterns`. Labels are translate in the browser
(:func:`label`), messages where they arise (:func:`say`). Both follow the browser's language unless the visitor has
chosen with the switch, which leaves a cookie.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any

import gradio as gr
from gradio.i18n import I18nData

from impasto.errors import ImpastoError
from impasto.studio.error_patterns import ERROR_PATTERNS

log = logging.getLogger(__name__)

COOKIE = "impasto_language"
"""Name of the cookie in which the switch of languages keeps the visitor's choice."""
DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True)
class Language:
    """A language of the page.

    Attributes:
        name: what the language calls itself, for the switch.
        texts: texts of the page by key; names in braces are filled in where a text is used.
        errors: sentences for errors of the library, by the names in :data:`ERROR_PATTERNS`; ``{0}`` is the first group
            of the pattern.
    """

    name: str
    texts: Mapping[str, str]
    errors: Mapping[str, str]


def _load_languages() -> dict[str, Language]:
    """All languages by code, English first, the others sorted."""
    folder = resources.files("impasto.studio") / "languages"
    codes = sorted(item.name.removesuffix(".json") for item in folder.iterdir() if item.name.endswith(".json"))
    codes.sort(key=lambda code: code != DEFAULT_LANGUAGE)
    return {code: Language(**json.loads((folder / f"{code}.json").read_text(encoding="utf-8"))) for code in codes}


LANGUAGES = _load_languages()
"""The languages of the page by their code."""


def label(key: str, default: str | None = None) -> Any:
    """A text for a component, which the browser shows in its own language.

    Args:
        key: key of the text.
        default: what is shown where there is no such text; ``None``: there has to be one.

    Raises:
        KeyError: there is no such text, and no default.
    """
    if key not in LANGUAGES[DEFAULT_LANGUAGE].texts:
        if default is not None:
            return default
        raise KeyError(key)
    return I18nData(key)


def translations() -> gr.I18n:
    """All texts in all languages, in Gradio's form."""
    return gr.I18n(**{code: dict(language.texts) for code, language in LANGUAGES.items()})


def by_language(key: str) -> dict[str, str]:
    """A text in all languages, by the language's code, for the scripts in ``static``."""
    return {code: language.texts[key] for code, language in LANGUAGES.items()}


def language_names() -> dict[str, str]:
    """What each language calls itself, by its code, for the switch."""
    return {code: language.name for code, language in LANGUAGES.items()}


def language_of(request: Any) -> str:
    """The code of the language of a request: the switch's cookie, else the browser's preference, else English.

    Args:
        request: Gradio's or Starlette's request; ``None`` if there is none.
    """
    if request is None:
        return DEFAULT_LANGUAGE
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return str(chosen)
    for item in str(request.headers.get("accept-language", "")).split(","):
        code = item.split(";")[0].strip().lower()[:2]
        if code in LANGUAGES:
            return code
    return DEFAULT_LANGUAGE


def say(request: Any, key: str, **values: Any) -> str:
    """A text in the language of a request.

    Args:
        request: Gradio's or Starlette's request; ``None`` if there is none.
        key: Key of the text.
        values: Values for the names in braces in the text.
    """
    return LANGUAGES[language_of(request)].texts[key].format(**values)


def error_sentence(request: Any, error: ImpastoError) -> str:
    """The sentence of a library error, in the language of a request if there is a translation, else in English."""
    return translate(request, str(error))


def translate(request: Any, text: str) -> str:
    """A sentence of the library in the language of a request if there is a translation, else unchanged.

    English has translations, too: sentences that name an option of the command line get one that names the page.
    """
    errors = LANGUAGES[language_of(request)].errors
    for name, pattern in ERROR_PATTERNS:
        if name in errors and (found := re.search(pattern, text, re.DOTALL)):
            return errors[name].format(*found.groups())
    return text


@contextmanager
def show_errors_as_sentences(request: Any) -> Iterator[None]:
    """Show errors that the block raises as one sentence in the page.

    Errors of the library are shown in the language of the request; any other error is logged and shown as a general
    sentence.

    Args:
        request: Gradio's request.

    Raises:
        gradio.Error: The block raised an error.
    """
    try:
        yield
    except ImpastoError as error:
        raise gr.Error(error_sentence(request, error), print_exception=False) from error
    except (gr.Error, GeneratorExit):
        raise
    except Exception as error:
        log.exception("a job in the studio failed")
        raise gr.Error(say(request, "unexpected"), print_exception=False) from error
