"""A scene: a woman in a hat by the sea."""

from __future__ import annotations

import numpy as np

from drawing.canvas import XS, YS, smooth
from drawing.shapes import Scene, cloud, curve, ellipse, flower, leaf, polygon, ribbon


def portrait() -> Scene:
    """A woman in a hat by the sea, a boat behind her."""
    rng = np.random.default_rng(9)
    scene = Scene((0.98, 0.84, 0.55))
    sun = (690.0, 250.0)
    turn = np.arctan2(YS - sun[1], XS - sun[0])
    away = np.hypot(XS - sun[0], YS - sun[1])
    for k in range(24):  # sunbeams
        lit = (turn > -np.pi + k * np.pi / 12) & (turn <= -np.pi + (k + 1) * np.pi / 12)
        scene.add(lit, (0.99, 0.82, 0.40) if k % 2 else (0.97, 0.58, 0.34), 1.02 - 0.0006 * away, turn)
    scene.add(away < 96, (0.99, 0.95, 0.70), 1.0, turn + np.pi / 2)
    for cx, cy, size in ((120, 90, 62), (850, 110, 46), (820, 300, 40)):
        cloud(scene, rng, cx, cy, size)
    for k in range(8):
        edge = 380 + 42 * k + (8 + 2 * k) * np.sin(XS / (40 + 9 * k) + 1.7 * k)
        tint = ((0.12, 0.44, 0.62), (0.20, 0.60, 0.72), (0.52, 0.80, 0.80), (0.10, 0.34, 0.54))[k % 4]
        scene.add(edge < YS, tint, 0.8, 0.35 * np.cos(XS / (40 + 9 * k) + 1.7 * k))
    scene.add(polygon([(730, 420), (880, 412), (850, 452), (760, 456)]), (0.80, 0.22, 0.24), 0.6, 0.0)
    scene.add(polygon([(800, 412), (800, 250), (882, 400)]), (0.99, 0.95, 0.88), 0.95, 1.2)
    scene.add(polygon([(794, 412), (794, 275), (740, 402)]), (0.96, 0.72, 0.40), 0.7, 1.9)
    hair = curve(
        [
            (300, 190),
            (240, 300),
            (215, 430),
            (240, 560),
            (190, 680),
            (300, 700),
            (520, 720),
            (560, 600),
            (545, 430),
            (530, 260),
            (440, 160),
        ]
    )
    scene.add(
        polygon(hair),
        (0.36, 0.16, 0.16),
        0.35 + 0.3 * np.sin((XS + 18 * np.sin(YS / 50)) / 13),
        1.57 + 0.35 * np.cos(YS / 50),
    )
    coat = curve([(140, 760), (170, 640), (290, 585), (360, 620), (440, 620), (500, 585), (620, 640), (660, 760)])
    scene.add(polygon(coat), (0.20, 0.26, 0.52), 0.35 + 0.55 * smooth(180, 600, XS), 1.2)
    for k in range(7):
        scene.add(
            polygon(coat) & (np.abs(np.hypot(XS - 400, YS - 470) - 190 - 30 * k) < 7),
            (0.96, 0.90, 0.80),
            0.4 + 0.5 * smooth(180, 600, XS),
            np.arctan2(YS - 470, XS - 400) + 1.57,
        )
    scene.add(
        polygon([(352, 500), (450, 500), (462, 610), (405, 655), (340, 608)]),
        (0.94, 0.70, 0.56),
        0.30 + 0.5 * smooth(340, 470, XS),
        0.3,
        whole=True,
    )
    face = curve(
        [
            (318, 270),
            (310, 370),
            (326, 455),
            (372, 528),
            (412, 545),
            (452, 528),
            (492, 455),
            (504, 360),
            (496, 270),
            (410, 220),
        ]
    )
    scene.ball(polygon(face), (0.98, 0.80, 0.66), (420, 385), (150, 195))
    scene.whole.add(scene.count)
    scene.light[polygon(face)] = 0.3 + 0.75 * scene.light[polygon(face)]
    scene.add(
        polygon(face) & polygon(curve([(300, 260), (350, 330), (345, 430), (380, 530), (330, 520), (300, 400)])),
        (0.90, 0.60, 0.52),
        0.42,
        1.2,
        whole=True,
    )
    for ex in (366, 462):  # eyes, brows
        scene.add(polygon(curve([(ex - 28, 378), (ex, 362), (ex + 28, 376), (ex, 388)])), (0.99, 0.97, 0.94), 0.95, 0.0)
        scene.add(ellipse(ex + 2, 375, 11.5, 12.5), (0.10, 0.36, 0.44), 0.6, 0.0)
        scene.add(ellipse(ex + 2, 375, 6, 7), (0.05, 0.04, 0.07), 0.2, 0.0)
        scene.add(ellipse(ex + 5, 371, 2.6, 2.6), (1.0, 1.0, 1.0), 1.0, 0.0)
        scene.add(
            ribbon([(ex - 31, 379), (ex - 10, 364), (ex + 10, 362), (ex + 32, 374)], [3, 6, 6, 3]),
            (0.16, 0.08, 0.10),
            0.2,
            0.0,
        )
        scene.add(ribbon([(ex - 34, 350), (ex - 6, 336), (ex + 32, 344)], [4, 9, 3]), (0.30, 0.13, 0.13), 0.3, -0.2)
    scene.add(
        polygon(curve([(412, 372), (396, 440), (404, 454), (424, 452), (418, 434)])),
        (0.90, 0.60, 0.52),
        0.5,
        1.4,
        group=3,
    )
    scene.add(ellipse(402, 452, 5, 3), (0.50, 0.20, 0.22), 0.3, 0.0)
    scene.add(
        polygon(curve([(374, 490), (398, 480), (412, 485), (428, 479), (452, 488), (414, 496)])),
        (0.74, 0.14, 0.20),
        0.6,
        0.1,
    )
    scene.add(
        polygon(curve([(374, 490), (414, 496), (452, 488), (432, 510), (400, 511)])), (0.88, 0.24, 0.28), 0.85, 0.1
    )
    blush = np.exp(-(((XS - 470) / 26) ** 2) - ((YS - 432) / 20) ** 2)[..., None] * polygon(face)[..., None]
    scene.base += 0.8 * blush * (np.array([0.97, 0.52, 0.46]) - scene.base)
    scene.add(ellipse(505, 470, 7, 12), (0.98, 0.80, 0.28), 0.9, 0.0)
    hat = curve(
        [
            (150, 285),
            (240, 215),
            (330, 215),
            (500, 205),
            (590, 190),
            (672, 215),
            (600, 268),
            (480, 292),
            (330, 318),
            (220, 325),
        ]
    )
    scene.add(
        polygon(hat),
        (0.96, 0.78, 0.36),
        0.45 + 0.5 * smooth(200, 620, XS) - 0.2 * smooth(240, 310, YS),
        -0.12 + 0.25 * np.sin((XS - 150) / 90),
    )
    crown = curve([(290, 240), (296, 120), (350, 70), (450, 66), (510, 110), (528, 225), (410, 255)])
    scene.ball(polygon(crown), (0.98, 0.82, 0.42), (410, 180), (140, 130))
    band = polygon(crown) & (YS > 178 + 0.0012 * (XS - 410) ** 2) & (YS < 224 + 0.0012 * (XS - 410) ** 2)
    scene.add(band, (0.78, 0.18, 0.22), 0.4 + 0.5 * smooth(300, 520, XS), 0.0)
    flower(scene, rng, 490, 205, 50, (0.98, 0.94, 0.92), (0.98, 0.72, 0.22), 9)
    flower(scene, rng, 545, 226, 34, (0.92, 0.42, 0.56), (0.99, 0.86, 0.40), 8)
    leaf(scene, 440, 222, 34, 3.3, (0.26, 0.56, 0.32))
    return scene
