"""Joining lossless segments into a GIF."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from impasto.errors import OutputError
from impasto.extras import pyav
from impasto.media.containers import open_container
from impasto.pictures.gif import append_comment
from impasto.video.frame_format import FrameFormat, format_for_codec
from impasto.video.mux import output_file
from impasto.video.segments import packets_of

_TIME_BASE = Fraction(1, 100)  # seconds: GIFs count in hundredths of a second
_MIN_DURATION = 2  # hundredths of a second: browsers show a frame of less for ten hundredths
_NO_REPETITION = -1  # of the muxer's option, which counts repetitions: 0 is for ever
_MAX_DURATION = 65535  # hundredths of a second: the longest duration that a GIF can state


def join_gif(
    segments: list[Path], target: Path, frame_format: FrameFormat, *, note: str, plays: int = 0, last: int = 0
) -> list[str]:
    """Write lossless segments as a GIF, every frame with the 256 colours that suit it best.

    Args:
        segments: the files in order.
        target: the GIF.
        frame_format: of the frames.
        note: the line on how it was made.
        plays: how often the GIF is shown; 0: for ever.
        last: duration of the last frame in units of the format's time base; 0 if unknown.

    Returns:
        Notices on what was left out.

    Raises:
        OutputError: there are no segments, or the file cannot be written.
    """
    av = pyav()
    if not segments:
        raise OutputError(f"{target} was not written: there is no frame in the span that was asked for.")
    frame_format = format_for_codec(frame_format, "ffv1")
    shown = [packet.pts * packet.time_base for packet in packets_of(segments)]
    kept = _spaced_out([round(when / _TIME_BASE) for when in shown])
    options = {"loop": str(_NO_REPETITION if plays == 1 else max(0, plays - 1))}
    if last:
        ends = round((shown[-1] + last * frame_format.time_base) / _TIME_BASE)
        options["final_delay"] = str(min(max(ends - max(kept.values()), _MIN_DURATION), _MAX_DURATION))
    with output_file(target) as temporary:
        with open_container(temporary, "w", format="gif", options=options) as output:
            stream = output.add_stream("gif", rate=100)
            stream.width, stream.height, stream.pix_fmt = frame_format.width, frame_format.height, "pal8"
            stream.codec_context.time_base = _TIME_BASE
            graph = av.filter.Graph()
            with open_container(segments[0]) as container:
                pixel_format = container.streams.video[0].codec_context.pix_fmt  # with or without transparency
            source = graph.add_buffer(
                width=frame_format.width, height=frame_format.height, format=pixel_format, time_base=_TIME_BASE
            )
            split, palette = graph.add("split"), graph.add("palettegen", "stats_mode=single")
            use, sink = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=4"), graph.add("buffersink")
            source.link_to(split)
            split.link_to(palette, 0, 0)
            split.link_to(use, 1, 0)
            palette.link_to(use, 0, 1)
            use.link_to(sink)
            graph.configure()

            def drain() -> None:
                """Write all frames that the filters have ready."""
                while True:
                    try:
                        frame = graph.pull()
                    except (av.error.BlockingIOError, av.error.EOFError):
                        return
                    output.mux(stream.encode(frame))

            number = -1
            for path in segments:
                with open_container(path) as container:
                    for frame in container.decode(video=0):
                        number += 1
                        if number in kept:
                            frame.pts, frame.time_base = kept[number], _TIME_BASE
                            graph.push(frame)
                            drain()
            graph.push(None)
            drain()
            output.mux(stream.encode(None))
        append_comment(temporary, note)
    left_out = len(shown) - len(kept)
    return [f"A GIF shows at most 50 frames a second: {left_out} frames are left out."] if left_out else []


def _spaced_out(times: list[int]) -> dict[int, int]:
    """The frames that a GIF can show, by their numbers, with their times.

    Args:
        times: when each frame is shown, in hundredths of a second. A frame that comes sooner than the shortest duration
            after the last one that is kept is left out.
    """
    kept: dict[int, int] = {}
    due = times[0]
    for number, time in enumerate(times):
        if time >= due:
            kept[number] = time
            due = time + _MIN_DURATION
    return kept
