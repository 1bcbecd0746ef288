"""Folders and .zip files of pictures: which files are listed, and what happens to damaged ones."""

import logging
import zipfile

import pytest

from impasto.errors import InputError
from impasto.training.photographs import Photographs
from impasto.training.picture_files import PictureFiles

from .noise_pictures import same, save


class TestFiles:
    def test_zip_equals_the_folder(self, noise_folder, tmp_path):
        save(noise_folder / "deep" / "er" / "x.JPG", 50)
        with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
            for path in sorted(noise_folder.rglob("*.*"), reverse=True):
                archive.write(path, path.relative_to(noise_folder))
            archive.writestr("__MACOSX/deep/x.jpg", b"resource fork")
            archive.writestr("deep/._x.jpg", b"resource fork")
            archive.writestr("readme.txt", b"no picture")
        one, two = (Photographs(source, crop=8) for source in (noise_folder, tmp_path / "photos.zip"))
        assert len(one.train) + len(one.val) == 13
        assert same(one.train, two.train)
        assert same(one.val, two.val)
        assert two.skipped == []

    def test_hidden_files_and_other_files_are_left_out(self, noise_folder):
        for name in (".hidden.png", ".cache/x.png", "__MACOSX/x.png"):
            save(noise_folder / name)
        (noise_folder / "notes.txt").write_text("hello")
        with PictureFiles(noise_folder) as files:
            assert files.names == [f"{i:02}.png" for i in range(12)]

    def test_a_hidden_folder_itself_can_be_named(self, tmp_path):
        save(tmp_path / ".cache" / "a.png")
        with PictureFiles(tmp_path / ".cache") as files:
            assert files.names == ["a.png"]

    def test_limit_is_a_stable_sample(self, noise_folder):
        with PictureFiles(noise_folder, 5) as files:
            names = files.names
        with PictureFiles(noise_folder, 6) as files:
            assert set(names) < set(files.names)
        assert len(names) == 5
        assert names == sorted(names)
        assert names != [f"{i:02}.png" for i in range(5)]
        pictures = Photographs(noise_folder, crop=8, limit=5)
        assert len(pictures.train) + len(pictures.val) == 5

    def test_corrupt_files_are_skipped_with_one_warning(self, noise_folder, caplog):
        (noise_folder / "text.jpg").write_bytes(b"this is no picture")
        (noise_folder / "empty.png").write_bytes(b"")
        whole = (noise_folder / "03.png").read_bytes()
        (noise_folder / "03.png").write_bytes(whole[: len(whole) // 2])
        with caplog.at_level(logging.WARNING):
            pictures = Photographs(noise_folder, crop=8)
        assert len(pictures.train) + len(pictures.val) == 11
        assert [name for name, _ in pictures.skipped] == ["03.png", "empty.png", "text.jpg"]
        assert all(reason for _, reason in pictures.skipped)
        (message,) = [r.getMessage() for r in caplog.records if "left out" in r.getMessage()]
        assert message.startswith("3 of 14 pictures")

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda path: None, "no folder or file"),
            (lambda path: path.mkdir(), "no picture in"),
            (lambda path: path.write_text("text"), "is not a folder"),
            (lambda path: save(path / ".a.png"), "no picture in"),
            (lambda path: [path.mkdir(), (path / "a.png").write_bytes(b"x")], "None of the 1 pictures"),
        ],
    )
    def test_errors(self, tmp_path, make, message):
        path = tmp_path / "source"
        make(path)
        with pytest.raises(InputError, match=message):
            Photographs(path, crop=8)

    def test_zip_without_pictures(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("a.txt", "x")
        with pytest.raises(InputError, match="no picture in"):
            Photographs(tmp_path / "a.zip", crop=8)


def test_an_archive_of_a_later_version_of_the_format_is_one_sentence(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", b"")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 6] = 128  # the version that is needed to read it, in tenths
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.zip is not a folder of photographs"):
        Photographs(path, crop=8)
