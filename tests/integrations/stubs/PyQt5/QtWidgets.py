"""A stub of Qt's dialogs: what is answered, and what was said."""


class QInputDialog:
    answers = {"text": ("scream", True), "number": (1.0, True)}  # noqa: RUF012

    @classmethod
    def getText(cls, parent, title, label, text=""):
        return cls.answers["text"]

    @classmethod
    def getDouble(cls, parent, title, label, value, low, high, decimals):
        return cls.answers["number"]


class QMessageBox:
    said = []  # noqa: RUF012

    @classmethod
    def warning(cls, parent, title, text):
        cls.said.append(text)
