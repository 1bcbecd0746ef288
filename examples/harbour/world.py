"""Where everything is and what lights it: camera, sun, air and quay.

Lengths are metres: x to the right, y up, z away from the camera. Colours are linear red, green and blue.
"""

from __future__ import annotations

import numpy as np

ASPECT = 1.5  # width of the picture divided by its height
HALF = 0.52  # half the picture's width as a slope, x / z: it stands for the lens
HORIZON = 0.60  # share of the height above the horizon
EYE = np.array([0.0, 5.2, 0.0])  # place of the camera in metres
SUN = np.array([0.80, 0.40, -0.34]) / np.linalg.norm([0.80, 0.40, -0.34])  # unit vector towards the sun
SUNLIGHT = np.array([1.0, 0.78, 0.52]) * 3.3  # colour and strength of the sun's light
SKYLIGHT = np.array([0.40, 0.57, 0.90]) * 0.72  # colour and strength of the sky's light
HAZE = np.array([0.60, 0.70, 0.86])  # colour that what is far away fades to
PAN_U, PAN_LOW, PAN_HIGH = 0.72, -0.03, 0.60  # slopes that the panorama covers: to each side, down and up
QUAY = np.array([-25.0, 0.0, 34.0])  # beginning of the quay's edge in metres
ALONG = np.array([0.5, 0.0, np.sqrt(0.75)])  # unit vector along the quay's edge
INLAND = np.array([-np.sqrt(0.75), 0.0, 0.5])  # unit vector from the water inland
QUAY_HEIGHT = 1.6  # metres above the water
