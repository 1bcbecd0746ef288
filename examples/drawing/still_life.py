"""A scene: a jug of flowers, fruit and a bird before a window."""

from __future__ import annotations

import numpy as np

from drawing.canvas import WIDTH, XS, YS, smooth
from drawing.shapes import Scene, curve, ellipse, flower, leaf, polygon, ribbon


def still_life() -> Scene:
    """A jug of flowers, fruit and a bird before a window."""
    rng = np.random.default_rng(3)
    scene = Scene((0.16, 0.34, 0.56))
    away = np.hypot(XS - 450, YS - 250)
    around = np.arctan2(YS - 250, XS - 450)
    for ring in range(12):  # the wall: arcs of blue and green around the flowers
        tint = ((0.12, 0.34, 0.58), (0.16, 0.46, 0.66), (0.20, 0.58, 0.62), (0.14, 0.40, 0.48))[ring % 4]
        scene.add(away < 640 - 40 * ring + 9 * np.sin(9 * around + ring), tint, 0.62 + 0.02 * ring, around + np.pi / 2)
    for x0, sign in ((0, 1), (WIDTH, -1)):  # curtains
        for fold in range(5):
            xs = [x0 + sign * (150 - 30 * fold), x0 + sign * (118 - 26 * fold), x0 + sign * (175 - 34 * fold)]
            tint = ((0.72, 0.16, 0.22), (0.88, 0.32, 0.24), (0.95, 0.62, 0.26))[fold % 3]
            scene.add(
                polygon(
                    curve([(x0 - sign * 40, -60), (xs[0], -60), (xs[1], 240), (xs[2], 520), (x0 - sign * 40, 520)])
                ),
                tint,
                0.45 + 0.12 * fold,
                1.5 + 0.02 * sign,
            )
    table = 500 + 14 * np.sin(XS / 140) < YS
    scene.add(table, (0.93, 0.84, 0.68), 0.85, 0.1)
    for k in range(-6, 16):  # a striped cloth
        tint = ((0.88, 0.44, 0.24), (0.97, 0.90, 0.78), (0.36, 0.56, 0.52), (0.97, 0.82, 0.46))[k % 4]
        a, b = 450 + (k - 5) * 50, 450 + (k - 5) * 98
        scene.add(
            table & polygon([(a, 490), (a + 50, 490), (b + 98, 700), (b, 700)]),
            tint,
            0.85 - 0.0006 * (YS - 500),
            np.arctan2(210, b - a),
        )
    scene.add(ellipse(395, 640, 190, 34) & table, (0.42, 0.34, 0.42), 0.35, 0.0)
    jug = polygon(
        curve(
            [
                (385, 400),
                (372, 450),
                (330, 520),
                (345, 610),
                (400, 648),
                (500, 648),
                (556, 610),
                (570, 520),
                (528, 450),
                (515, 400),
            ]
        )
    )
    handle = ellipse(580, 490, 54, 66) & ~ellipse(576, 492, 34, 44)
    scene.add(handle, (0.20, 0.30, 0.66), 0.7, np.arctan2(YS - 490, XS - 580) + np.pi / 2)
    scene.ball(jug, (0.94, 0.92, 0.86), (450, 530), (150, 165))
    for low, high, tint in (
        (488, 506, (0.16, 0.32, 0.70)),
        (516, 566, (0.28, 0.56, 0.80)),
        (578, 594, (0.16, 0.32, 0.70)),
        (426, 440, (0.90, 0.62, 0.20)),
    ):
        bow = YS - 14 * (1 - ((XS - 450) / 120) ** 2)
        scene.add(jug & (bow > low) & (bow < high), tint, 0.35 + 0.6 * smooth(340, 540, XS), -0.25 * (XS - 450) / 120)
    for k in range(6):
        bx = 352 + 39 * k
        scene.add(
            jug & ellipse(bx, 553 + 5 * (1 - ((bx - 450) / 100) ** 2), 13, 17), (0.98, 0.80, 0.32), 0.5 + 0.08 * k, 1.57
        )
    for x, y, size, turn in (
        (300, 380, 75, 2.7),
        (610, 380, 80, 0.5),
        (250, 270, 70, 3.4),
        (660, 260, 75, -0.3),
        (350, 120, 62, 4.2),
        (575, 110, 66, 5.1),
        (450, 380, 60, 1.4),
        (385, 300, 70, 2.2),
        (520, 300, 70, 0.9),
        (200, 350, 50, 2.9),
        (715, 345, 50, 0.3),
    ):
        leaf(scene, x, y, size, turn, (0.24, 0.56, 0.26) if size > 64 else (0.52, 0.68, 0.24))
    flowers = (
        (330, 205, 92, (0.99, 0.76, 0.14), (0.48, 0.24, 0.12), 13),
        (580, 195, 96, (0.97, 0.62, 0.16), (0.42, 0.18, 0.14), 14),
        (455, 120, 84, (0.99, 0.86, 0.30), (0.52, 0.28, 0.10), 13),
        (455, 290, 88, (0.93, 0.28, 0.24), (0.98, 0.78, 0.26), 11),
        (265, 325, 62, (0.98, 0.94, 0.92), (0.98, 0.74, 0.22), 11),
        (655, 320, 66, (0.90, 0.42, 0.60), (0.99, 0.84, 0.40), 10),
        (350, 365, 56, (0.66, 0.44, 0.80), (0.98, 0.86, 0.42), 10),
        (560, 375, 58, (0.99, 0.92, 0.86), (0.96, 0.66, 0.20), 11),
    )
    for x, y, size, petal, heart, count in flowers:
        flower(scene, rng, x, y, size, petal, heart, count)
    for x, y, r, tint in (
        (240, 610, 52, (0.90, 0.24, 0.20)),
        (165, 640, 44, (0.95, 0.70, 0.20)),
        (300, 655, 42, (0.60, 0.72, 0.24)),
        (690, 628, 58, (0.97, 0.56, 0.18)),
        (770, 655, 42, (0.86, 0.20, 0.28)),
    ):
        scene.add(ellipse(x - 0.3 * r, y + 0.75 * r, 1.2 * r, 0.3 * r), (0.40, 0.30, 0.40), 0.3, 0.0)
        scene.ball(ellipse(x, y, r, 0.94 * r), tint, (x, y), (r, r))
        scene.add(ellipse(x + 0.36 * r, y - 0.42 * r, 0.17 * r, 0.12 * r, -0.6), (1.0, 0.96, 0.88), 1.0, 0.0)
        scene.add(ribbon([(x, y - 0.8 * r), (x + 0.1 * r, y - 1.25 * r)], [5, 4]), (0.36, 0.24, 0.14), 0.5, 1.5)
    bird = polygon(
        curve(
            [(770, 505), (800, 470), (838, 452), (862, 468), (858, 500), (830, 545), (790, 560), (740, 560), (690, 548)]
        )
    )
    scene.ball(bird, (0.16, 0.56, 0.74), (800, 510), (90, 75))
    scene.add(
        polygon(curve([(720, 552), (770, 512), (812, 505), (800, 540), (760, 556)])), (0.10, 0.34, 0.60), 0.7, 2.7
    )
    scene.add(bird & ellipse(842, 520, 34, 40), (0.97, 0.68, 0.26), 0.85, 1.0)
    scene.add(polygon([(860, 470), (890, 480), (860, 486)]), (0.96, 0.76, 0.20), 0.9, 0.0)
    scene.add(ellipse(843, 472, 6, 6), (0.05, 0.05, 0.10), 0.2, 0.0)
    return scene
