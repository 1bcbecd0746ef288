import re
import string
from pathlib import Path
from types import SimpleNamespace

import pytest

import impasto
from impasto.errors import InputError, MissingExtraError, OutputError, Sentence, StyleError
from impasto.files import explain_write_error
from impasto.studio import texts
from impasto.studio.texts import as_note, language, language_codes
from impasto.version import install_command

SOURCE = Path(impasto.__path__[0])
PAGE = SOURCE / "studio/page"


def visitor(accept="", cookie=""):
    cookies = {texts.COOKIE: cookie} if cookie else {}
    return SimpleNamespace(cookies=cookies, headers={"accept-language": accept})


def places(text):
    return sorted({name for _, name, _, _ in string.Formatter().parse(text) if name})


def test_there_are_three_languages_english_first():
    assert texts.language_names() == {"en": "English", "de": "Deutsch", "fr": "Français"}
    assert language_codes()[0] == "en"


def test_all_languages_say_everything_with_the_same_values():
    english = language("en")
    for code in language_codes():
        assert set(language(code).texts) == set(english.texts), code
        for key, text in language(code).texts.items():
            assert places(text) == places(english.texts[key]), (code, key)
            assert text.strip(), (code, key)


def test_all_languages_but_english_translate_the_same_errors_with_the_same_values():
    french = language("fr").errors
    for code in language_codes():
        errors = language(code).errors
        assert set(errors) == set(french) if code != "en" else set(errors) <= set(french), code
        for key, text in errors.items():
            assert set(places(text)) <= set(places(french[key])) | {"name"}, (code, key)


def keys_of_errors():
    """The keys that errors and notices of the library carry, read from its source."""
    code = "\n".join(path.read_text() for path in SOURCE.rglob("*.py"))
    scripts = "\n".join(path.read_text() for path in PAGE.rglob("*.js"))
    found = set(re.findall(r"""\bkey=["'](\w+)["']""", code)) | set(re.findall(r"""["']key["']: ["'](\w+)["']""", code))
    found |= set(re.findall(r"""\bSentence\(\s*(?:[^"']*|f?"[^"]*"),\s*["'](\w+)["']""", code))
    found |= set(re.findall(r"""_refusal\(\d+, [^)]*, ["'](\w+)["']""", code))
    found |= set(re.findall(r"""\bkey: ["'](\w+)["']""", scripts))
    return found | set(re.findall(r"\b(local_\w+)\b", scripts))


def test_every_key_that_an_error_carries_is_translated_and_none_is_left_over():
    asked = keys_of_errors() | {"high_range", "wide_gamut"}  # these two are chosen from by a condition
    translated = set(language("fr").errors)
    assert asked - translated == set()
    assert translated - asked == set()


def test_every_text_that_is_asked_for_is_there_and_none_is_left_over():
    code = "\n".join(path.read_text() for path in (SOURCE / "studio").rglob("*") if path.suffix in (".py", ".js"))
    known = set(language("en").texts)
    asked = set(re.findall(r"""\b(?:word|complain|tell)\(["'](\w+)["']""", code))
    asked |= set(re.findall(r"""["'](?:aria-label|title|alt)["']?: ["'](\w+)["']""", code))
    assert asked <= known
    found = re.findall(r"""[`"](\w+_)\$?\{""", code)
    composed = (*found, "init_", "colors_", "style_loss_")  # with an option's name or value
    named = set(re.findall(r"\w+", code))
    left = [key for key in known if key not in named and not key.startswith(composed) and not key.endswith("_info")]
    assert left == []


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (visitor("fr-CA,fr;q=0.9,en;q=0.8"), "fr"),
        (visitor("xx-XX,xx;q=0.9,fr;q=0.5"), "fr"),
        (visitor("de-AT"), "de"),
        (visitor("xx-XX"), "en"),
        (visitor("fr-FR", cookie="en"), "en"),
        (visitor("fr-FR", cookie="xx"), "fr"),
    ],
)
def test_the_switch_goes_before_the_browser_and_english_is_the_rest(request_, expected):
    assert texts.language_of(request_) == expected


def test_an_error_is_told_with_its_key_and_values():
    error = StyleError(
        "There is a style soot in your catalogue already; give another --name.", key="style_exists", name="soot"
    )
    assert as_note(error) == {"text": str(error), "key": "style_exists", "values": {"name": "soot"}}
    assert as_note(InputError("Nobody knows this one.")) == {"text": "Nobody knows this one.", "key": "", "values": {}}
    assert as_note("A plain one.")["key"] == ""
    assert as_note(MissingExtraError("Video", "video"))["values"] == {"command": install_command("video")}


def test_a_sentence_gives_its_key_and_values_to_the_error_that_is_made_of_it():
    sentence = explain_write_error(Path("a.jpg"), OSError(5, "Input/output error"))
    error = OutputError(sentence)
    assert (error.key, error.values) == ("cannot_write", {"name": "a.jpg", "reason": "Input/output error"})
    assert str(Sentence("One.", "one", count=1)) == "One."


def test_no_complaint_of_the_page_names_an_option():
    sentences = [sentence for code in language_codes() for sentence in language(code).errors.values()]
    assert [sentence for sentence in sentences if re.search(r"--(?!deep)\w", sentence)] == []


def test_french_on_a_phone_and_back_to_english(visit):
    page = visit(width=375, height=812, locale="fr-FR")
    page.get_by_text("Déposez une photo pour commencer").wait_for()
    page.get_by_text("Taille des touches").first.wait_for()
    page.locator("#picture-styles .thumb").first.wait_for()
    assert page.locator("#picture-styles .mix .hint").inner_text() == "Le + d’un style l’ajoute au mélange."
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_role("button", name="English").click()
    page.get_by_text("Drop a photograph to begin").wait_for()
    assert page.get_by_role("button", name="English").get_attribute("aria-pressed") == "true"
    page.reload()
    page.get_by_text("Drop a photograph to begin").wait_for()


def test_german_numbers_have_commas(visit):
    page = visit(locale="de-DE")
    page.locator("#picture-example").click()
    page.get_by_text("Pixel, gemalt in").wait_for()
    assert re.search(r"gemalt in \d+,\d s", page.locator("#picture-status").inner_text())


@pytest.mark.parametrize("code", ["en", "fr", "de"])
def test_every_tab_can_be_opened_in_every_language_at_a_phones_width(visit, code):
    page = visit(width=375, height=812, locale=code)
    for tab in page.get_by_role("tab").all():
        tab.click()
        page.locator("section:not([hidden]) .stage").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
