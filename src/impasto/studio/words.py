"""Every text of the page, in English and French, and which of the two a visitor reads.

Labels are translated in the browser (:func:`label`), messages where they arise (:func:`say`). Both follow the
browser's language unless the visitor has chosen with the switch, which leaves a cookie.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr
from gradio.i18n import I18nData

from impasto.errors import ImpastoError
from impasto.studio.phrases import COMPLAINTS, PHRASES

log = logging.getLogger(__name__)

LANGUAGES = ("en", "fr")
COOKIE = "impasto_language"


def label(key: str) -> Any:
    """A text for a component, in both languages at once: the browser takes its own."""
    if key not in PHRASES:
        raise KeyError(key)
    return I18nData(key)


def translations() -> gr.I18n:
    """All texts, for the page."""
    return gr.I18n(
        **{language: {key: both[n] for key, both in PHRASES.items()} for n, language in enumerate(LANGUAGES)}
    )


def both(key: str) -> dict[str, str]:
    """A text by language, for scripts of our own in the page."""
    return dict(zip(LANGUAGES, PHRASES[key], strict=True))


def language(request: Any) -> str:
    """The language of a request: the switch's cookie, else the browser's preference, else English.

    Args:
        request: Gradio's or Starlette's; ``None`` if there is none.
    """
    if request is None:
        return "en"
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return str(chosen)
    for item in str(request.headers.get("accept-language", "")).split(","):
        code = item.split(";")[0].strip().lower()[:2]
        if code in LANGUAGES:
            return code
    return "en"


def say(request: Any, key: str, **values: Any) -> str:
    """A text in the language of a request, with values in its places."""
    return PHRASES[key][LANGUAGES.index(language(request))].format(**values)


def complaint(request: Any, error: ImpastoError) -> str:
    """What an error of the library says, in the language of a request where that is known, else in English."""
    return translated(request, str(error))


def translated(request: Any, text: str) -> str:
    """A sentence of the library in the language of a request where that is known, else in English.

    Hints at the command line become hints at the page.
    """
    for pattern, *phrases in COMPLAINTS:
        phrase = phrases[LANGUAGES.index(language(request))]
        if phrase and (found := re.search(pattern, text, re.DOTALL)):
            return phrase.format(*found.groups())
    return text


@contextmanager
def clearly(request: Any) -> Iterator[None]:
    """Show errors as one sentence in the page: the library's own, and a general one for what nobody expected."""
    try:
        yield
    except ImpastoError as error:
        raise gr.Error(complaint(request, error), print_exception=False) from error
    except (gr.Error, GeneratorExit):
        raise
    except Exception as error:
        log.exception("a job in the studio failed")
        raise gr.Error(say(request, "unexpected"), print_exception=False) from error
