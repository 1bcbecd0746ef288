"""Where a network runs: arrays and a style's vectors come in, painted arrays and statistics go out.

The modules in order: base (what an engine is), devices (which device), onnxruntime and torch (the engines), loading.
They import networks and styles, and nothing that knows of files of pictures, tiles or video; only torch.py imports
torch, and nobody imports that before a device asks for it.
"""
