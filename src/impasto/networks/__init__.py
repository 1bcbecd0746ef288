"""The networks and their losses, in torch: the transformer network paints, the perceptual network judges.

In: tensors of pictures, styles as vectors, weights files. Out: painted tensors, features, losses, ONNX models.
Order: architecture, plain_layers, loss_names and grain (these need no torch), speed, losses, weights, perceptual,
transformer, foreign, files; export_settings, export_onnx, export_torch, export_card and exporting write for other
programs.
Must never import: engines and what stands above them; it knows no files of pictures.
"""
