"""Pictures: a path, bytes, a PIL image or an array comes in, and the same kind of thing goes out.

Between the two lies a :class:`~impasto.pictures.picture.Picture`: upright, sRGB, float32 in [0, 1] or its own integers.
In: ``formats, metadata, profiles, libvips -> sixteen_bit -> decoding -> reading`` (whole) or ``large`` (by rows); out:
``row_encoding -> encoding -> writing``; then ``conversion``; beside: ``box, picture, resampling, colors,
tone_mapping, masks, contact_sheet``. It must never import a network, an engine or anything that paints.
"""
