"""The catalogue is complete: the same values in each language, correct formatting, within Discord's limits."""

from __future__ import annotations

import string
from collections.abc import Mapping

import pytest
from babel import Locale

from bot.localization.catalogue import ENGLISH, LANGUAGES, Entry, Words, entries_of, words_for

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


def faults_of(language: str, own: Mapping[str, Entry], english: Mapping[str, Entry]) -> list[str]:
    """The errors of a language's entries, each with its key."""
    locale = Locale.parse(language)
    counted = {locale.plural_form(number) for number in range(200)} | {"other"}
    ordinals = {locale.ordinal_form(number) for number in range(200)} | {"other"}
    faults = [f"{key}: not in English" for key in own if key not in english]
    for key in own.keys() & english.keys():
        entry, values = own[key], set.union(*values_of(own[key]))
        faults += [f"{key}: {value}" for value in values ^ set.union(*values_of(english[key]))]
        if not isinstance(entry, str):
            needed = ordinals if key == "number.ordinal" else counted
            faults += [f"{key}: form {form}" for form in (entry.keys() - {"=1"}) ^ needed]
    return sorted(faults)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_its_plural_forms_and_english_values(language: str) -> None:
    """No entry that English lacks, the same values in each, and a form for every plural category."""
    assert faults_of(language, entries_of(language), entries_of("en")) == []


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"one": "{count} plik", "few": "{count} pliki", "other": "{count} pliku"}, "files.count: form many"),
        ({"two": "{count} pliki", "one": "", "few": "", "many": "", "other": ""}, "files.count: form two"),
        ("{counts} plików", "files.count: counts:"),
    ],
)
def test_a_fault_in_a_language_is_named_by_its_key(entry: Entry, fault: str) -> None:
    """A missing plural form, one that the language does not have, and a value that English does not have."""
    assert fault in faults_of("pl", {"files.count": entry}, {"files.count": "{count} files"})


@pytest.mark.parametrize("own", [{"files.cuont": "{count} plików"}, {"files.count.othr": "{count} plików"}])
def test_unknown_words_in_a_language_are_named_by_their_key(own: dict[str, Entry]) -> None:
    """A misspelt key or form name."""
    assert faults_of("pl", own, {"files.count": "{count} files"}) == [f"{key}: not in English" for key in own]


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


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("pl", {1: "one", 2: "few", 5: "many", 12: "many", 21: "many", 22: "few", 1.5: "other"}),
        ("ru", {1: "one", 2: "few", 5: "many", 12: "many", 21: "one", 22: "few", 1.5: "other"}),
    ],
)
def test_slavic_languages_count_by_their_own_rules(language: str, expected: dict[float, str]) -> None:
    """Polish and Russian distinguish one, few and many by different rules; fractions are another form."""
    entry = {form: form for form in ("one", "few", "many", "other")}
    words = Words(language, {"files.count": entry}, ENGLISH)
    assert {count: words("files.count", count=count) for count in expected} == expected


def test_a_missing_form_is_replaced_by_other() -> None:
    """There is always a text."""
    assert Words("pl", {"files.count": {"one": "plik", "other": "pliki"}})("files.count", count=5) == "pliki"


def test_exactly_one_may_have_a_form_of_its_own() -> None:
    """Japanese has one plural form, and still shows no number for a single picture."""
    entry = {"=1": "画像", "other": "画像{count}枚"}
    words = Words("ja", {"files.count": entry}, ENGLISH)
    assert [words("files.count", count=count) for count in (1, 2)] == ["画像", "画像2枚"]


def test_an_english_sentence_keeps_english_plurals() -> None:
    """Japanese has one form, English two, also when English is the fallback for Japanese."""
    words = Words("ja", {}, ENGLISH)
    assert [words("card.references", count=count) for count in (1, 2)] == ["1 reference", "2 references"]


def test_sums_are_counted_as_they_are_written() -> None:
    """Polish has a form for fractions."""
    forms = {form: f"{{amount}} {form}" for form in ("one", "few", "many", "other")}
    words = Words("pl", {"number.credits": forms}, ENGLISH)
    assert [words.credits(sum_) for sum_ in (1_000_000, 2_000_000, 1_330_000)] == ["1 one", "2 few", "1,33 other"]


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en-US", ["“a”", "“a” or “b”", "“a”, “b” or “c”"]),
        ("es-ES", ["«a»", "«a» o «b»", "«a», «b» o «c»"]),
        ("de", ["„a“", "„a“ oder „b“", "„a“, „b“ oder „c“"]),
        ("ja", ["「a」", "「a」または「b」", "「a」、「b」、または「c」"]),
    ],
)
def test_choices_are_listed_as_the_language_lists_them(locale: str, expected: list[str]) -> None:
    """One, two or three of them."""
    words = words_for(locale)
    assert [words.format_field(tuple("abc"[:number]), "or") for number in (1, 2, 3)] == expected


def test_missing_translation_falls_back_to_english() -> None:
    """A language may lag behind."""
    words = Words("nl", {"button.again": "Nochmaal"}, ENGLISH)
    assert words.has("button.cancel")
    assert (words("button.again"), words("button.cancel")) == ("Nochmaal", "Cancel")


def test_braces_in_values_are_literal() -> None:
    """Values are inserted, never parsed as templates."""
    assert words_for("en-US")("card.style", name="{count}{0}") == "style {count}{0}"
