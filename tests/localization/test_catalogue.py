"""The catalogue is complete: the same values in each language, correct formatting, within Discord's limits."""

from __future__ import annotations

import string

import pytest

from bot.localization.catalogue import LANGUAGES, Entry, Words, entries_of, words_for

OTHERS = [language for language in LANGUAGES if language != "en"]


def forms(entry: Entry) -> list[str]:
    """The texts of an entry, one per plural form."""
    return [entry] if isinstance(entry, str) else list(entry.values())


def values_of(entry: Entry) -> list[set[str]]:
    """The names of the placeholders in each text of an entry, with their format."""
    return [
        {f"{name}:{spec}" for _, name, spec, _ in string.Formatter().parse(form) if name is not None}
        for form in forms(entry)
    ]


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_has_the_entries_and_values_of_english(language: str) -> None:
    """No entry that English lacks, and the same values in each; a singular form may omit its number."""
    english, own = entries_of("en"), entries_of(language)
    assert sorted(set(own) - set(english)) == []
    told = {key: set.union(*values_of(entry)) for key, entry in own.items()}
    expected = {key: set.union(*values_of(english[key])) for key in own}
    assert [key for key in own if told[key] != expected[key]] == []


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("area", ["button", "card", "choice", "choose", "command", "menu", "number", "option"])
def test_public_texts_are_fully_translated(language: str, area: str) -> None:
    """Commands, options, choices, the card and its buttons."""
    own = entries_of(language)
    assert [key for key in entries_of("en") if key.startswith(f"{area}.") and key not in own] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_fit_on_their_buttons(language: str) -> None:
    """Discord accepts 80 characters; with the largest possible number and price."""
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
def test_numbers_are_formatted_for_the_language(locale: str, expected: str) -> None:
    """Sums, decimals, thousands and lists; an unsupported locale is answered in English."""
    words = words_for(locale)
    thousands = words.format_field(12_345, ",")
    told = [words.credits(1_333_333), words.ordinal(3), thousands, words.listed(["a", "b", "c"])]
    assert " · ".join(told) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st")],
)
def test_queue_positions_have_ordinals(number: int, expected: str) -> None:
    """English has four endings."""
    assert words_for("en-US").ordinal(number) == expected


def test_number_selects_the_plural_form() -> None:
    """One waits, several wait; a language with a single form uses it for any number."""
    words = words_for("de")
    assert [words("card.several_waiting", count=count) for count in (1, 2)] == ["1 wartet", "2 warten"]
    assert words_for("ja")("card.several_waiting", count=1) == "1枚が待機中です"


def test_missing_translation_falls_back_to_english() -> None:
    """A language may lag behind."""
    words = Words("xx", {**entries_of("en"), "button.again": "Nochmaal"})
    assert (words("button.again"), words("button.cancel")) == ("Nochmaal", "Cancel")


def test_braces_in_values_are_literal() -> None:
    """Values are inserted, never parsed as templates."""
    assert words_for("en-US")("card.style", name="{count}{0}") == "style {count}{0}"
