import json

import pytest

from impasto.errors import OutputError
from impasto.styles.catalogue import load_style
from impasto.webpage.api import export_page


@pytest.fixture
def quick(monkeypatch):
    """Leaves out what takes seconds: onnxruntime and the pictures."""
    for name in ("write_runtime", "write_thumbnails"):
        monkeypatch.setattr(f"impasto.webpage.api.{name}", lambda *_: None)


def test_the_site_has_all_that_the_page_asks_for_and_the_licences_of_what_is_not_ours(exported):
    data = exported / "data"
    facts = json.loads((data / "site.json").read_text(encoding="utf-8"))
    for style in facts["styles"]:
        assert (data / "styles" / f"{style['name']}.safetensors").is_file()
        assert (data / "thumbnails" / f"{style['name']}.webp").is_file()
    assert facts["options"]["strength"] == {"default": 1.0, "low": 0.0, "high": 1.0, "step": 0.01}
    assert facts["options"]["colors"]["choices"] == ["style", "content", "match"]
    assert (exported / "example.jpg").is_file()
    manifest = json.loads((exported / "manifest.webmanifest").read_text(encoding="utf-8"))
    assert all((exported / icon["src"]).is_file() for icon in manifest["icons"])
    assert "Microsoft" in (data / "onnxruntime" / "LICENSE").read_text(encoding="utf-8")
    assert (data / "onnxruntime" / "ThirdPartyNotices.txt").stat().st_size > 100_000


def test_what_only_a_server_does_is_left_out(exported):
    there = {path.name for path in exported.rglob("*.js")}
    assert there & {"paint.js", "video.js", "learn.js", "sound.js", "motion.js", "figure.js", "recorder.js"} == set()
    assert {"picture.js", "live.js"} <= there


def test_the_service_worker_names_every_file_but_itself(exported):
    first = (exported / "service-worker.js").read_text(encoding="utf-8").partition("\n")[0]
    site = json.loads(first.removeprefix("self.SITE = ").removesuffix(";"))
    there = {path.relative_to(exported).as_posix() for path in exported.rglob("*") if path.is_file()}
    assert set(site["files"]) == there - {"service-worker.js"}
    assert set(site["shell"]) <= set(site["files"])


def test_own_styles_come_first_and_one_with_a_network_of_its_own_is_left_out(quick, own_catalogue, tmp_path, caplog):
    from dataclasses import replace

    from impasto.styles.style import EmbeddedNetwork

    style = load_style("scream")
    style.save(own_catalogue / "mine.safetensors")
    replace(style, embedded=EmbeddedNetwork("other", b"x")).save(own_catalogue / "deep.safetensors")
    facts = json.loads((export_page(tmp_path / "site") / "data" / "site.json").read_text(encoding="utf-8"))
    names = {item["name"]: item["kind"] for item in facts["styles"]}
    assert next(iter(names)) == "mine"
    assert names["mine"] == "own"
    assert names["scream"] == "bundled"
    assert not {"deep", "photograph"} & set(names)
    assert "The style deep is left out" in caplog.text


def test_an_earlier_edition_is_replaced_and_anything_else_is_kept(quick, tmp_path):
    site = export_page(tmp_path / "site")
    (site / "old.txt").write_text("of the edition before")
    export_page(site)
    assert not (site / "old.txt").exists()
    (tmp_path / "site" / "data" / "site.json").unlink()
    with pytest.raises(OutputError, match="holds something else than an exported page"):
        export_page(site)
    assert (site / "data" / "network.onnx.gz").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_folder_that_cannot_be_made_is_one_sentence_and_leaves_nothing(quick, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError):
        export_page(tmp_path / "file" / "site")
    with pytest.raises(OutputError, match="holds something else"):
        export_page(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "x"


def test_what_cannot_be_written_leaves_the_earlier_edition_as_it_was(quick, tmp_path, monkeypatch):
    site = export_page(tmp_path / "site")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("impasto.webpage.api.write_service_worker", full)
    with pytest.raises(OutputError):
        export_page(site)
    assert (site / "service-worker.js").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
