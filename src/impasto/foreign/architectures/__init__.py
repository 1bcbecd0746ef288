"""The networks that are known here, a module each: is this file one of them, and which layers does it have?

In: :class:`impasto.foreign.contents.Contents`. Out: :class:`impasto.foreign.layers.Layers`.
Order: blocks (what several share), a module an architecture, then ``table``, in which each has a row. A module has
``TITLE`` (whose network), ``detect`` (by names and shapes) and ``describe`` (the layers); one whose network lies in
several files has ``files`` and ``gather``, one that paints any style has ``describe_style``.
Must never import: each other, but where a network is another's in a new file; two must never detect the same contents.
"""
