import numpy as np

from impasto.video.frame import Frame, scaled_size


def test_sizes_are_even_where_that_is_asked_for():
    assert scaled_size(1280, 720, 640) == (640, 360)
    assert scaled_size(450, 350, 640) == (640, 498)
    assert scaled_size(350, 450, 641) == (499, 641)
    assert scaled_size(99, 3, 0) == (99, 3)


def test_half_transparent_places_are_half_white():
    frame = Frame(np.zeros((1, 2, 3), np.uint8), 0, 1, alpha=np.array([[128, 255]], np.uint8))
    assert frame.on_white().tolist() == [[[127, 127, 127], [0, 0, 0]]]
    assert Frame(frame.rgb, 0, 1).on_white().tolist() == [[[0, 0, 0]] * 2]
