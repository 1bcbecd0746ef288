"""The path between ``impasto apply`` and the default of ``impasto paint``: ``middle`` and ``textures``."""

from __future__ import annotations

import argparse
import statistics
import time
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

from impasto.networks.perceptual import load_features
from impasto.optimisation.fast_start import paint_fast_start
from impasto.optimisation.optimiser import Optimiser
from impasto.optimisation.recipe import Recipe
from impasto.optimisation.style_pictures import StylePicture, bundled_style_picture, trained_side
from impasto.pictures.reading import read_picture
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
            # The number of iterations is asked for: the recipe only says that it is the default, which may change.
            iterations = recipe.iterations_a_scale if recipe else 0
            key = f"middle {files} {arguments.size} {network} {recipe} {iterations}"
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
    start = None if recipe and not recipe.refines else paint_fast_start(content, optimiser.targets)
    painted = optimiser.paint(content, init=start).rgb if recipe else start
    result, seconds = tensor(painted), time.process_time() - started
    save(arguments, result, pair, name)
    return {**judged(pair, result), "seconds": seconds}


def textures(arguments: argparse.Namespace) -> None:
    """Measure how much of what refining towards a painting gains, refining towards the texture of its style does."""
    teacher = features_of(load_features(arguments.teacher))
    recipe = Path(__file__).parent.parent / "research" / "recipes" / "bundled.toml"
    names = {file: style["name"] for style in tomllib.loads(recipe.read_text())["style"] for file in style["pictures"]}
    refining, shares = Recipe(init="fast", **dict(map(recipe_option, arguments.recipe))), []
    for photo, painting in pairs_of(arguments):
        side = trained_side(read_picture(painting).rgb)
        pair = Pair(photo, painting, arguments.size, teacher, side)
        texture = bundled_style_picture(names[painting.name])
        content, found = array(pair.content), {}
        start = paint_fast_start(content, Optimiser([texture], refining).targets)
        for name, style in (("fast", None), ("texture", texture), ("painting", StylePicture(pair.painting, side=side))):
            result = start if style is None else Optimiser([style], refining).paint(content, init=start).rgb
            save(arguments, tensor(result), pair, name)
            found[name] = judged(pair, tensor(result))["whole"]
        losses = ", ".join(f"{name} {content:.3f}/{style:.4f}" for name, (content, style) in found.items())
        fast, towards_texture, towards_painting = (found[name][1] for name in ("fast", "texture", "painting"))
        shares.append((fast - towards_texture) / (fast - towards_painting))
        print(f"{photo.stem}, {names[painting.name]}: content/style {losses}: {shares[-1]:.3f} of the gain", flush=True)
    print(f"median over {len(shares)} pairs: {statistics.median(shares):.3f} of the gain towards the painting")
