"""The fast path: pictures, styles and :class:`.options.Options` come in, painted pictures or files go out.

The modules in order: options, padding, refinement, composition, passes, tiles, painter, then api (``stylize``) and
batch; masks finds out which style has which mask. They import nothing of optimisation, video, webcam, studio or cli,
nor torch.
"""
