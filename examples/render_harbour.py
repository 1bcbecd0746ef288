"""Render ``harbour.jpg``: a small harbour town under mountains, a lighthouse, late afternoon. No photograph in it.

    python examples/render_harbour.py [OUTPUT] [--size 1280]

A little ray tracer in plain numpy (``harbour/``). What stands in the harbour is made of convex solids (half-spaces,
ellipsoids, cones), hit exactly; the land behind is a height field, the sky a volume of noise, both computed once as a
panorama which the camera and the mirroring water look up. Sunlight is shadowed, skylight is gathered by random rays,
water reflects by Fresnel's law through waves.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from harbour.exposure import develop, expose


def main() -> None:
    """Parse the command line, render, save."""
    parser = argparse.ArgumentParser(description="Render the example photograph.")
    parser.add_argument("output", nargs="?", type=Path, default=Path(__file__).with_name("harbour.jpg"))
    parser.add_argument("--size", type=int, default=1280, help="width in pixels")
    arguments = parser.parse_args()
    picture = develop(expose(arguments.size), arguments.size)
    options = {"quality": 87, "optimize": True} if arguments.output.suffix.lower() in (".jpg", ".jpeg") else {}
    picture.save(arguments.output, **options)
    print(arguments.output)


if __name__ == "__main__":
    main()
