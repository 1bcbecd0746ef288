"""The slow path: a picture optimised until it has the content of a photograph and the statistics of a style."""
