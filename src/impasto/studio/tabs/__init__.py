"""The tabs of the page, one module each, whose ``build(studio)`` lays out the tab and connects it."""
