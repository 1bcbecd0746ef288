"""Styles: the scale and shift of a network's normalisations, their files, blends and names.

In: names, paths and weights, as callers write them. Out: one :class:`impasto.styles.style.Style`.
Order: kinds (of style files: pictures, sound, motion), style, files, catalogue, listing, blending; beside them
suitability (whether a picture is fit to be a style).
Must never import: networks, engines and what stands above them; loading a style learns nothing.
"""
