"""What ``render_harbour.py`` renders with.

In order: ``world`` (constants), ``noise`` -> ``land``, ``sky`` -> ``panorama``; ``solids`` -> ``objects`` -> ``town``;
``shading`` -> ``camera`` -> ``exposure``, which makes the picture.
"""
