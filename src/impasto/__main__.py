"""``python -m impasto`` is ``impasto``."""

from impasto.cli import main

main()
