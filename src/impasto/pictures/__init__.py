"""Pictures: a path, bytes, a PIL image or an array comes in, and the same kind of thing goes out.

Between the two lies a :class:`~impasto.pictures.picture.Picture`: upright, sRGB, float32 in [0, 1] or its own integers.
In: ``png, tiff, isobmff -> formats, metadata, xmp, tone_mapping, declared_colors, profiles, libvips -> sixteen_bit,
jpeg -> decoding, claims -> reading`` (whole) or ``large`` (by rows); out: ``row_encoding -> encoding -> writing``; then
``conversion``, ``results`` (that exist); beside: ``messages, box, picture, resampling, colors, masks, contact_sheet``
and ``sphere, projections`` (all around).
It must never import a network, an engine or anything that paints.
"""
