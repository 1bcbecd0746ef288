"""Sound: a content and recordings as styles in; the content out, rebuilt of pieces of a style or coloured by it.

In: files of sound, videos, arrays; style files of sound. Out: a file, or samples; style files.
Order: spectrogram (frames of sound), bands, statistics (colouring), tonality | resampling, recording (sources) |
excerpt, style, learn (style files), request (what callers write) | corpus, palette (frames of styles), mosaic,
contour (rhythm), loudness | options, analysis, render (block by block) | writing, results, api (``stylize_sound``).
Must never import: optimisation, video and what stands above them, torch. Nothing that paints imports it but video.
"""
