"""The page without a server: a folder of static files that paint in the browser.

In: the folder that is to be written. Out: the folder, for any web server.
Order: packing (large files), runtime (onnxruntime for browsers, from its archive), contents (networks, styles, grain,
what is known of them), thumbnails (small painted pictures), page (HTML, scripts, what keeps them offline), api (the
folder, whole or not at all).
Must never import: cli, torch.
"""
