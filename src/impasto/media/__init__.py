"""Containers of sound and moving pictures, for the rooms that read and write them.

In: paths. Out: open containers of PyAV's, whether a file is cut off, streams copied from one container to another.
Order: containers, boxes (of MP4), matroska, completeness, spherical (360 degrees), stream_copies, side_plan and
side_streams (what is beside the stream that is made anew: sound or pictures, subtitles, chapters, metadata).
Must never import: another room. It knows neither frames nor styles.
What is done with pictures is in ``video``, with sound in ``sound``.
"""
