"""What ``make_gallery.py`` makes the pictures of README and pages with: a module for each kind of picture.

``sheets`` has the folders and writes; ``any_styles``, ``bundled_styles``, ``film``, ``large_pictures``,
``learnt_styles``, ``page`` and ``other_program`` make. What a picture is made of is in this repository, or
``UnavailableError`` says what is missing.
"""
