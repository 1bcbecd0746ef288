"""Engines: what runs the transformer network.

In: a picture's planes and a style's vectors as arrays, a device. Out: the painting and its normalisation statistics.
Order: base (what an engine is), devices (the one rule for the device), graphs (what is asked for as a graph), providers
(of onnxruntime), onnxruntime, openvino and torch, speeds (the fastest one here), loading (the one rule for the engine).
Must never import: files of pictures, tiles, video. Only torch.py imports torch, once a device asks for it.
"""
