"""Movement in the style of another movement, and on the beats of music.

In: BVH files or clips, motion styles, music. Out: a clip with the skeleton of the content, a BVH file, a preview, a
motion style of a few kilobytes.
Order: quaternions, series, clip, bvh | joints, body | gait, feet, style, style_file | maps, pose, foot_lock, transfer |
beats, track, retime | drawing, preview | sources, api; beside them walker, which makes clips.
Must never import: pictures, networks and whatever paints; nothing that paints imports this room. Only ``track`` and
``preview`` need an optional package (PyAV).
Units: positions in those of the file or, where it is said, in lengths of a leg; angles in radians; time in seconds.
"""
