"""The slow path: a photograph optimised until it has a style's statistics and keeps its own content (Gatys 2015).

In: a photograph, style pictures and a recipe. Out: the optimised picture, and a state to resume from.
Order: recipe, objective, minimise, style_targets, coarse_to_fine, optimiser, api (``impasto.paint``); below these the
small modules tensors, feature_tiles, scales, state, style_pictures and planning (memory and time).
Must never import: learning and what stands above it (feedforward, video, webcam, studio, cli).
"""
