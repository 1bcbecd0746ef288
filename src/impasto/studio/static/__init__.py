"""Scripts and styles of the page, all of our own."""

from importlib import resources


def text(name: str) -> str:
    """The content of one of these files."""
    return (resources.files(__package__) / name).read_text(encoding="utf-8")
