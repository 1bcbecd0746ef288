"""The page itself, what makes it an installed program, and what keeps it without a network."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from importlib import resources
from pathlib import Path

from impasto.webpage.contents import FACTS
from impasto.webpage.thumbnails import APPLE_ICON, ICONS

_SERVICE_WORKER = "service-worker.js"  # at the root of the site, since it rules the folder that it lies in only
_MANIFEST = "manifest.webmanifest"
_ENGLISH = "texts/en.json"  # the language that stands in where another one lacks a text
_LANGUAGES = "texts/languages.json"  # the names of the page's languages by their codes, which the page asks for
# Modules that the page never asks for.
_ONLY_WITH_SERVER = (
    "api.*",
    "server.js",
    "paint.js",
    "video.js",
    "learn.js",
    "sound.js",
    "motion.js",
    "figure.js",
    "job.js",
    "recorder.js",
)
_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' blob:; worker-src 'self' blob:; connect-src 'self' blob: "
    "data:; img-src 'self' blob: data:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; form-action 'none'"
)
"""Content security policy: the browser lets neither the page nor its worker ask another server, whatever happens."""
_HEAD = f"""<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<link rel="manifest" href="{_MANIFEST}">
<link rel="apple-touch-icon" href="{APPLE_ICON}">"""
_SHELL_SUFFIXES = (".html", ".css", ".js", ".json", ".webmanifest", ".svg")  # files that are kept at the first visit
_COMMENTS = re.compile(
    r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*\n", re.DOTALL | re.MULTILINE
)  # that fill whole lines


def write_page(site: Path) -> None:
    """Write the page and its manifest into a site."""
    with resources.as_file(resources.files("impasto.studio") / "page") as folder:
        unwanted = shutil.ignore_patterns("__pycache__", "*.py", _SERVICE_WORKER, *_ONLY_WITH_SERVER)
        shutil.copytree(folder, site, dirs_exist_ok=True, ignore=unwanted)
    index = site / "index.html"
    index.write_text(_without_server(index.read_text(encoding="utf-8")), encoding="utf-8")
    for path in (*site.rglob("*.js"), *site.glob("*.css")):
        path.write_text(_without_comments(path.read_text(encoding="utf-8")), encoding="utf-8")
    manifest = {
        "name": "Impasto",
        "short_name": "Impasto",
        "description": "Repaint photographs in the style of paintings, on this device.",
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#faf8f4",
        "theme_color": "#faf8f4",
        "categories": ["photo", "graphics"],
        "icons": [
            {
                "src": name,
                "sizes": f"{side}x{side}",
                "type": "image/webp",
                "purpose": "any maskable",
            }
            for name, side in ICONS.items()
        ],
    }
    texts = sorted((site / "texts").glob("*.json"))
    names = {path.stem: json.loads(path.read_text(encoding="utf-8"))["name"] for path in texts}
    (site / _LANGUAGES).write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
    (site / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _without_comments(code: str) -> str:
    """A script or a style sheet without its comments and indentation: a third less to transfer.

    The page has neither within a text, where they would count.
    """
    return re.sub(r"^[ \t]+", "", _COMMENTS.sub("", code), flags=re.MULTILINE)


def _without_server(html: str) -> str:
    """The page's HTML, which says that there is no server, and what may be asked of the browser."""
    for mark, with_more in (("<html ", '<html data-engine="local" '), ('<meta charset="utf-8">', _HEAD)):
        assert html.count(mark) == 1, mark
        html = html.replace(mark, with_more)
    return html


def write_service_worker(site: Path) -> None:
    """Write the service worker of a site of which everything else is there: it names all files, and their edition."""
    script = (resources.files("impasto.studio") / "page" / "local" / _SERVICE_WORKER).read_text(encoding="utf-8")
    found = (path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    files = sorted(file for file in found if file != _SERVICE_WORKER)
    digest = hashlib.sha256(script.encode())
    for file in files:
        digest.update(file.encode() + hashlib.sha256((site / file).read_bytes()).digest())
    page = [file for file in files if file.endswith(_SHELL_SUFFIXES) and not file.startswith(("data/", "texts/"))]
    shell = [*page, FACTS, _LANGUAGES, _ENGLISH]
    known = {"version": digest.hexdigest()[:12], "policy": _POLICY, "shell": shell, "files": files}
    (site / _SERVICE_WORKER).write_text(f"self.SITE = {json.dumps(known)};\n{script}", encoding="utf-8")
