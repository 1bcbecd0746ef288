import io
import tarfile
from contextlib import ExitStack

import pytest

from impasto.errors import InputError
from impasto.scale import containers
from impasto.scale.shards import Shard
from impasto.scale.sources import file_of, pictures_of, shards_of

from .conftest import encoded


def names(shards):
    found = []
    for shard in shards:
        with ExitStack() as files:
            found += [picture.name for picture in pictures_of(shard, file_of(shard, files))]
    return found


def tar_with(path, files):
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def test_a_folder_is_cut_into_shards_that_survive_their_lines_in_the_manifest(photos):
    shards = list(shards_of([photos], 4))
    assert [shard.pictures for shard in shards] == [4, 2]
    assert [Shard.from_json(shard.to_json()) for shard in shards] == shards
    assert names(shards) == ["deep/p3.png", "p0.jpg", "p1.jpg", "p2.jpg", "p4.jpg", "p5.jpg"]
    assert sum(shard.size for shard in shards) == sum(f.stat().st_size for f in photos.rglob("*.*"))


def test_results_are_not_sources_where_they_lie_in_the_same_folder(photos):
    (photos / "out").mkdir()
    (photos / "out/p0.jpg").write_bytes((photos / "p0.jpg").read_bytes())
    assert len(names(shards_of([photos], sink=photos / "out"))) == 6
    store = pytest.importorskip("fsspec").filesystem("memory")
    for name in ("a.jpg", "out/a.jpg", "outer/b.jpg"):
        store.pipe_file(f"/bucket/in/{name}", b"x")
    assert names(shards_of(["memory://bucket/in"], sink="memory://bucket/in/out")) == ["a.jpg", "outer/b.jpg"]
    store.rm("/bucket", recursive=True)


def test_patterns_files_and_lists_are_named_from_the_folder_that_they_share(photos, tmp_path):
    assert names(shards_of([f"{photos}/p*.jpg"])) == ["p0.jpg", "p1.jpg", "p2.jpg", "p4.jpg", "p5.jpg"]
    (tmp_path / "list.txt").write_text("in/p1.jpg\n\nin/deep/p3.png\nin/p1.jpg\n", "utf-8-sig")  # as on Windows
    assert names(shards_of([tmp_path / "list.txt"])) == ["p1.jpg", "deep/p3.png"]
    (found,) = shards_of([tmp_path / "list.txt"])
    assert Shard.from_json(found.to_json()) == found
    with ExitStack() as files:
        assert all(picture.place.exists() for picture in pictures_of(found, file_of(found, files)))


def test_each_tar_is_a_shard_and_numbers_in_braces_stand_for_several(photos, tmp_path):
    picture = (photos / "p0.jpg").read_bytes()
    for number in range(3):
        tar_with(tmp_path / f"t{number:02}.tar", {f"{number}a.jpg": picture, f"{number}a.txt": b"caption"})
    assert names(shards_of([f"{tmp_path}/t*.tar"])) == names(shards_of([str(tmp_path / "t{00..02}.tar")]))
    (tmp_path / "in/u-000001-0123456789abcdef.tar").write_bytes((tmp_path / "t00.tar").read_bytes())
    assert len(list(shards_of([photos]))) == 2  # the pictures, and the tar
    assert len(list(shards_of([photos], sink=photos / "u.tar"))) == 1  # the tar is a result
    shards = list(shards_of([str(tmp_path / "t{00..02}.tar")]))
    assert [(shard.kind, shard.pictures) for shard in shards] == [("tar", 1)] * 3
    with ExitStack() as files:
        found = list(pictures_of(shards[1], file_of(shards[1], files)))
    assert [(one.name, one.beside) for one in found] == [("t01/1a.jpg", False), ("t01/1a.txt", True)]
    assert found[0].data == picture


def test_pictures_in_a_column_of_parquet_are_named_after_row_and_path(small, tmp_path, monkeypatch):
    pyarrow = pytest.importorskip("pyarrow", reason="Parquet files need pyarrow, which the extra ray brings")
    parquet = pytest.importorskip("pyarrow.parquet")
    data = encoded(small)
    rows = [{"bytes": data, "path": "a/cat.jpg"}, {"bytes": data, "path": None}, {"bytes": None, "path": None}]
    parquet.write_table(pyarrow.table({"image": rows, "raw": [data] * 3}), tmp_path / "x.parquet", row_group_size=2)
    shards = list(shards_of([f"{tmp_path}/x.parquet#image"], 2))
    assert [(shard.groups, shard.pictures) for shard in shards] == [((0, 1), 2), ((1, 2), 1)]
    assert names(shards) == ["x/000000000-cat.jpg", "x/000000001.jpg", "x/000000002"]
    store = pytest.importorskip("fsspec").filesystem("memory")
    store.pipe_file("/bucket/x.parquet", (tmp_path / "x.parquet").read_bytes())
    monkeypatch.setattr(containers, "_FOOTER", 100)
    fetched, read_part = [], containers.read_part
    monkeypatch.setattr(containers, "read_part", lambda *part: fetched.append(part) or read_part(*part))
    far = list(shards_of(["memory://bucket/x.parquet#image"], 2))
    assert names(far) == names(shards)
    with ExitStack() as files:
        fetched.clear()
        found = list(pictures_of(far[1], file_of(far[1], files)))
    assert [one.data for one in found] == [b""]
    assert sum(end - start for _, start, end in fetched) < far[1].size / 2  # not the other groups and columns
    store.rm("/bucket", recursive=True)
    with pytest.raises(InputError, match=r"name that with the pictures, as .*x.parquet#COLUMN"):
        list(shards_of([tmp_path / "x.parquet"]))
    with pytest.raises(InputError, match=r"no column cat .* such are: image, raw"):
        list(shards_of([f"{tmp_path}/x.parquet#cat"]))


def test_a_source_that_is_not_there_or_holds_nothing_is_said(tmp_path):
    for source, sentence in (
        (tmp_path / "no.jpg", "There is no .*no.jpg"),
        (tmp_path, "There is no picture in"),
        (f"{tmp_path}/*.jpg", "Nothing matches"),
        (tmp_path / "list.txt", "list.txt cannot be read"),
    ):
        with pytest.raises(InputError, match=sentence):
            list(shards_of([source]))
    tar_with(tmp_path / "none.tar", {"a.txt": b"no picture"})
    with pytest.raises(InputError, match="There is no picture in"):
        list(shards_of([tmp_path / "none.tar"]))
    tar_with(tmp_path / "whole.tar", {f"{number}.jpg": bytes(600) for number in range(3)})
    whole = (tmp_path / "whole.tar").read_bytes()
    for damaged in (whole[: 3 * 512], whole[: 3 * 512 + 100], whole[: 3 * 512] + b"x" * 512 + whole[4 * 512 :]):
        (tmp_path / "cut.tar").write_bytes(damaged)
        with pytest.raises(InputError, match=r"cut.tar cannot be read as a tar .*in the middle.*: get it afresh"):
            list(shards_of([tmp_path / "cut.tar"]))
    (tmp_path / "half.tar").write_bytes(b"no tar")
    with pytest.raises(InputError, match="cannot be read as a tar"):
        list(shards_of([tmp_path / "half.tar"]))


def test_the_name_of_a_shard_changes_with_its_input_and_the_settings_alone(photos):
    def name(settings="scream"):
        return next(iter(shards_of([photos]))).name(settings)

    before = name()
    assert name() == before
    assert name("udnie") != before
    (photos / "p0.jpg").write_bytes((photos / "p1.jpg").read_bytes())
    assert name() != before
