"""``impasto webcam``: paint what a camera sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from impasto.cli import hints, options
from impasto.cli.help import Command
from impasto.cli.picture_styles import learn_pictures
from impasto.video.stabilizers import STABILIZE


@click.command(
    "webcam",
    cls=Command,
    short_help="Paint what a camera sees, live.",
    sections={
        "What to paint": ("styles", "mask", "camera", "width", "height", "no_mirror"),
        **options.PAINTING_SECTIONS,
        "From frame to frame": ("stabilize", "fps"),
        "Where it goes": ("side_by_side", "no_window", "virtual", "record", "folder", "frames"),
        "What is said": ("quiet",),
    },
)
@click.option(
    "--style",
    "styles",
    multiple=True,
    metavar="NAME[:WEIGHT][+NAME...]",
    shell_complete=options.complete_styles,
    help="Style to paint in, as for impasto apply. Here a blend is joined by +: scream:2+udnie:1. Repeat for several "
    "that the keys switch between.",
)
@click.option(
    "--camera",
    default="0",
    show_default=True,
    shell_complete=options.complete_files,
    help="Number of the camera, from 0; or a video file, or a folder of pictures, instead.",
)
@click.option(
    "--width",
    type=click.IntRange(16),
    default=640,
    show_default=True,
    help="Width in pixels that the camera is asked for.",
)
@click.option(
    "--height",
    type=click.IntRange(16),
    default=480,
    show_default=True,
    help="Height in pixels that the camera is asked for.",
)
@click.option(
    "--fps",
    type=options.FrameRate(min_open=False),
    default=24.0,
    show_default=True,
    help="Frames a second to keep up, by painting smaller where it must be; 0: as fast as it goes.",
)
@click.option("--side-by-side", is_flag=True, help="Show all styles at once, side by side.")
@click.option("--no-mirror", is_flag=True, help="Show the picture as others see you, not as a mirror does.")
@click.option(
    "--stabilize",
    type=click.Choice(STABILIZE),
    default="light",
    show_default=True,
    help="Against flicker: as for impasto video.",
)
@options.painting_options
@click.option("--virtual-camera", "virtual", is_flag=True, help="Be a camera to other programs, such as video calls.")
@click.option("--no-window", is_flag=True, help="Open no window.")
@click.option("--record", type=options.PATH, metavar="FILE", help="Record from the start, to a .mp4, .mkv or .webm.")
@click.option(
    "--folder",
    type=options.PATH,
    default=".",
    show_default=True,
    help="Folder for snapshots and recordings made by key.",
)
@click.option("--frames", type=click.IntRange(0), default=0, help="Stop after so many frames; 0: when you press q.")
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

    Keys: 1 to 9, n (next), p (previous): style; a: all side by side; + and -: strength; m: mirror; s: snapshot;
    r: record; f: show the frame rate; q: quit.

    \b
    impasto webcam --style starry-night --style scream
    impasto webcam --style udnie --camera clip.mp4 --record live.mp4
    """
    if not styles:
        raise hints.missing_style("webcam")
    from impasto.webcam.camera import Camera
    from impasto.webcam.live import LivePainter, check_libraries
    from impasto.webcam.outputs import PygameWindow, codec_for, virtual_camera

    check_libraries()
    if record is not None:
        codec_for(record)  # refuses what cannot be recorded to before the camera is opened
    blends = [learn_pictures(style.split("+"), settings["style_effort"], quiet=quiet) for style in styles]

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
