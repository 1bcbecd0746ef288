"""``impasto doctor``: what is installed, whether it works, and how fast the engines are."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
from contextlib import suppress
from typing import Any

import click

from impasto.cli.help import Command
from impasto.extras import EXTRAS
from impasto.version import install_command

_LEAST_CLOSENESS = 40  # dB between the paintings of two engines, below which one of them is wrong


def _version(package: str) -> str | None:
    """The version of an installed package; ``None``: it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _engine() -> dict[str, Any]:
    """Facts of the engine, and whether it paints: a small grey picture is painted, since an import is no proof."""
    import time

    import numpy as np

    from impasto.engines.loading import load_engine
    from impasto.styles.catalogue import bundled_names, load_style

    started = time.perf_counter()
    engine = load_engine("auto")
    style = load_style(bundled_names()[0])
    painted, _ = engine.paint(np.full((1, 3, 64, 64), 0.5, np.float32), style.scale, style.shift)
    works = bool(np.isfinite(painted).all())
    seconds = time.perf_counter() - started
    return {"engine": engine.name, "network": engine.network, "works": works, "seconds": seconds, **_speeds()}


def _speeds() -> dict[str, Any]:
    """The engines that are there, how fast each is, and which one paints many pictures from now on."""
    import numpy as np

    from impasto.engines import speeds
    from impasto.engines.loading import engines_there, load_engine
    from impasto.errors import ImpastoError
    from impasto.styles.catalogue import bundled_names, load_style

    engines, failed, style = {}, {}, load_style(bundled_names()[0])
    for name, (device, kind) in engines_there().items():
        try:
            engine = load_engine(device, None, 1, kind)
            engine.paint_only(np.full((1, 3, 64, 64), 0.5, np.float32), style.scale, style.shift)
        except ImpastoError as error:
            failed[name] = str(error)
            continue
        if reason := getattr(engine, "failure", ""):  # of a provider whose place the CPU has taken
            failed[name] = reason
        else:
            engines[name] = engine
    for name, decibels in speeds.closeness(engines, style).items():
        if decibels < _LEAST_CLOSENESS:
            failed[name] = f"it paints something else than {next(iter(engines))} ({decibels:.0f} dB)"
            del engines[name]
    seconds = speeds.measure(engines, style)
    if len(seconds) > 1:
        with suppress(ImpastoError):  # a folder that cannot be written in
            speeds.keep(seconds)
    names = {name: engine.name for name, engine in engines.items()}
    return {
        "engines": {name: {"name": names[name], "seconds": value} for name, value in seconds.items()},
        "engines_failed": failed,
        "engine_for_many": load_engine("auto", None, 1, "auto", True).name,
    }


def examine() -> dict[str, Any]:
    """Everything that the command shows."""
    import impasto
    from impasto.folders import cache_folder, catalogue_folder
    from impasto.networks import weights
    from impasto.styles.catalogue import bundled_names
    from impasto.threads import cpu_threads

    cache = cache_folder()
    return {
        "impasto": impasto.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "threads": cpu_threads(),
        **_engine(),
        "packages": {name: _version(name) for name in ("numpy", "pillow", "onnxruntime", "safetensors")},
        "extras": {
            extra: {package: _version(package) for package in modules.values()} for extra, modules in EXTRAS.items()
        },
        "cache": {
            "folder": str(cache),
            "files": sorted(p.name for p in cache.glob("*")) if cache.is_dir() else [],
        },
        "own_styles": str(catalogue_folder()),
        "offline": weights.offline(),
        "styles": bundled_names(),
    }


@click.command("doctor", cls=Command, short_help="Say what is installed and whether it works.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object, for programs.")
def command(as_json: bool) -> None:
    """Say what is installed and whether it works: engines, extras, cache, styles.

    Each engine paints a picture of 512 x 512; folders and videos are painted by the fastest from then on.
    """
    facts = examine()
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        click.echo(f"impasto     {facts['impasto']}, Python {facts['python']}, {facts['platform']}")
        verdict = "works" if facts["works"] else "DOES NOT WORK"
        click.echo(
            f"engine      {facts['engine']}, {facts['threads']} threads: {verdict} "
            f"({facts['seconds']:.2f} s to load and paint)"
        )
        each = (f"{one['name']} {one['seconds'] * 1e3:.0f} ms" for one in facts["engines"].values())
        click.echo(f"512 x 512   {'; '.join(each)}; many pictures and video: {facts['engine_for_many']}")
        for name, reason in facts["engines_failed"].items():
            click.echo(f"            {name} does not work: {reason}")
        click.echo("packages    " + ", ".join(f"{name} {found}" for name, found in facts["packages"].items()))
        for extra, packages in facts["extras"].items():
            missing = [name for name, found in packages.items() if found is None]
            there = ", ".join(f"{name} {found}" for name, found in packages.items() if found)
            hint = f"missing {', '.join(missing)}: {install_command(extra)}" if missing else ""
            click.echo(f"[{extra}]".ljust(12) + "; ".join(filter(None, (there, hint))))
        click.echo(f"cache       {facts['cache']['folder']}: {', '.join(facts['cache']['files']) or 'empty'}")
        click.echo(f"own styles  {facts['own_styles']}")
        click.echo(f"styles      {len(facts['styles'])}: {', '.join(facts['styles'])}")
    sys.exit(0 if facts["works"] else 1)
