import pytest

from impasto.errors import InputError
from impasto.motion.bvh import parse_bvh
from impasto.motion.joints import BODY_PARTS, check_mapping, find_joints, split_name
from impasto.motion.walker import NAMINGS, Walk, make_walk


@pytest.mark.parametrize("naming", NAMINGS)
def test_all_parts_of_the_body_are_found_by_the_usual_names(naming):
    clip = make_walk(Walk(), 0.1, naming=naming, still_root=True)
    found = find_joints(clip)
    assert set(found) == set(BODY_PARTS)
    for part, index in found.items():
        side, _, bare = part.partition("-") if part.startswith(("left", "right")) else ("", "", part)
        wanted = NAMINGS[naming][bare].format(Side=side.title(), S=side[:1].upper(), s=side[:1])
        assert clip.joints[index].name == wanted


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("mixamorig1:LeftUpLeg", ("left", "upleg")),
        ("Bip001 R UpperArm", ("right", "upperarm")),
        ("lThighBend", ("left", "thighbend")),
        ("J_Bip_L_UpperLeg", ("left", "upperleg")),
        ("thigh.L", ("left", "thigh")),
        ("L_Hip", ("left", "hip")),
        ("leg_left", ("left", "leg")),
        ("rhand", ("right", "hand")),
        ("LegRoot", ("", "legroot")),
        ("Character1_LeftUpLeg", ("left", "upleg")),
    ],
)
def test_a_name_is_taken_apart(name, meant):
    assert split_name(name) == meant


def smpl() -> str:
    """A skeleton as SMPL names it, where the foot is what others call the toe."""

    def joint(name: str, *inner: str) -> str:
        return f"JOINT {name}\n{{\nOFFSET 0 -1 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n{''.join(inner)}}}\n"

    def leg(side: str) -> str:
        return joint(f"{side}_Hip", joint(f"{side}_Knee", joint(f"{side}_Ankle", joint(f"{side}_Foot"))))

    def arm(side: str) -> str:
        upper = joint(f"{side}_Shoulder", joint(f"{side}_Elbow", joint(f"{side}_Wrist", joint(f"{side}_Hand"))))
        return joint(f"{side}_Collar", upper)

    body = leg("L") + leg("R") + joint("Spine1", joint("Neck", joint("Head")) + arm("L") + arm("R"))
    count = body.count("JOINT")
    root = "HIERARCHY\nROOT Pelvis\n{\nOFFSET 0 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n"
    return f"{root}{body}}}\nMOTION\nFrames: 1\nFrame Time: 0.1\n" + " ".join(["0"] * (3 + 3 * count))


def test_an_ankle_makes_the_foot_a_toe_and_a_shoulder_an_arm():
    clip = parse_bvh(smpl().encode(), "smpl")
    found = {part: clip.joints[index].name for part, index in find_joints(clip).items()}
    assert found["left-foot"] == "L_Ankle"
    assert found["left-toe"] == "L_Foot"
    assert found["left-upper-arm"] == "L_Shoulder"
    assert found["left-hand"] == "L_Wrist"
    assert found["hips"] == "Pelvis"


def test_a_mapping_names_what_names_do_not_tell(plain):
    renamed = parse_bvh(smpl().replace("L_Hip", "Zebra").encode(), "a")
    assert "left-thigh" not in find_joints(renamed)
    found = find_joints(renamed, {"left-thigh": "Zebra"})
    assert renamed.joints[found["left-thigh"]].name == "Zebra"
    with pytest.raises(InputError, match=r"no part of the body called left-tigh; did you mean left-thigh\?"):
        find_joints(renamed, {"left-tigh": "Zebra"})
    with pytest.raises(InputError, match=r"No clip has a joint Zebr for left-thigh; did you mean Zebra\?"):
        check_mapping({"left-thigh": "Zebr"}, [renamed])
