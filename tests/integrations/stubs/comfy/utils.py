"""A stub of ComfyUI's ``comfy.utils``."""


class ProgressBar:
    done: list[tuple[int, int]] = []  # noqa: RUF012

    def __init__(self, total):
        self.total, self.value = total, 0

    def update(self, by):
        self.value += by
        self.done.append((self.value, self.total))
