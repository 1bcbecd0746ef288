import re
import string
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

import impasto.studio
from impasto.errors import InputError, MissingExtraError, StyleError
from impasto.studio import translation
from impasto.studio.error_patterns import ERROR_PATTERNS
from impasto.studio.translation import LANGUAGES
from impasto.version import install_command


def visitor(accept="", cookie=""):
    cookies = {translation.COOKIE: cookie} if cookie else {}
    return SimpleNamespace(cookies=cookies, headers={"accept-language": accept})


def places(text):
    return sorted({name for _, name, _, _ in string.Formatter().parse(text) if name})


def test_all_languages_say_everything_with_the_same_values():
    english = LANGUAGES["en"]
    for code, language in LANGUAGES.items():
        assert set(language.texts) == set(english.texts), code
        for key, text in language.texts.items():
            assert places(text) == places(english.texts[key]), (code, key)
            assert text.strip(), (code, key)


def test_errors_of_all_languages_have_a_pattern_whose_groups_fill_their_places():
    patterns = dict(ERROR_PATTERNS)
    assert len(patterns) == len(ERROR_PATTERNS)
    for code, language in LANGUAGES.items():
        for name, sentence in language.errors.items():
            groups = re.compile(patterns[name]).groups
            assert set(places(sentence)) <= {str(number) for number in range(groups)}, (code, name)
    assert set(patterns) == set(LANGUAGES["fr"].errors)


def test_every_text_that_is_asked_for_is_there_and_none_is_left_over():
    sources = [
        path.read_text() for path in Path(impasto.studio.__path__[0]).rglob("*") if path.suffix in (".py", ".js")
    ]
    code = "\n".join(sources)
    asked = set(re.findall(r"""\b(?:label|by_language|word)\(["'](\w+)["']""", code))
    asked |= set(re.findall(r"""\bsay\(\s*[\w.]+,\s*["'](\w+)["']""", code))
    assert asked <= set(LANGUAGES["en"].texts)
    composed = (*re.findall(r'f"(\w+_)\{', code), "init_", "style_loss_")  # with an option's name or value
    named = set(re.findall(r"\w+", code))
    left = [
        key
        for key in LANGUAGES["en"].texts
        if key not in named and not key.startswith(composed) and not key.endswith("_info")
    ]
    assert left == []


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (visitor("fr-CA,fr;q=0.9,en;q=0.8"), "fr"),
        (visitor("xx-XX,xx;q=0.9,fr;q=0.5"), "fr"),
        (visitor("xx-XX"), "en"),
        (visitor("fr-FR", cookie="en"), "en"),
        (visitor("fr-FR", cookie="xx"), "fr"),
        (None, "en"),
    ],
)
def test_the_switch_goes_before_the_browser_and_english_is_the_rest(request_, expected):
    assert translation.language_of(request_) == expected


def test_messages_carry_their_values():
    assert translation.say(visitor("fr"), "step", n=7) == "étape 7"
    assert translation.say(None, "step", n=7) == "step 7"


def test_complaints_are_translated_where_they_are_known():
    error = InputError("photo.jpg cannot be decoded (broken data): it is damaged; get it afresh.")
    assert translation.error_sentence(visitor("fr"), error).startswith("photo.jpg ne peut pas être décodé")
    assert translation.error_sentence(visitor("en"), error) == str(error)
    assert translation.error_sentence(visitor("fr"), InputError("Nobody knows this one.")) == "Nobody knows this one."
    assert translation.error_sentence(visitor("fr"), MissingExtraError("Video", "video")).endswith(
        "facultatif : " + install_command("video")
    )


def test_hints_at_the_command_line_become_hints_at_the_page():
    error = StyleError("There is a style soot in your catalogue already; give another --name, or --overwrite.")
    assert translation.error_sentence(None, error) == "There is a style soot already; give another name."


def test_no_complaint_of_the_page_names_an_option():
    sentences = [sentence for language in LANGUAGES.values() for sentence in language.errors.values()]
    assert [sentence for sentence in sentences if re.search(r"--\w", sentence)] == []


def test_what_nobody_expected_is_logged_and_told_in_one_sentence(caplog):
    with pytest.raises(gr.Error, match="Something went wrong") as caught, translation.show_errors_as_sentences(None):
        raise ZeroDivisionError("secret /home/somebody")
    assert "secret" not in str(caught.value)
    assert "ZeroDivisionError" in caplog.text


def test_french_on_a_phone_and_back_to_english(visit):
    page = visit(width=375, height=812, locale="fr-FR")
    page.get_by_text("Déposez une photo pour commencer").wait_for()
    page.get_by_text("Taille des touches").first.wait_for()
    page.locator("#picture-styles .thumb").first.wait_for()
    assert page.locator("#picture-styles .hint").inner_text() == "Le + d’un style l’ajoute au mélange."
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_role("button", name="English").click()
    page.get_by_text("Drop a photograph to begin").wait_for()
    assert page.get_by_role("button", name="English").get_attribute("aria-pressed") == "true"
