"""The catalogue is whole: the same values in each language, sentences that read well, and nothing of Discord broken."""

from __future__ import annotations

import string

import pytest

from bot.localization.catalogue import LANGUAGES, Entry, Words, entries_of, words_for

OTHERS = [language for language in LANGUAGES if language != "en"]


def forms(entry: Entry) -> list[str]:
    """The sentences of an entry."""
    return [entry] if isinstance(entry, str) else list(entry.values())


def values_of(entry: Entry) -> list[set[str]]:
    """The names of the values in each sentence of an entry, with how they are written."""
    return [
        {f"{name}:{spec}" for _, name, spec, _ in string.Formatter().parse(form) if name is not None}
        for form in forms(entry)
    ]


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_says_what_english_says(language: str) -> None:
    """No entry that English lacks, and the same values in each; a form for one may leave its number out."""
    english, own = entries_of("en"), entries_of(language)
    assert sorted(set(own) - set(english)) == []
    told = {key: set.union(*values_of(entry)) for key, entry in own.items()}
    expected = {key: set.union(*values_of(english[key])) for key in own}
    assert [key for key in own if told[key] != expected[key]] == []


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("area", ["button", "card", "choice", "choose", "command", "menu", "number", "option"])
def test_what_everybody_sees_is_translated_wholly(language: str, area: str) -> None:
    """Commands, options, choices, the card and its buttons."""
    own = entries_of(language)
    assert [key for key in entries_of("en") if key.startswith(f"{area}.") and key not in own] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_fit_on_their_buttons(language: str) -> None:
    """Discord takes 80 characters, with the largest number and price that there may be."""
    labels = {
        key: form.format(
            number=10**15, pictures=40, resolution="0.5K", price=words_for(language).credits(123_456_789_000_000)
        )
        for key, entry in entries_of(language).items()
        if key.startswith("button.")
        for form in forms(entry)
    }
    assert {key: label for key, label in labels.items() if not 0 < len(label) <= 80} == {}


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("de", "1,33 Credits · 3. · 12.345 · a, b und c"),
        ("es-ES", "1,33 créditos · 3 · 12.345 · a, b y c"),
        ("es-419", "1,33 créditos · 3 · 12.345 · a, b y c"),
        ("ja", "1.33クレジット · 3番目 · 12,345 · a、b、c"),
        ("en-GB", "1.33 credits · 3rd · 12,345 · a, b and c"),
        ("fr", "1.33 credits · 3rd · 12,345 · a, b and c"),
    ],
)
def test_numbers_are_written_as_the_language_writes_them(locale: str, expected: str) -> None:
    """Sums, places, thousands and lists; a locale without a language of its own is answered in English."""
    words = words_for(locale)
    thousands = words.format_field(12_345, ",")
    told = [words.credits(1_333_333), words.ordinal(3), thousands, words.listed(["a", "b", "c"])]
    assert " · ".join(told) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st")],
)
def test_places_in_line_read_as_people_say_them(number: int, expected: str) -> None:
    """English has four endings."""
    assert words_for("en-US").ordinal(number) == expected


def test_number_decides_the_form() -> None:
    """One waits, several wait; a language with a single form uses it for any number."""
    words = words_for("de")
    assert [words("card.several_waiting", count=count) for count in (1, 2)] == ["1 wartet", "2 warten"]
    assert words_for("ja")("card.several_waiting", count=1) == "1枚が待機中です"


def test_what_is_not_translated_is_said_in_english() -> None:
    """A language may lag behind."""
    words = Words("xx", {**entries_of("en"), "button.again": "Nochmaal"})
    assert (words("button.again"), words("button.cancel")) == ("Nochmaal", "Cancel")


def test_braces_that_members_type_stay_as_they_are() -> None:
    """Values are put in, never read as sentences."""
    assert words_for("en-US")("card.style", name="{count}{0}") == "style {count}{0}"
