"""The losses of one batch of painted crops, term by term.

Content and style are those of :class:`impasto.training.perceptual_loss.PerceptualLoss`. The further terms:

* **photograph**: the photograph style is trained as an identity; its painting is compared with the photograph itself;
* **repetition**: peaks of the autocorrelation, because a network that sees the same thing everywhere paints the same
  thing everywhere, so that skies and water became patterns (:func:`impasto.networks.patterns.repetition`);
* **weave**: the finest pattern that the network can paint all over (:func:`impasto.networks.patterns.weave`);
* **equivariance**: the painting of a moved photograph shall be the moved painting, and that of a slightly noisy one
  the painting without noise (compound regularisation, Wang et al. 2020), so that video is steady although no video
  was seen.

* **predicted**: content, style and smoothness of paintings whose styles the style predictor gives
  (:mod:`impasto.training.predicted_styles`). Every style counts alike: a layer's style loss is divided by the sum of
  both Gram matrices' squared norms, its upper bound (Cheng et al. 2021, arXiv 2104.10064), and of each painting's loss
  the root is taken; otherwise one dark picture outweighs ten others.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from impasto.networks import losses, patterns
from impasto.networks.transformer import TransformerNetwork
from impasto.training.painting import paint_with_margin, window
from impasto.training.perceptual_loss import Features, PerceptualLoss

# Pixels that equivariance moves a photograph by at most: every place in the network's coarsest grid of 8 pixels.
MAX_SHIFT = 7
# Pixels that equivariance moves a photograph by at most while the grain stays, as in video without steadying.
MAX_SHIFT_GRAIN_FIXED = 2
# Share of the moves that take the grain along, as in steadied video; such moves are easier to learn than the others.
GRAIN_MOVES_SHARE = 0.25
BORDER = 16  # pixels that equivariance ignores at each side, since what moves in from outside is not known
# Weight of the mean absolute difference of pixels, where that of the features' distance is 1, in the photograph term.
PHOTOGRAPH_PIXEL_WEIGHT = 10


class BatchLosses:
    """The loss terms of a batch and their weighted sum.

    Args:
        objective: the perceptual loss, for content and style.
        style_grams: Gram matrices by layer, S x C x C, from style 1 on; style 0 is the photograph style, without any.
        weights: weight by term: ``content``, ``style``, ``tv``, ``equivariance``, ``repetition``, ``weave``,
            ``photograph`` and ``predicted``, and ``predicted_style``, that of the style within ``predicted``. The
            costly ``repetition`` and ``weave`` are left out where their weight is 0.
    """

    def __init__(self, objective: PerceptualLoss, style_grams: Features, weights: Mapping[str, float]) -> None:
        self.objective, self.style_grams, self.weights = objective, style_grams, dict(weights)

    def terms(
        self,
        images: Tensor,
        content_features: Features,
        styles: Tensor,
        painted: Tensor,
        spreads: Features | None = None,
        predicted_grams: Features | None = None,
    ) -> dict[str, Tensor]:
        """All terms but equivariance, each averaged over the pictures that it concerns.

        Args:
            images: the photographs, N x 3 x H x W in [0, 1].
            content_features: their features at every layer of the objective.
            styles: the style of each picture, N whole numbers; 0 is the photograph style, -1 a predicted one.
            painted: the paintings, N x 3 x H x W.
            spreads: by layer, what content distances are divided by; default: the spread of these photographs.
            predicted_grams: Gram matrices by layer of the pictures whose styles are predicted, in their order.
        """
        features = self.objective.features(painted)
        is_style = styles > 0
        result = {"tv": losses.total_variation(painted).mean()}
        if is_style.any():
            targets = {layer: grams[styles[is_style] - 1] for layer, grams in self.style_grams.items()}
            result["content"] = self.objective.content(features, content_features, spreads)[is_style].mean()
            result["style"] = self.objective.style({tap: x[is_style] for tap, x in features.items()}, targets).mean()
        if predicted_grams is not None:
            of = styles < 0
            found, wanted = ({tap: x[of] for tap, x in each.items()} for each in (features, content_features))
            weights = {**self.weights, "style": self.weights["predicted_style"]}
            each = predicted_loss(self.objective, found, wanted, spreads, painted[of], predicted_grams, weights)
            result["predicted"] = 2 * each.sqrt().mean()
        plain = styles == 0
        if not plain.all():
            if self.weights["repetition"]:
                result["repetition"] = patterns.repetition(painted[~plain]).mean()
            if self.weights["weave"]:
                result["weave"] = patterns.weave(painted[~plain]).mean()
        if plain.any():
            distances = [
                losses.content_loss(x, content_features[tap], spreads[tap] if spreads else None)[plain].mean()
                for tap, x in features.items()
            ]
            pixels = (painted[plain] - images[plain]).abs().mean() * PHOTOGRAPH_PIXEL_WEIGHT
            result["photograph"] = torch.stack(distances).mean() + pixels
        return result

    def total(self, terms: Mapping[str, Tensor]) -> Tensor:
        """The weighted sum of the terms at hand."""
        return torch.stack([self.weights[name] * value for name, value in terms.items()]).sum()


def predicted_loss(
    objective: PerceptualLoss,
    found: Features,
    wanted: Features,
    spreads: Features | None,
    painted: Tensor,
    grams: Features,
    weights: Mapping[str, float],
) -> Tensor:
    """The loss of paintings in predicted styles, N numbers.

    Args:
        objective: the perceptual loss.
        found: features of the paintings.
        wanted: features of their photographs.
        spreads: by layer, what content distances are divided by.
        painted: the paintings, N x 3 x H x W.
        grams: Gram matrices of their styles by layer, N x C x C.
        weights: of ``content``, ``style`` and ``tv``.
    """
    style = bounded_style_loss({tap: losses.gram(found[tap]) for tap in grams}, grams, objective.style_layers)
    content = objective.content(found, wanted, spreads)
    variation = losses.total_variation(painted)
    loss: Tensor = weights["content"] * content + weights["style"] * style + weights["tv"] * variation
    return loss


def bounded_style_loss(grams: Features, targets: Features, weights: Mapping[str, float]) -> Tensor:
    """The style loss of paintings relative to its upper bound, from 0 to 2: near 0 it is the usual one, N numbers.

    Args:
        grams: Gram matrices of the paintings by layer, N x C x C.
        targets: those of their styles.
        weights: of the layers.
    """
    parts = []
    for tap, target in targets.items():
        bound = (grams[tap].detach() ** 2).sum(dim=(1, 2)) + (target**2).sum(dim=(1, 2))
        parts.append(weights[tap] * 2 * ((grams[tap] - target) ** 2).sum(dim=(1, 2)) / bound)
    return torch.stack(parts).sum(dim=0) / sum(weights.values())


def update_spreads(spreads: Features, content_features: Features, step: int) -> Features:
    """Take a batch into the running mean of what content is relative to, and return it.

    Few pictures differ widely in their spread: against its own, a batch of even scenes would count for ten of rough
    ones. The mean is one over all batches so far, from the fiftieth on an exponential moving average.

    Args:
        spreads: mean spread by layer, empty at first; changed in place.
        content_features: features of the batch's photographs.
        step: batches before this one.
    """
    share = max(0.02, 1 / (step + 1))
    for tap, features in content_features.items():
        spread = losses.content_spread(features)
        spreads[tap] = spreads[tap].lerp(spread, share) if tap in spreads else spread
    return spreads


def equivariance_loss(
    network: TransformerNetwork, inputs: Tensor, painted: Tensor, scale: Tensor, shift: Tensor, noise: float
) -> Tensor:
    """The mean distance between the painting of a changed photograph and its equally changed painting.

    Of two pictures one gets noise, the other is moved. Not both at once: distances add up as the sides of a right
    angle do, so that the larger change would leave the smaller one without weight. And by whole pixels: between
    them a painting that is moved gets blurred, the painting of what was moved does not, and what is learnt from
    that is blur (lab book, 2026-11-26).

    Args:
        network: the transformer network.
        inputs: N x 4 x H x W as :func:`impasto.training.painting.with_grain` returns them; the first two are used.
        painted: their paintings, N x 3 x H x W.
        scale: scale of the pictures' styles, N x C.
        shift: shift of the pictures' styles, N x C.
        noise: standard deviation of the noise, where colours are in [0, 1].
    """
    h, w = inputs.shape[-2:]
    expected, changed = [], []
    for index, moves in enumerate(torch.randperm(2)[: len(inputs)].tolist()):
        picture, painting = inputs[index : index + 1], painted[index : index + 1]
        colours, grain = picture[:, :3], picture[:, 3:]
        if moves:
            grain_moves = bool(torch.rand(()) < GRAIN_MOVES_SHARE)
            reach = MAX_SHIFT if grain_moves else MAX_SHIFT_GRAIN_FIXED
            box = (*torch.randint(-reach, reach + 1, (2,)).tolist(), h, w)
            colours, painting = window(colours, *box), window(painting, *box)
            grain = window(grain, *box) if grain_moves else grain
        else:
            # Drawn on the CPU like every random number: a checkpoint holds the state of the CPU's generator alone.
            colours = colours + noise * torch.randn(colours.shape).to(colours)
        expected.append(painting)
        changed.append(torch.cat([colours, grain], dim=1))
    count = len(changed)
    repainted = paint_with_margin(network, torch.cat(changed), scale[:count], shift[:count])
    inner = (..., slice(BORDER, h - BORDER), slice(BORDER, w - BORDER))
    distance: Tensor = (torch.cat(expected) - repainted)[inner].abs().mean()
    return distance
