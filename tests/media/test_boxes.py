import struct

from impasto.media.boxes import MediaBox, boxes_in


def box(kind, content, size=None):
    return struct.pack(">I4s", 8 + len(content) if size is None else size, kind) + content


def test_boxes_of_all_sizes_are_found_where_they_lie():
    large = struct.pack(">I4sQ", 1, b"wide", 16 + 3) + b"abc"
    data = box(b"ftyp", b"isom") + large + box(b"mdat", b"rest", size=0)
    assert list(boxes_in(data, 0, len(data))) == [
        MediaBox(b"ftyp", 0, 8, 12),
        MediaBox(b"wide", 12, 28, 31),
        MediaBox(b"mdat", 31, 39, 43),
    ]
    assert [found.kind for found in boxes_in(data, 12, 31)] == [b"wide"]


def test_a_box_that_is_cut_off_ends_with_the_span_and_one_that_makes_no_sense_is_none():
    assert list(boxes_in(box(b"moov", b"", size=100), 0, 8)) == [MediaBox(b"moov", 0, 8, 8)]
    for damaged in (box(b"moov", b"", size=4), struct.pack(">I4s", 1, b"moov"), box(b"moov", bytes(8), size=1), b"moo"):
        assert list(boxes_in(damaged, 0, len(damaged))) == []
