"""Networks of other programs: their files are read, recognised and made into networks that our engines run.

In: paths of files that fast-neural-style, pytorch/examples, Magenta and others wrote. Out: an ONNX model that takes and
gives the statistics of its normalisations as our own network does, and scale and shift of each style in the file.
Order: protobuf and onnx_graph (bytes), layers (a network as plain layers), folding (statistics in its weights),
onnx_network (layers as models), contents and readers/ (a file as named arrays), architectures/ (named arrays as
layers), conversion (all of it, for a path).
Must never import: styles, networks and what stands above them, torch, TensorFlow; nothing in a file is executed.
"""
