"""Video: a file, an animation or numbered pictures in; the same out, painted without flicker and with its sound.

Reading: frame (what a frame and a source are), pixels (colour spaces), transparency, frame_converter (frames to RGB),
deinterlace, shown_times (of AVI), stream_tags, video_file, animation, numbered_pictures, source (opens any of them),
projection, timing (spans and rates), keyframes (styles that fade), frame_files (masks and flow by number).
Steadiness: scene_cuts, motion, flow_files, carrying (the last painting moved along), moving_grain, local_energy,
stabilizer_base, carrying_stabilizer, spherical_stabilizer, stabilizers (the table of stabilisers).
Painting by optimisation: pass_options, frame_optimiser. Writing: frame_format, sink, segments, numbered_files, mux,
gif, resume (what an interrupted run leaves), results (where one goes that nobody named).
Together: task (a checked request), pipeline and optimised_pipeline (read, paint, write), report, api
(``stylize_video``).
Must never import: webcam, studio, cli, torch.
"""
