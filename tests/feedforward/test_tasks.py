from pathlib import Path

import pytest

from impasto.errors import InputError
from impasto.feedforward.tasks import BatchTask, OutputOptions, expand_inputs, plan_batch
from impasto.styles.catalogue import load_style

PLAIN = OutputOptions()


@pytest.fixture
def style():
    return load_style("scream")


# ---- which files ----


def test_a_folder_gives_its_pictures_recursively_in_order_without_hidden_ones(folder):
    names = [relative.as_posix() for _, relative in expand_inputs([folder])]
    assert names == ["a.PNG", "b.jpg", "deep/c.webp", "deep/deeper/d.tif"]


def test_a_pattern_is_expanded_where_the_shell_did_not(folder):
    assert [file.name for file, _ in expand_inputs([folder / "*.jpg"])] == ["b.jpg"]  # folder.jpg holds nothing
    assert {file.name for file, _ in expand_inputs([folder / "**" / "*.tif"])} == {"d.tif"}
    odd = folder / "odd[1].png"
    odd.write_bytes((folder / "a.PNG").read_bytes())
    assert expand_inputs([odd]) == [(odd, Path("odd[1].png"))]


def test_raw_photographs_in_a_folder_are_left_out_with_a_word(folder, caplog):
    for name in ("x.NEF", "deep/y.dng"):
        (folder / name).write_bytes(b"raw")
    assert len(expand_inputs([folder])) == 4
    (said,) = (record.getMessage() for record in caplog.records)
    assert said == f"{folder / 'deep/y.dng'}: raw photographs of a camera are left out (2); develop them first."


def test_a_pattern_or_folder_without_pictures_is_refused(folder, tmp_path):
    with pytest.raises(InputError, match="Nothing matches"):
        expand_inputs([folder / "*.gif"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no picture in"):
        expand_inputs([tmp_path / "empty"])


# ---- where results go ----


def test_names_are_mirrored_in_the_output_folder_and_unwritable_kinds_become_png(folder, tmp_path, style, small):
    small.save(folder / "g.gif")
    out = tmp_path / "out"
    targets = [task.target.relative_to(out).as_posix() for task in plan_batch([folder], out, style, PLAIN)]
    assert targets == ["a.PNG", "b.jpg", "deep/c.webp", "deep/deeper/d.tif", "g.png"]
    targets = [task.target.suffix for task in plan_batch([folder], out, style, OutputOptions(format="jpg"))]
    assert set(targets) == {".jpg"}


def test_one_file_goes_where_it_is_told(folder, tmp_path, style):
    source = folder / "b.jpg"
    assert plan_batch([source], tmp_path / "x.png", style, PLAIN) == [BatchTask(source, tmp_path / "x.png")]
    assert plan_batch([source], tmp_path, style, PLAIN) == [BatchTask(source, tmp_path / "b.jpg")]
    assert plan_batch([source], tmp_path / "new", style, PLAIN, into_folder=True) == [
        BatchTask(source, tmp_path / "new" / "b.jpg")
    ]
    assert plan_batch([source], tmp_path / "new", style, OutputOptions(format="png")) == [
        BatchTask(source, tmp_path / "new")
    ]
    assert plan_batch([source], None, style, PLAIN) == [BatchTask(source, folder / "b-scream.jpg")]
    assert plan_batch([source], None, style, OutputOptions(format="png")) == [
        BatchTask(source, folder / "b-scream.png")
    ]


def test_two_results_under_one_name_are_refused_and_the_same_file_twice_is_painted_once(folder, tmp_path, style):
    with pytest.raises(InputError, match="both become"):
        plan_batch([folder / "b.gif", folder / "b.png"], tmp_path / "out", style, PLAIN)
    for twice in ([folder / "b.jpg", folder / "b.jpg"], [folder / "**"]):
        sources = [task.source for task in plan_batch(twice, tmp_path / "out", style, OutputOptions(format="png"))]
        assert len(sources) == len(set(sources))


def test_an_output_that_may_be_a_file_or_a_folder_is_not_guessed(folder, tmp_path, style):
    with pytest.raises(InputError, match=r"new\.jpg for a file, or .*new/ for a folder"):
        plan_batch([folder / "b.jpg"], tmp_path / "new", style, PLAIN)
    for several in ([folder], [folder / "b.jpg", folder / "a.PNG"], [folder / "*.*"]):
        with pytest.raises(InputError, match="would be one file"):
            plan_batch(several, tmp_path / "one.jpg", style, PLAIN)
        tasks = plan_batch(several, tmp_path / "one.jpg", style, PLAIN, into_folder=True)
        assert all(tmp_path / "one.jpg" in task.target.parents for task in tasks)
    assert plan_batch([folder], tmp_path / "v1.2", style, PLAIN)[0].target == tmp_path / "v1.2" / "a.PNG"


def test_a_file_cannot_take_several_results(folder, tmp_path, style):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="need a folder"):
        plan_batch([folder], tmp_path / "file", style, PLAIN)


@pytest.mark.parametrize("where", ["beside", "within"])
def test_results_of_an_earlier_run_are_not_painted_again(folder, style, where):
    output = {"beside": None, "within": folder / "painted"}[where]
    first = plan_batch([folder], output, style, PLAIN)
    for task in first:
        task.target.parent.mkdir(parents=True, exist_ok=True)
        task.target.write_bytes(task.source.read_bytes())
    assert len(expand_inputs([folder])) == 8
    assert plan_batch([folder], output, style, PLAIN) == first
    assert len(first) == 4


def test_a_folder_of_nothing_but_results_is_refused(folder, style):
    (folder / "a.PNG").unlink()
    (folder / "b.jpg").unlink()
    with pytest.raises(InputError, match="where the results go"):
        plan_batch([folder], folder / "deep", style, PLAIN)


def test_a_deeper_file_goes_into_a_folder_above_it(folder, style):
    source = folder / "deep" / "c.webp"
    assert plan_batch([source, folder / "b.jpg"], folder, style, PLAIN)[0] == BatchTask(source, folder / "c.webp")


def test_results_are_told_however_the_folders_are_written(folder, tmp_path, style, monkeypatch):
    (folder / "out").mkdir()
    (folder / "b.jpg").rename(folder / "out" / "b.jpg")
    monkeypatch.chdir(tmp_path)
    for output in (Path("in/out"), tmp_path / "in" / ".." / "in" / "out"):
        names = [task.source.name for task in plan_batch([Path("in")], output, style, PLAIN)]
        assert names == ["a.PNG", "c.webp", "d.tif"]
