"""HDF5 files of training pictures: written, gone on with, described."""

import json
import re
import shutil
import sys
import zipfile

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from impasto.cli import cli
from impasto.errors import InputError, MissingExtraError, OutputError
from impasto.training import dataset
from impasto.training.dataset import info, pack
from impasto.training.photographs import Photographs
from impasto.version import install_command

h5py = pytest.importorskip("h5py")

SIZE = (24, 32)


def noise(seed, size=(40, 30)):
    width, height = size
    return np.random.default_rng(seed).integers(1, 256, (height, width, 3), np.uint8)


def fill(folder, count, first=0, size=(40, 30)):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(first, first + count):
        Image.fromarray(noise(i, size)).save(folder / f"{i:02}.png")
    return folder


@pytest.fixture
def sources(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "_BLOCK", 3)
    return fill(tmp_path / "train", 10), fill(tmp_path / "val", 4, 50)


def content(path):
    """All that an HDF5 file says: data sets, and attributes anywhere."""
    found = {}

    def visit(name, thing):
        found[f"{name} attributes"] = dict(thing.attrs)
        if isinstance(thing, h5py.Dataset):
            found[name] = thing.shape, thing.dtype, thing.chunks, thing.compression, thing[:].tobytes()

    with h5py.File(path, "r") as file:
        found["attributes"] = dict(file.attrs)
        file.visititems(visit)
    return found


class Stopped(Exception):
    pass


def stop_after(count):
    def progress(done, total):
        if done >= count:
            raise Stopped

    return progress


class TestPack:
    def test_layout_is_the_ancestors(self, sources, tmp_path):
        report = pack(*sources, tmp_path / "out.h5", size=SIZE)
        with h5py.File(tmp_path / "out.h5", "r") as file:
            assert list(file) == ["train2014", "val2014"]
            assert not file.attrs
            for name, count in (("train2014", 10), ("val2014", 4)):
                assert list(file[name]) == ["images"]
                images = file[f"/{name}/images"]
                assert images.shape == (count, 3, *SIZE)
                assert images.dtype == np.uint8
                assert images.chunks is None
                assert images.compression is None
                assert not images.attrs
        assert (report.train, report.val, report.skipped, report.resumed) == (10, 4, (), 0)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["out.h5", "train", "val"]

    def test_pictures_of_the_size_are_kept_as_they_are(self, tmp_path):
        train = fill(tmp_path / "train", 3, size=(32, 16))
        pack(train, train, tmp_path / "out.h5", size=(16, 32))
        with h5py.File(tmp_path / "out.h5", "r") as file:
            for i, row in enumerate(file["train2014/images"]):
                assert np.array_equal(row, noise(i, (32, 16)).transpose(2, 0, 1))

    @pytest.mark.parametrize(
        ("size", "multiple", "kept"),
        [((40, 30), 16, (32, 16)), ((40, 30), 1, (40, 30)), ((40, 9), 16, (32, 9)), ((32, 48), 16, (32, 48))],
    )
    def test_cut_at_bottom_and_right_then_resized(self, tmp_path, size, multiple, kept):
        train = fill(tmp_path / "train", 1, size=size)
        pack(train, None, tmp_path / "out.h5", size=SIZE, max_resize=multiple)
        cut = Image.fromarray(noise(0, size)).crop((0, 0, *kept))
        expected = np.asarray(cut.resize(SIZE[::-1], Image.Resampling.BILINEAR))
        with h5py.File(tmp_path / "out.h5", "r") as file:
            assert list(file) == ["train2014"]
            assert np.array_equal(file["train2014/images"][0], expected.transpose(2, 0, 1))

    def test_read_back(self, sources, tmp_path):
        pack(*sources, tmp_path / "out.h5", size=SIZE)
        pictures = Photographs(tmp_path / "out.h5", crop=16)
        assert (len(pictures.train), len(pictures.val)) == (10, 4)
        assert pictures.train[0].shape == (*SIZE, 3)

    def test_corrupt_files_leave_no_rows(self, sources, tmp_path, caplog):
        train, val = sources
        pack(train, val, tmp_path / "clean.h5", size=SIZE)
        (train / "00a.jpg").write_bytes(b"broken")
        (train / "99.png").write_bytes((train / "01.png").read_bytes()[:300])
        (val / "00.png").write_bytes(b"")
        report = pack(train, val, tmp_path / "out.h5", size=SIZE)
        assert [name for name, _ in report.skipped] == ["00a.jpg", "99.png", "00.png"]
        assert all(reason for _, reason in report.skipped)
        assert (report.train, report.val) == (10, 4)
        assert content(tmp_path / "out.h5") == content(tmp_path / "clean.h5")
        assert len([record for record in caplog.records if "left out" in record.getMessage()]) == 2
        assert not list(tmp_path.glob("out.h5.*"))

    def test_zip_with_folders_and_junk(self, sources, tmp_path):
        train, val = sources
        with zipfile.ZipFile(tmp_path / "train.zip", "w") as archive:
            for path in sorted(train.iterdir(), reverse=True):
                archive.write(path, f"coco/train/{path.name}")
            archive.writestr("__MACOSX/coco/train/._00.png", b"junk")
            archive.writestr("coco/.DS_Store", b"junk")
        pack(train, val, tmp_path / "one.h5", size=SIZE)
        pack(tmp_path / "train.zip", val, tmp_path / "two.h5", size=SIZE)
        assert content(tmp_path / "one.h5") == content(tmp_path / "two.h5")

    def test_limit_holds_for_each(self, sources, tmp_path):
        report = pack(*sources, tmp_path / "out.h5", size=SIZE, limit=3)
        assert (report.train, report.val) == (3, 3)

    def test_workers_change_nothing(self, sources, tmp_path):
        for workers in (1, 4):
            pack(*sources, tmp_path / f"{workers}.h5", size=SIZE, workers=workers)
        assert content(tmp_path / "1.h5") == content(tmp_path / "4.h5")

    def test_progress(self, sources, tmp_path):
        calls = []
        pack(*sources, tmp_path / "out.h5", size=SIZE, progress=lambda done, total: calls.append((done, total)))
        assert calls == [(3, 14), (6, 14), (9, 14), (10, 14), (13, 14), (14, 14)]

    def test_replaces_an_older_file_and_makes_folders(self, sources, tmp_path):
        output = tmp_path / "new" / "folder" / "out.h5"
        pack(*sources, output, size=SIZE, limit=1)
        pack(*sources, output, size=SIZE)
        assert info(output)["groups"]["train2014"]["pictures"] == 10


class TestResume:
    @pytest.mark.parametrize("stop", [1, 9, 10, 13, 14])
    def test_gives_the_same_file(self, sources, tmp_path, stop):
        train, val = sources
        (train / "04a.png").write_bytes(b"broken")
        (train / "00a.png").write_bytes(b"broken")
        whole = pack(train, val, tmp_path / "whole.h5", size=SIZE)
        output = tmp_path / "out.h5"
        with pytest.raises(Stopped):
            pack(train, val, output, size=SIZE, progress=stop_after(stop))
        assert not output.exists()
        assert not info(tmp_path / "out.h5.part")["complete"]
        report = pack(train, val, output, size=SIZE)
        assert report.resumed >= stop
        assert (report.train, report.val, report.skipped) == (whole.train, whole.val, whole.skipped)
        assert content(output) == content(tmp_path / "whole.h5")
        assert not list(tmp_path.glob("out.h5.*"))

    def test_does_not_decode_again(self, sources, tmp_path):
        with pytest.raises(Stopped):
            pack(*sources, tmp_path / "out.h5", size=SIZE, progress=stop_after(6))
        for path in list(sources[0].iterdir()):
            if path.name < "06":
                path.write_bytes(b"no picture any more")
        report = pack(*sources, tmp_path / "out.h5", size=SIZE)
        assert (report.resumed, report.train, report.skipped) == (6, 10, ())

    @pytest.mark.parametrize("change", ["size", "multiple", "limit", "files", "val"])
    def test_starts_over_when_something_differs(self, sources, tmp_path, change):
        train, val = sources
        with pytest.raises(Stopped):
            pack(train, val, tmp_path / "out.h5", size=SIZE, progress=stop_after(6))
        arguments = {"size": SIZE}
        if change == "size":
            arguments["size"] = SIZE[::-1]
        elif change == "multiple":
            arguments["max_resize"] = 8
        elif change == "limit":
            arguments["limit"] = 9
        elif change == "files":
            fill(train, 1, 30)
        else:
            val = shutil.copytree(val, tmp_path / "other")
        report = pack(train, val, tmp_path / "out.h5", **arguments)
        assert report.resumed == 0
        pack(train, val, tmp_path / "fresh.h5", **arguments)
        assert content(tmp_path / "out.h5") == content(tmp_path / "fresh.h5")

    @pytest.mark.parametrize("kept", [0, 5, 900])
    def test_starts_over_when_the_part_is_damaged(self, sources, tmp_path, kept):
        part = tmp_path / "out.h5.part"
        with pytest.raises(Stopped):
            pack(*sources, tmp_path / "out.h5", size=SIZE, progress=stop_after(6))
        part.write_bytes(part.read_bytes()[:kept])
        report = pack(*sources, tmp_path / "out.h5", size=SIZE)
        assert (report.resumed, report.train) == (0, 10)

    def test_interrupted_while_the_last_copy_is_made(self, sources, tmp_path, monkeypatch):
        train, val = sources
        (train / "a.png").write_bytes(b"broken")
        create = h5py.File.create_dataset

        def stop_at_the_copy(file, *arguments):
            if file.filename.endswith(".copy"):
                raise Stopped
            return create(file, *arguments)

        with monkeypatch.context() as patch:
            patch.setattr(h5py.File, "create_dataset", stop_at_the_copy)
            with pytest.raises(Stopped):
                pack(train, val, tmp_path / "out.h5", size=SIZE)
        report = pack(train, val, tmp_path / "out.h5", size=SIZE)
        assert (report.resumed, report.train, len(report.skipped)) == (15, 10, 1)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["out.h5", "train", "val"]


class TestErrors:
    def test_all_corrupt_and_then_repaired(self, sources, tmp_path):
        train, _ = sources
        broken = tmp_path / "broken"
        broken.mkdir()
        (broken / "00.png").write_bytes(b"x")
        with pytest.raises(InputError, match="None of the 1 pictures"):
            pack(train, broken, tmp_path / "out.h5", size=SIZE)
        fill(broken, 1)
        assert pack(train, broken, tmp_path / "out.h5", size=SIZE).val == 1

    def test_no_folder(self, sources, tmp_path):
        with pytest.raises(InputError, match="no folder"):
            pack(sources[0], tmp_path / "missing", tmp_path / "out.h5")
        assert not list(tmp_path.glob("out.h5*"))

    @pytest.mark.parametrize("arguments", [{"size": (0, 8)}, {"max_resize": 0}, {"limit": 0}])
    def test_impossible_settings(self, sources, tmp_path, arguments):
        with pytest.raises(InputError, match="at least 1"):
            pack(*sources, tmp_path / "out.h5", **arguments)

    def test_output_that_cannot_be_written(self, sources, tmp_path):
        (tmp_path / "file").write_text("x")
        with pytest.raises(OutputError, match="cannot be written"):
            pack(*sources, tmp_path / "file" / "out.h5", size=SIZE)

    def test_output_is_a_folder(self, sources, tmp_path):
        with pytest.raises(OutputError, match="is a folder"):
            pack(*sources, tmp_path)

    def test_output_is_the_source(self, sources, tmp_path):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.write(sources[0] / "00.png", "00.png")
        with pytest.raises(OutputError, match="read from"):
            pack(tmp_path / "a.zip", None, tmp_path / "a.zip")
        assert zipfile.is_zipfile(tmp_path / "a.zip")

    def test_part_that_another_process_writes(self, sources, tmp_path, monkeypatch):
        (tmp_path / "out.h5.part").write_bytes(b"theirs")

        def locked(*_):
            raise BlockingIOError(11, "unable to lock file")

        monkeypatch.setattr(h5py, "File", locked)
        with pytest.raises(OutputError, match="unable to lock"):
            pack(*sources, tmp_path / "out.h5", size=SIZE)
        assert (tmp_path / "out.h5.part").read_bytes() == b"theirs"

    def test_without_h5py(self, sources, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "h5py", None)
        with pytest.raises(MissingExtraError, match=rf"Reading HDF5.*{re.escape(install_command('train'))}"):
            pack(*sources, tmp_path / "out.h5")


class TestInfo:
    def test_finished(self, tmp_path):
        train = tmp_path / "train"
        train.mkdir()
        for i in range(5):
            Image.new("RGB", (32, 32), (200, 100, 50)).save(train / f"{i}.png")
        pack(train, fill(tmp_path / "val", 2), tmp_path / "out.h5", size=SIZE)
        facts = info(tmp_path / "out.h5")
        assert json.loads(json.dumps(facts)) == facts
        assert facts["complete"]
        assert facts["bytes"] == (tmp_path / "out.h5").stat().st_size
        assert list(facts["groups"]) == ["train2014", "val2014"]
        assert facts["groups"]["train2014"] == {
            "pictures": 5,
            "empty": 0,
            "height": 24,
            "width": 32,
            "bytes": 5 * 3 * 24 * 32,
            "mean_colour": [200.0, 100.0, 50.0],
        }

    def test_unfinished(self, sources, tmp_path):
        with pytest.raises(Stopped):
            pack(*sources, tmp_path / "out.h5", size=SIZE, progress=stop_after(6))
        facts = info(tmp_path / "out.h5.part")
        assert not facts["complete"]
        assert [(group["pictures"], group["empty"]) for group in facts["groups"].values()] == [(6, 4), (0, 4)]
        assert facts["groups"]["val2014"]["mean_colour"] is None
        with pytest.raises(InputError, match="not finished"):
            Photographs(tmp_path / "out.h5.part", crop=8)

    def test_rows_that_the_ancestors_script_left_empty(self, tmp_path):
        with h5py.File(tmp_path / "old.h5", "w") as file:
            images = file.create_dataset("train2014/images", (6, 3, 8, 8), np.uint8)
            images[:4] = 9
        facts = info(tmp_path / "old.h5")
        assert not facts["complete"]
        assert (facts["groups"]["train2014"]["pictures"], facts["groups"]["train2014"]["empty"]) == (4, 2)

    def test_errors(self, tmp_path):
        with pytest.raises(InputError, match="no file"):
            info(tmp_path / "missing.h5")
        (tmp_path / "text.h5").write_text("text")
        with pytest.raises(InputError, match="not an HDF5 file"):
            info(tmp_path / "text.h5")
        with h5py.File(tmp_path / "other.h5", "w") as file:
            file["x"] = 1
        with pytest.raises(InputError, match="found: /x"):
            info(tmp_path / "other.h5")


def test_the_command_packs_without_held_out_pictures_and_leaves_ranges_to_the_library(sources, tmp_path):
    def call(*options):
        arguments = ["dataset", "pack", "--train", sources[0], "-o", tmp_path / "out.h5", "-q", *options]
        return CliRunner().invoke(cli, [str(item) for item in arguments], catch_exceptions=False)

    with pytest.raises(InputError, match="ask for at least 1"):
        call("--limit", 0)
    assert call("--size", 16).stdout.endswith("10 to train on, 0 held out, 0 skipped\n")
    assert list(info(tmp_path / "out.h5")["groups"]) == ["train2014"]
