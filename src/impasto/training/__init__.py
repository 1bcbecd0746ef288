"""Train networks (needs the extra ``train``).

In: photographs (a folder, a .zip, an HDF5 file) and pictures of styles. Out: a network with its styles, or the builtin
perceptual network.
Crops, in this order: ``decoding`` -> ``picture_files``, ``hdf5`` -> ``photographs``; ``dataset`` writes HDF5 files.
``impasto train``: ``style_sources``, ``painting`` -> ``perceptual_loss`` -> ``batch_losses``; ``settings``,
``schedules``, ``muon``, ``ranks`` -> ``state`` -> ``fit``. ``impasto distill``, with the same ``settings``,
``schedules`` and ``muon``: ``student`` -> ``teacher``, ``painted_crops`` -> ``solve`` -> ``distill``.
It must never import ``learning``, ``optimisation``, ``feedforward``, ``video``, ``webcam``, ``studio`` or ``cli``.
"""
