"""Scripts and styles of the page, all of our own."""

import json
from collections.abc import Mapping
from importlib import resources


def text(name: str) -> str:
    """The content of one of these files."""
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


def script(name: str, words: Mapping[str, Mapping[str, str]]) -> str:
    """A component's script, which asks ``word(key)`` for texts in the visitor's language.

    They are not given as properties: an update of any property drops the others of a component not yet shown.
    """
    return f"""const WORDS = {json.dumps(words)};
const word = (key) => WORDS[key][(navigator.language || "en").slice(0, 2)] || WORDS[key].en;
{text(name)}"""
