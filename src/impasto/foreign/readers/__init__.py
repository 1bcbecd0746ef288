"""Readers of file formats: the bytes of a file as :class:`impasto.foreign.contents.Contents`.

In: a path. Out: arrays by name, and what the file says of itself.
Order: archives (zip) and pickles (nothing executed) before torch_files and npz; torch7, tensorflow, onnx_file, tfjs;
opening (which of them reads a path). Every length is checked against the bytes that are there before it is used.
Must never import: architectures, torch, TensorFlow, and pickle, which executes what it reads.
"""
