import numpy as np
import pytest

from impasto.errors import InputError, OutputError
from impasto.motion.bvh import format_bvh, parse_bvh, read_bvh, write_bvh
from impasto.motion.walker import Walk, make_walk

SMALL = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Left Leg
  {
    OFFSET 0 -10 0
    CHANNELS 1 Xrotation
    End Site
    {
      OFFSET 0 -5 0
    }
  }
}
MOTION
Frames: 2
Frame Time: .0083333
1 2 3 0 0 90 0
1 2 3 0 0 90 90
"""


def read(text: str):
    return parse_bvh(text.encode(), "a.bvh")


def test_a_file_is_read_with_its_own_channels():
    clip = read(SMALL)
    assert [joint.name for joint in clip.joints] == ["Hips", "Left Leg", ""]
    assert clip.frames == 2
    assert clip.rate == pytest.approx(120, abs=0.01)
    positions, _ = clip.world
    assert positions[:, 2] == pytest.approx(np.array([[1, -13, 3], [-4, -8, 3]]))


@pytest.mark.parametrize("naming", ["cmu", "bandai"])
@pytest.mark.parametrize("order", ["ZXY", "ZYX", "XYZ"])
def test_what_is_written_is_read_as_the_same_movement(naming, order):
    clip = make_walk(Walk(turn=0.5), 1.0, naming=naming, order=order, still_root=True)
    again = read(format_bvh(clip))
    assert [(j.name, j.parent, j.channels) for j in again.joints] == [
        (j.name, j.parent, j.channels) for j in clip.joints
    ]
    assert np.abs(again.world[0] - clip.world[0]).max() < 1e-4


@pytest.mark.parametrize(
    "spelling",
    [
        SMALL.replace("\n", "\r\n"),
        SMALL.replace("  ", "\t"),
        "\ufeff" + SMALL,
        SMALL.replace("Hips\n{", "Hips {"),
        SMALL.replace("ROOT", "Root").replace("rotation", "ROTATION"),
        SMALL.replace("Frame Time: .0083333", "Frame Time:\t0,0083333"),
    ],
)
def test_other_spellings_are_read_alike(spelling):
    assert np.allclose(read(spelling).world[0], read(SMALL).world[0])


def test_a_wrong_number_of_frames_is_said_and_those_that_are_there_are_taken():
    clip = read(SMALL.replace("Frames: 2", "Frames: 999999999999"))
    assert clip.frames == 2
    assert "announces 999999999999 frames; the 2 whole ones that are there are taken." in clip.notices[0]
    assert read(SMALL + "1 2 3").frames == 2
    assert read(SMALL).notices == ()


def test_a_missing_frame_time_is_said():
    clip = read(SMALL.replace(".0083333", "0"))
    assert clip.rate == pytest.approx(30)
    assert [notice.key for notice in clip.notices] == ["frame_time_taken"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no BVH file"),
        ("HIERARCHY", "no BVH file"),
        (SMALL.replace("MOTION", "NOTHING"), "no BVH file"),
        (SMALL.replace("0 -10 0", "0 -10 much"), "offset of Left Leg is not three numbers"),
        (SMALL.replace("0 -10 0", "0 -1e30 0"), "offset of Left Leg is beyond"),
        (SMALL.replace("CHANNELS 1 Xrotation", "CHANNELS 9 Xrotation"), "how many channels"),
        (SMALL.replace("CHANNELS 1 Xrotation", "CHANNELS 1 Wrotation"), "channels of Left Leg"),
        (SMALL.replace("6 Xposition Y", "6 Yposition Y"), "channels of Hips"),
        (SMALL.replace("1 2 3 0 0 90 90", "1 2 3 0 0 90 nan"), "Frame 2 of a.bvh has numbers"),
        (SMALL.replace("1 2 3 0 0 90 90", "1 2 3 0 0 90 1e300"), "Frame 2 of a.bvh has numbers"),
        (SMALL.replace("1 2 3 0 0 90 90", "1 2 3 what 0 90 0"), "'what' stands among its numbers"),
        (SMALL[: SMALL.index("1 2 3")], "has no frame"),
        (SMALL.replace("}\nMOTION", "MOTION"), "its skeleton ends too early"),
        (SMALL.replace("}\nMOTION", "}}\nMOTION"), "more closing braces"),
        (SMALL.replace("}\nMOTION", "}\nROOT Other\n{\n}\nMOTION"), "more than one root"),
        (SMALL.replace("JOINT Left Leg", "JOINT A\n" * 1 + "JOINT B"), "a joint has no braces"),
        (SMALL.replace("OFFSET 0 0 0", "ZEBRA"), "'ZEBRA' stands in its skeleton"),
        (
            SMALL.replace("6 Xposition Yposition Zposition Zrotation Xrotation Yrotation", "0").replace(
                "1 Xrotation", "0"
            ),
            "no joint has channels",
        ),
    ],
)
def test_what_is_no_clip_is_refused_in_a_sentence(text, said):
    with pytest.raises(InputError, match=r"a\.bvh") as error:
        read(text)
    assert said in str(error.value)


def test_too_many_joints_are_refused_and_300_are_read():
    nested = "JOINT J\n{\nOFFSET 0 1 0\nCHANNELS 1 Xrotation\n"
    head, tail = SMALL.split("  JOINT Left Leg")[0], "\nMOTION\nFrames: 1\nFrame Time: 0.1\n"

    def chain(count: int) -> str:
        return head + nested * count + "}" * count + "}" + tail + " ".join(["0"] * (6 + count))

    assert len(read(chain(300)).joints) == 301
    assert read(chain(300)).world[0].shape == (1, 301, 3)
    with pytest.raises(InputError, match="more than 2000 joints"):
        read(chain(2001))


def test_a_file_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("impasto.motion.bvh._LARGEST_FILE", 100)
    (tmp_path / "a.bvh").write_text(SMALL)
    with pytest.raises(InputError, match="cut the clip into parts"):
        read_bvh(tmp_path / "a.bvh")


def test_files_that_are_not_there_or_cannot_be_written_are_said(tmp_path):
    with pytest.raises(InputError, match="There is no file"):
        read_bvh(tmp_path / "a.bvh")
    with pytest.raises(InputError, match="cannot be read"):
        read_bvh(tmp_path)
    with pytest.raises(OutputError, match="because it is a folder"):
        write_bvh(read(SMALL), tmp_path)
