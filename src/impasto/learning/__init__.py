"""Make a style of pictures: predict it, or fit it from there (which needs the extra ``train``).

In: picture files of a style. Out: a :class:`impasto.styles.style.Style`, of ``--deep`` with a network of its own.
Order: ``settings``, ``checks`` (what is given), ``prediction`` (at once), ``drawn_photographs`` (painted where none are
given) -> ``fit`` (scale and shift) -> ``own_network`` (the network, too) -> ``fitting`` (both, and where they go on) ->
``api`` (:func:`impasto.learn_style`) -> ``cache`` (the styles of pictures that stand where a style is asked for).
It must never import ``optimisation``, ``feedforward``, ``video``, ``webcam``, ``studio`` or ``cli``.
"""
