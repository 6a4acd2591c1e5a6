"""Length and count limits, enforced also without Discord's OpenAPI description."""

from typing import Any

import pytest

from sandbox.discord.command_rules import check_all
from sandbox.discord.errors import DiscordError
from sandbox.discord.message_rules import check_choices, check_modal, check_result
from tests.sandbox.payloads import V2, button, row, text


def refusal(**parts: Any) -> dict[str, Any]:
    """The field at which a message with these parts is refused; empty if it is valid."""
    flags = 0 if "embeds" in parts else V2
    whole = {"content": "", "embeds": [], "components": [], "attachments": 0, "flags": flags, **parts}
    try:
        check_result(**whole)
    except DiscordError as error:
        return error.errors
    return {}


def items(count: int, description: str = "") -> dict[str, Any]:
    """A gallery with this many pictures."""
    item = {"media": {"url": "https://example.com/a.png"}, "description": description}
    return {"type": 12, "items": [item] * count}


def select(options: int, label: str = "a", placeholder: str = "") -> dict[str, Any]:
    """A row with a select."""
    choices = [{"label": label, "value": str(number)} for number in range(options)]
    return row({"type": 3, "custom_id": "pick", "placeholder": placeholder, "options": choices})


@pytest.mark.parametrize(
    ("good", "bad", "where"),
    [
        (row(button("x" * 100)), row(button("x" * 101)), "components.0.components.0.custom_id"),
        (row(button("x", "y" * 80)), row(button("x", "y" * 81)), "components.0.components.0.label"),
        (items(10), items(11), "components.0.items"),
        (items(1, "d" * 1024), items(1, "d" * 1025), "components.0.items.0.description"),
        (select(25), select(26), "components.0.components.0.options"),
        (select(1, "l" * 100), select(1, "l" * 101), "components.0.components.0.options.0.label"),
        (select(1, placeholder="p" * 150), select(1, placeholder="p" * 151), "components.0.components.0.placeholder"),
    ],
)
def test_components_have_limits(good: dict[str, Any], bad: dict[str, Any], where: str) -> None:
    """The maximum is accepted; one more is refused by field name."""
    assert refusal(components=[good]) == {}
    assert list(refusal(components=[bad])) == [where]


def test_messages_have_limits() -> None:
    """Attachments, total components, total text, and the texts of embeds."""
    assert refusal(components=[text("a")], attachments=10) == {}
    assert list(refusal(components=[text("a")], attachments=11)) == ["attachments"]
    assert refusal(components=[text("a")] * 40) == {}
    assert list(refusal(components=[text("a")] * 41)) == ["components"]
    assert list(refusal(components=[text("a" * 2001)] * 2)) == ["components"]
    assert refusal(embeds=[{"title": "t" * 256}]) == {}
    assert list(refusal(embeds=[{"title": "t" * 257}])) == ["embeds.0.title"]
    assert list(refusal(embeds=[{"fields": [{"name": "n", "value": "v" * 1025}]}])) == ["embeds.0.fields.0.value"]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"title": "t" * 46}, "data.title"),
        ({"custom_id": "c" * 101}, "data.custom_id"),
        ({"label": "l" * 46}, "components.0.label"),
        ({"description": "d" * 101}, "components.0.description"),
        ({"parts": 6}, "data.components"),
    ],
)
def test_modals_have_limits(change: dict[str, Any], where: str) -> None:
    """Title 45, labels 45, descriptions 100, five components."""

    def modal(*, title: str = "t" * 45, custom_id: str = "m", parts: int = 5, **about: str) -> dict[str, Any]:
        labels = [
            {"type": 18, "label": "l" * 45, **about, "component": {"type": 4, "custom_id": str(number), "style": 1}}
            for number in range(parts)
        ]
        return {"title": title, "custom_id": custom_id, "components": labels}

    check_modal(modal())
    with pytest.raises(DiscordError) as refused:
        check_modal(modal(**change))
    assert where in refused.value.errors


def test_autocomplete_has_limits() -> None:
    """25 choices of 100 characters."""
    check_choices([{"name": "n" * 100, "value": "v"}] * 25)
    for choices in ([{"name": "n", "value": "v"}] * 26, [{"name": "n" * 101, "value": "v"}]):
        with pytest.raises(DiscordError):
            check_choices(choices)


@pytest.mark.parametrize(
    "translation",
    [
        {"name_localizations": {"de": "Groß"}},
        {"name_localizations": {"de": "zwei wörter"}},
        {"name_localizations": {"ja": "あ" * 33}},
        {"name_localizations": {"es": "imagen"}},
        {"description_localizations": {"de": "d" * 101}},
        {"choices": [{"name": "a", "value": "a", "name_localizations": {"de": "d" * 101}}]},
    ],
)
def test_translations_follow_the_rules_of_the_original(translation: dict[str, Any]) -> None:
    """Option names in lower case without blanks, and the same length limits as in English."""
    option = {"type": 3, "name": "size", "description": "Shape"}
    good = {"name_localizations": {"de": "größe", "ja": "サイズ", "es-ES": "tamaño"}}
    check_all([{"name": "imagine", "description": "Make", "options": [option | good]}])
    with pytest.raises(DiscordError):
        check_all([{"name": "imagine", "description": "Make", "options": [option | translation]}])


def test_longest_language_counts_for_the_size_of_a_command() -> None:
    """8,000 characters in any language."""
    choices = [{"name": "n", "value": str(number), "name_localizations": {"de": "d" * 100}} for number in range(25)]
    options = [
        {"type": 3, "name": f"option{number}", "description": "d" * 10, "choices": choices} for number in range(4)
    ]
    check_all([{"name": "imagine", "description": "Make", "options": options[:3]}])
    with pytest.raises(DiscordError, match="50035"):
        check_all([{"name": "imagine", "description": "Make", "options": options}])
