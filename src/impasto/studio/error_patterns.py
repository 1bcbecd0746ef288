"""The library's sentences that the page translates: a name and a regular expression for each.

The groups of a pattern fill the places ``{0}``, ``{1}`` ... of the translation under the same name in
``languages/CODE.json`` (``errors``). A language without that name shows the library's own English sentence.
"""

from __future__ import annotations

# Pairs of name and regular expression, searched in this order: the first that matches a sentence decides.
ERROR_PATTERNS: tuple[tuple[str, str], ...] = (
    ("the_start_after_the_video_end", r"^The start ([\d.]+) is after the video's end; it lasts ([\d.]+)"),
    ("the_end_not_after_the_start", r"^The end (-?[\d.]+) is not after the start"),
    ("these_are_seconds_video_the_limit", r"^These are (\d+) seconds of video, the limit is (\d+)"),
    ("there_video", r"^There is no video in (.+?); "),
    ("picture_not_video", r"^(.+) is a picture, not a video"),
    ("has_frame_the_span", r"^(.+) has no frame in the span"),
    ("frame_can_decoded", r"^No frame of (.+) can be decoded"),
    ("cannot_written", r"^(.+) cannot be written \((.+)\)"),
    ("the_left_out", r"^The [\w ]+ (\d+) \((.+?)\) of (.+?)(?: is made of pictures.* and)? is left out"),
    (
        "the_does_not_fit_into_this",
        r"^The [\w ]+ (\d+) \((.+?)\) of (.+?) does not fit into this container and is encoded anew as (\w+)",
    ),
    ("damaged_packets_sound_subtitles", r"^(\d+) damaged packets of sound or subtitles"),
    ("transparent_places_has_any_are_shown", r"^Transparent places of (.+), if it has any, are shown on white"),
    ("the_transparency_left_out", r"^The transparency of (.+) is left out"),
    ("what_beside_left_out", r"^What (.+) holds beside its picture .* is left out"),
    ("metadata_entries_left_out", r"^(\.\w+) does not take these entries of the metadata of (.+?): (.+)\.$"),
    ("captions_left_out", r"^The closed captions within the picture of (.+) are left out"),
    ("the_picture_high_range", r"^The picture of (.+) is of high dynamic range and is converted"),
    ("the_picture_wide_gamut", r"^The picture of (.+) has a wide gamut and is converted"),
    ("the_colours_stored_strangely", r"^The colours of (.+) are stored as (.+), which is not known here"),
    ("the_picture_changes_size", r"^The picture of (.+) changes its size, first after ([\d.]+) seconds"),
    ("interlaced_made_whole", r"^(.+) is interlaced; its frames are made whole"),
    ("interlaced_later", r"^Some frames of (.+) are interlaced, but not its first"),
    ("marked_spherical", r"^(.+) is marked as spherical"),
    ("marked_stereoscopic", r"^(.+) is marked as stereoscopic"),
    ("there_video_yet", r"^There is no video yet"),
    ("this_video_cannot_read", r"^This video cannot be read"),
    ("this_video_that_can_read", r"^This is no video that can be read"),
    ("the_video_the_limit", r"^The video is (\d+) x (\d+), the limit"),
    ("the_file_has_the_limit", r"^The file has (.+), the limit is (.+?):"),
    ("this_video_not_picture", r"^This is a video, not a picture"),
    ("file_cannot_sent_inside_request", r"^A file cannot be sent inside a request"),
    ("cannot_decoded", r"^(.+) cannot be decoded"),
    ("raw_photograph", r"raw photograph of a camera"),
    ("claims_pixels", r"^(.+) is damaged or cut off: it claims (\d+) x (\d+) pixels"),
    ("has_pixels_the_limit", r"has (\d+) x (\d+) pixels, (?:more than )?the limit (?:is|of) ([\d,]+)"),
    (
        "the_result_would_have_million_pixels",
        r"^The result would have (\d+) million pixels, more than the limit of (\d+)",
    ),
    ("neither_picture_nor_video", r"neither a picture nor a video"),
    ("not_uploaded_removed", r"not uploaded, or is removed"),
    ("black_all_over", r"is black all over"),
    ("there_style", r"^There is no style (.+?)[; ]"),
    ("style_chosen", r"^No style is chosen"),
    ("and_cannot_blended", r"^(.+) and (.+) cannot be blended"),
    ("style_weights_must_more", r"^Style weights must be 0 or more"),
    ("there_style_your_catalogue_already", r"^There is a style (.+) in your catalogue already"),
    ("bundled_style", r"^(.+) is a bundled style"),
    ("the_style_that_changes_nothing", r"^(.+) is the style that changes nothing"),
    ("cannot_style_name", r"^'(.*)' cannot be a style's name"),
    ("too_little_memory", r"too little memory"),
    ("needs_an_optional_package", r"needs an optional package: (.+)$"),
    ("this_took_longer_than_seconds", r"This took longer than (\d+) seconds"),
    ("the_job_was_stopped", r"^The job was stopped"),
)
