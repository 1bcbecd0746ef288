"""``impasto webcam``: paint what a camera sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from impasto.cli import options
from impasto.cli.picture_styles import learn_pictures
from impasto.video.stabilise import STABILIZE


@click.command("webcam", short_help="Paint what a camera sees, live.")
@click.option(
    "--style",
    "styles",
    multiple=True,
    required=True,
    metavar="NAME[:WEIGHT][+NAME...]",
    help="A style, or a blend joined by +; repeat to switch between them by key.",
)
@click.option("--camera", default="0", show_default=True, help="Index of a camera, or a video file or folder instead.")
@click.option("--width", type=click.IntRange(16), default=640, show_default=True, help="Asked of the camera.")
@click.option("--height", type=click.IntRange(16), default=480, show_default=True, help="Asked of the camera.")
@click.option(
    "--fps", type=click.FloatRange(0), default=24.0, show_default=True, help="To hold by painting smaller; 0: do not."
)
@click.option("--side-by-side", is_flag=True, help="Show all styles at once.")
@click.option("--no-mirror", is_flag=True, help="Do not exchange left and right.")
@click.option("--stabilize", type=click.Choice(STABILIZE), default="light", show_default=True, help="Against flicker.")
@options.painting_options
@click.option("--virtual-camera", "virtual", is_flag=True, help="Be a camera to other programs, too.")
@click.option("--no-window", is_flag=True, help="Show nothing here.")
@click.option("--record", type=options.PATH, metavar="FILE", help="Record to a .mp4 .mkv .webm from the start.")
@click.option("--folder", type=options.PATH, default=".", show_default=True, help="For snapshots and recordings.")
@click.option("--frames", type=click.IntRange(0), default=0, help="End after so many; 0: at the key q.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def command(
    styles: tuple[str, ...],
    camera: str,
    width: int,
    height: int,
    fps: float,
    side_by_side: bool,
    no_mirror: bool,
    virtual: bool,
    no_window: bool,
    record: Path | None,
    folder: Path,
    frames: int,
    quiet: bool,
    **settings: Any,
) -> None:
    """Paint what a camera sees, live.

    Keys: 1 to 9, n, p: style; a: all side by side; + -: strength; m: mirror; s: snapshot; r: record; f: frame rate;
    q: end.

    \b
    impasto webcam --style starry-night --style scream
    impasto webcam --style udnie --camera clip.mp4 --record live.mp4
    """
    from impasto.webcam.camera import Camera
    from impasto.webcam.live import LivePainter, check_libraries
    from impasto.webcam.outputs import PygameWindow, codec_for, virtual_camera

    check_libraries()
    if record is not None:
        codec_for(record)  # refuses what cannot be recorded to before the camera is opened
    blends = [learn_pictures(style.split("+"), quiet=quiet) for style in styles]

    def print_line(text: str) -> None:
        """Print a line for the user on standard error, unless quiet."""
        if not quiet:
            click.echo(text, err=True)

    window = None if no_window else PygameWindow()
    source: int | str = int(camera) if camera.isdigit() else camera
    opened = Camera(source, width=width, height=height, rate=fps or 30, say=print_line)
    try:
        LivePainter(
            opened,
            blends,
            options.painting_options_from(settings),
            settings["stabilize"],
            window=window,
            virtual=virtual_camera(fps) if virtual else None,
            rate=fps,
            side_by_side=side_by_side,
            mirror=not no_mirror,
            folder=folder,
            record=record,
            frames=frames,
            say=print_line,
        ).run()
    finally:
        opened.close()
        if window is not None:
            window.close()
