"""Scripts and style sheets of the page."""

import json
from collections.abc import Mapping
from importlib import resources


def text(name: str) -> str:
    """The content of a file of this folder."""
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


def script(name: str, words: Mapping[str, Mapping[str, str]]) -> str:
    """The script of a component, in which ``word(key)`` gives a text in the visitor's language.

    The texts are part of the script and no properties of the component, because Gradio forgets the properties of a
    component that is not shown yet as soon as one of them is updated.

    Args:
        name: Name of a script of this folder.
        words: The texts by key and code of the language.
    """
    return f"""const WORDS = {json.dumps(words)};
const word = (key) => WORDS[key][(navigator.language || "en").slice(0, 2)] || WORDS[key].en;
{text(name)}"""
