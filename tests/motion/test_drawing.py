import numpy as np

from impasto.motion.body import see_body
from impasto.motion.drawing import draw_panel, draw_side_by_side, draw_strip, figure_of, label_of
from impasto.motion.walker import Walk, make_walk


def test_a_figure_stands_in_the_middle_on_the_floor(plain):
    figure = figure_of(see_body(plain), "plain")
    for frame in (0, plain.frames - 1):
        dark = np.asarray(draw_panel(figure, frame, (160, 180)).convert("L")) < 190
        rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
        assert 0 < rows[0] < 40
        assert 130 < rows[-1] < 175
        assert 40 < columns.mean() < 120
    assert figure.head is not None
    assert {side for _, _, side in figure.bones} == {"left", "right", ""}


def test_units_axes_and_a_still_root_do_not_show(plain):
    other = make_walk(Walk(), naming="bandai", up="z", still_root=True)
    one, two = (np.asarray(draw_panel(figure_of(see_body(clip), ""), 20, (80, 90)), int) for clip in (plain, other))
    assert np.abs(one - two).mean() < 1


def test_a_strip_has_a_row_a_clip_and_a_shorter_clip_begins_again(plain, old):
    figures = [figure_of(see_body(clip), clip.name) for clip in (plain, old)]
    assert draw_strip(figures, 5, 100).size == (5 * 70, 200)
    late, early = (draw_side_by_side(figures, seconds, (60, 80)).tobytes() for seconds in (4.0, 0.0))
    assert late == early
    assert label_of("some/folder/walk.bvh") == "walk"
