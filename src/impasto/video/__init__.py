"""Video: a file, an animation or numbered pictures in; the same out, painted without flicker and with its sound.

In order: frame, pixels, video_file, animation, numbered_pictures, source, frame_files, timing, keyframes | motion,
carrying, moving_grain, scene_cuts, flow_files, stabilizer_base, carrying_stabilizer, stabilise | pass_options,
frame_optimiser | sink, frame_format, segments, numbered_files, side_streams, mux, gif, resume | pipeline,
optimised_pipeline, task, api. Never imports webcam, studio or cli, nor torch.
"""
