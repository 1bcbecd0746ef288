"""A training run that takes a second: six steps of a tiny network on the fixture ``run_folder``."""

import pytest

from impasto.networks.transformer import Architecture
from impasto.training.fit import NetworkTraining
from impasto.training.photographs import Photographs
from impasto.training.settings import FitSettings
from impasto.training.style_sources import StyleSource

TINY = Architecture(half=4, quarter=8, eighth=8, blocks=1)


def tiny_settings(run_folder, **changes):
    layers = {"relu1_1": 1.0, "relu2_1": 1.0}
    given = {
        "steps": 6, "batch": 2, "crop": 64, "features": str(run_folder / "tiny.safetensors"), "warmup": 1,
        "content_layers": {"relu3_1": 1.0}, "style_layers": layers, "checkpoint_every": 3, "preview_every": 3,
    }  # fmt: skip
    return FitSettings.from_mapping(given | changes)


def tiny_run(run_folder, output, *, paintings=("stripes", "checks"), **changes):
    chosen = tiny_settings(run_folder, **changes)
    photographs = Photographs(run_folder / "photos", crop=chosen.crop, scales=chosen.scales)
    sources = [StyleSource(name, (run_folder / f"{name}.png",)) for name in paintings]
    return NetworkTraining(photographs, sources, output, chosen, architecture=TINY)


def interrupt_after(run, step):
    """Ctrl-C after a step."""

    def interrupt(progress):
        if progress.step == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.run(interrupt)
