"""The slow path: a photograph optimised until it has a style's statistics and keeps its own content (Gatys 2015).

In: a photograph, style pictures and a recipe. Out: the optimised picture, and a state to resume from.
Order: recipe, objective, minimise, style_targets, coarse_to_fine, optimiser, refining (of what the fast path paints),
fast_start (the fast path's painting), api (``impasto.paint``); below these the small modules tensors, feature_tiles,
scales, state, style_pictures, temporal_loss (of videos) and planning (of memory and time).
Must never import: video, webcam, studio, cli.
"""
