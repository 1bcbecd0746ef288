"""Styles: names, paths and weights come in, one :class:`impasto.styles.style.Style` goes out.

The modules in order: style, files, catalogue, blending; beside them suitability (is a picture fit to be a style).
They import pictures, files and errors, and nothing that learns, runs or holds a network.
"""
