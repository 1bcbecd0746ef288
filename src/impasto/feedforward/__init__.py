"""The fast path: one or more passes through the transformer network.

In: pictures, styles and :class:`.options.Options`. Out: painted pictures or files.
Order: options (how to paint), padding (a picture mirrored beyond its borders), refinement (a coarse painting made
finer), composition (styles, masks and colours put together), painted (a painting, and what keeps the next one like it),
passes (coarse to full), spheres (pictures all around), tiles (within a budget of memory), masks (which style has which
mask), layered_styles (styles and masks made ready), painter (these and the options held), api (``impasto.stylize``),
tasks (the pictures of folders, and where their results go), batch (painting them), watching (folders as they fill).
Of the optimisation it imports what refines a painting, when that is asked for.
Must never import: video, webcam, studio, cli, torch.
"""
