"""The version of the package, and how to install what it can do without."""

__version__ = "0.1.0"

_PIP_NAME = "."
"""What pip is given: the folder of a clone as long as the package is on no index, ``impasto`` from then on."""


def install_command(extra: str) -> str:
    """The command that installs an extra: every message and the page say this one.

    Args:
        extra: its name, as in ``pyproject.toml``.
    """
    return f'pip install "{_PIP_NAME}[{extra}]"'
