"""The whole harbour: every object in its place."""

from __future__ import annotations

import numpy as np

from harbour.land import ground
from harbour.objects import ROOFS, TOWN, WALLS, add_boat, add_house, add_lighthouse, add_rock, add_tree, vec
from harbour.solids import Scene
from harbour.world import ALONG, INLAND, QUAY, QUAY_HEIGHT


def build() -> Scene:
    """Put every object in its place; returns the complete scene."""
    rng = np.random.default_rng(12)
    scene = Scene()
    scene.box(QUAY, TOWN, (-60, -4, 0), (112, QUAY_HEIGHT, 16), "stone")
    scene.box(QUAY, TOWN, (-60, QUAY_HEIGHT, 0.0), (112, QUAY_HEIGHT + 0.22, 0.45), "stone")
    last = -1
    for row, (inland, first, end) in enumerate(((7.5, -22.0, 101.0), (25.0, -12.0, 104.0), (43.0, 2.0, 112.0))):
        s, house = first, 0
        while s < end:
            w = rng.uniform(6.6, 9.6)
            h = rng.choice([5.8, 8.2, 8.8, 6.6]) if row == 0 else rng.choice([4.6, 6.0, 6.6])
            d = rng.uniform(8, 10)
            pick = int(rng.choice([k for k in range(len(WALLS)) if k != last]))
            if row == 0:  # the colours of the waterfront are chosen by hand
                pick = (3, 2, 1, 3, 2, 1, 0, 5, 2, 6, 1, 3, 0, 2, 5, 6)[house % 16]
            house += 1
            last = pick
            q = inland + rng.uniform(0, 1.5) * (row + 0.3)
            spot = QUAY + ALONG * s + INLAND * q
            far = spot + ALONG * w / 2 + INLAND * d / 2
            base = QUAY_HEIGHT if row == 0 else float(ground(far[:1], far[2:], 6)[0])
            spot = spot + np.array([0, base, 0])
            tint = WALLS[pick] * rng.uniform(0.85, 1.1)
            add_house(
                scene, spot, (w, h, d), tint, ROOFS[rng.integers(4)], bool(rng.random() < 0.62), int(rng.integers(1000))
            )
            s += w + (rng.uniform(0.0, 0.5) if row == 0 and rng.random() < 0.8 else rng.uniform(2.0, 4.5 + 4 * row))
    for _ in range(17):
        spot = QUAY + ALONG * rng.uniform(-5, 110) + INLAND * rng.choice([21.0, 38.5, 57.0])
        spot[1] = max(float(ground(spot[:1], spot[2:], 6)[0]), QUAY_HEIGHT) - 0.3
        add_tree(scene, spot, rng.uniform(6.5, 10.5), rng)
    for s, q in ((1.5, 4.2), (31.5, 4.0), (67.0, 4.5)):
        add_tree(scene, QUAY + ALONG * s + INLAND * q + np.array([0, QUAY_HEIGHT, 0]), rng.uniform(5, 6), rng, True)
    for k in range(16):  # bollards and lamps
        spot = QUAY + ALONG * (k * 7.0 - 4) + INLAND * 1.0 + np.array([0, QUAY_HEIGHT, 0])
        iron = np.array([0.05, 0.055, 0.06])
        scene.add(
            spot,
            np.eye(3),
            [[0, 1, 0, 0.75], [0, -1, 0, 0]],
            "wood",
            0.9,
            round_=("cone", np.array([0.2, 0.0])),
            color=iron,
        )
        if k % 2:
            scene.add(
                spot + INLAND,
                np.eye(3),
                [[0, 1, 0, 4.4], [0, -1, 0, 0]],
                "wood",
                4.5,
                round_=("cone", np.array([0.07, 0.0])),
                color=iron,
            )
            scene.add(
                spot + INLAND + vec(0, 4.6, 0),
                np.eye(3),
                [],
                "wood",
                0.4,
                round_=("ellipsoid", np.array([0.24, 0.32, 0.24])),
                color=np.array([0.85, 0.82, 0.72]),
            )
    for _ in range(18):  # people on the quay
        spot = QUAY + ALONG * rng.uniform(-4, 100) + INLAND * rng.uniform(1.8, 5.5) + np.array([0, QUAY_HEIGHT, 0])
        coat = np.array(
            [[0.5, 0.08, 0.06], [0.07, 0.09, 0.16], [0.62, 0.55, 0.42], [0.08, 0.20, 0.22], [0.75, 0.55, 0.10]]
        )[rng.integers(5)]
        scene.add(
            spot + vec(0, 1.14, 0),
            np.eye(3),
            [[0, -1, 0, 0.3]],
            "wood",
            0.6,
            round_=("ellipsoid", np.array([0.23, 0.38, 0.17])),
            color=coat,
        )
        stride = rng.uniform(0.05, 0.16)
        for side in (-stride, stride):
            scene.add(
                spot + vec(side, 0.42, 0),
                np.eye(3),
                [],
                "wood",
                0.6,
                round_=("ellipsoid", np.array([0.085, 0.50, 0.09])),
                color=np.array([0.04, 0.05, 0.09]),
            )
        scene.add(
            spot + vec(0, 1.63, 0),
            np.eye(3),
            [],
            "wood",
            0.2,
            round_=("ellipsoid", np.array([0.10, 0.13, 0.10])),
            color=np.array([0.50, 0.32, 0.22]),
        )
    red, white, blue, green, tar = (
        (0.50, 0.06, 0.04),
        (0.82, 0.80, 0.74),
        (0.05, 0.16, 0.34),
        (0.06, 0.24, 0.18),
        (0.20, 0.11, 0.05),
    )
    boats = (
        ((4.6, 27.5), 20, 5.2, red, 0, False),
        ((-10.8, 47.0), 55, 8.5, white, 9.0, True),
        ((-3.2, 63.0), 62, 8.0, blue, 8.5, True),
        ((4.5, 76.0), 58, 9.5, green, 10.5, True),
        ((14.0, 71.0), 12, 7.0, tar, 8.0, False),
        ((11.8, 90.0), 60, 8.0, red, 9.0, True),
        ((19.0, 101.0), 60, 8.0, white, 9.0, True),
        ((27.0, 88.0), -20, 6.5, blue, 7.5, True),
        ((-14.5, 36.5), 50, 4.6, green, 0, False),
    )
    for boat in boats:
        add_boat(scene, *boat)
    light = np.array([38.5, 1.6, 106.0])
    add_lighthouse(scene, light)
    for k in range(120):
        along = rng.uniform(-9, 50)
        big = rng.uniform(0.9, 2.7)
        side = rng.normal(0, 2.6)
        spot = light + np.array([along, 0, along * 0.10 + side])
        spot[1] = 1.3 - 0.26 * abs(side) - 0.5 * big + rng.uniform(-0.2, 0.6) - 0.2 * max(0, -along - 4)
        add_rock(scene, spot, big * 1.15, rng)
        if k % 5 == 0:  # some in front of the tower's foot
            add_rock(
                scene, light + np.array([rng.uniform(-9, 9), -1.5, -rng.uniform(4.5, 7)]), rng.uniform(0.9, 1.8), rng
            )
    scene.freeze()
    return scene
