from impasto.video.frame import scaled_size


def test_sizes_are_even_where_that_is_asked_for():
    assert scaled_size(1280, 720, 640) == (640, 360)
    assert scaled_size(450, 350, 640) == (640, 498)
    assert scaled_size(350, 450, 641) == (499, 641)
    assert scaled_size(99, 3, 0) == (99, 3)
