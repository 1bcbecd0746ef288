"""The path between ``impasto apply`` and the default of ``impasto paint``: the parts of ``paint.py middle``."""

from __future__ import annotations

import argparse
import statistics
import time
from functools import partial
from typing import Any

from impasto.networks.perceptual import load_features
from impasto.optimisation.fast_start import paint_fast_start
from impasto.optimisation.optimiser import Optimiser
from impasto.optimisation.recipe import Recipe
from impasto.optimisation.style_pictures import StylePicture
from impasto.styles.files import bundled_network_id
from judge import digest_of
from paint_quality import Pair, Results, array, features_of, judged, pairs_of, recipe_option, save, summary, tensor


def middle(arguments: argparse.Namespace) -> None:
    """Measure how much of the default's gain in style loss over the feed-forward picture refining it reaches."""
    teacher = features_of(load_features(arguments.teacher))
    refining = Recipe(init="fast", **dict(map(recipe_option, arguments.recipe)))
    results, shares = Results(arguments.results), []
    network = f"{bundled_network_id()} {digest_of('builtin')}"
    for photo, painting in pairs_of(arguments):
        pair = Pair(photo, painting, arguments.size, teacher)
        files = " ".join(digest_of(str(file)) for file in (photo, painting, arguments.teacher))
        found = {}
        for name, recipe in (("fast", None), ("refined", refining), ("default", Recipe())):
            key = f"middle {files} {arguments.size} {network} {recipe}"
            found[name] = results(key, partial(timed, name, recipe, pair, arguments))
            print(f"{photo.stem}, {painting.stem}, {name:8s}{summary(found[name])}", flush=True)
        fast, refined, default = (found[name]["whole"][1] for name in ("fast", "refined", "default"))
        shares.append((fast - refined) / (fast - default))
        print(f"  {shares[-1]:.3f} of the default's gain in style loss in "
              f"{found['refined']['seconds'] / found['default']['seconds']:.3f} of its time", flush=True)  # fmt: skip
    print(f"median over {len(shares)} pairs: {statistics.median(shares):.3f} of the default's gain")


def timed(name: str, recipe: Recipe | None, pair: Pair, arguments: argparse.Namespace) -> dict[str, Any]:
    """Losses and processor seconds of a recipe; without one, of the feed-forward picture that refining starts from."""
    started = time.process_time()
    optimiser = Optimiser([StylePicture(pair.painting)], recipe or Recipe())
    content = array(pair.content)
    painted = optimiser.paint(content).rgb if recipe else paint_fast_start(content, optimiser.targets)
    result, seconds = tensor(painted), time.process_time() - started
    save(arguments, result, pair, name)
    return {**judged(pair, result), "seconds": seconds}
