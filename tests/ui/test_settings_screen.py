"""The screen of a server's settings: current values are selected, deleted ones are counted, within Discord's limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from discord import ui

from bot.domain.picture import Resolution
from bot.domain.rules import ServerRules, Setting, SpoilerRule, WordRule
from bot.ui.settings_screen import RESET, Screen, settings_view, stored_choice, value_of
from tests.support.openapi import discords_description

MANY = frozenset(range(10**18, 10**18 + 25))
FULL = ServerRules(
    allowed_channels=MANY,
    denied_channels=MANY,
    allowed_roles=MANY,
    denied_roles=MANY,
    default_size="21:9",
    default_resolution=Resolution.FOUR_K,
    highest_resolution=Resolution.HALF_K,
    grounding=False,
    spoiler=SpoilerRule.ALWAYS,
    log_channel=10**18,
    retention_days=45,
    words=(WordRule(pattern="x"),) * 2,
)


def parts(view: ui.LayoutView) -> list[dict[str, Any]]:
    """Every component of a message, parents before children."""

    def inside(components: list[Any]) -> list[Any]:
        found = []
        for part in components:
            found += [part, *inside(part.get("components", []))]
            found += [part["accessory"]] if "accessory" in part else []
        return found

    return inside(sent(view))


def sent(view: ui.LayoutView) -> list[Any]:
    """A message's components as JSON."""
    to_components: Callable[[], list[Any]] = view.to_components  # discord.py leaves its return type open
    return to_components()


@pytest.mark.parametrize("rules", [ServerRules(), FULL])
@pytest.mark.parametrize("known", [frozenset(), MANY])
def test_screen_is_valid_for_any_settings(rules: ServerRules, known: frozenset[int]) -> None:
    """At most 40 components and 4,000 characters, valid by Discord's OpenAPI description."""
    view = settings_view(Screen(rules=rules, known=known, trouble="forbidden"))
    every = parts(view)
    assert len(every) <= 40
    assert sum(len(part.get("content", "")) for part in every) <= 4_000
    body = {"flags": 1 << 15, "components": sent(view)}
    route = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
    assert discords_description().request_errors("PATCH", route, body) == {}


def test_current_values_are_selected() -> None:
    """Existing channels and roles; of the other selects the current value, or the entry that resets."""
    chosen = {
        part["custom_id"]: part for part in parts(settings_view(Screen(rules=FULL, known=MANY))) if "custom_id" in part
    }
    assert len(chosen["settings:denied_roles"]["default_values"]) == 25
    for setting, value in (
        ("default_size", "21:9"),
        ("grounding", "off"),
        ("spoiler", "always"),
        ("retention_days", "45"),
    ):
        assert [o["value"] for o in chosen[f"settings:{setting}"]["options"] if o["default"]] == [value]
    plain = {p["custom_id"]: p for p in parts(settings_view(Screen(rules=ServerRules(), known=MANY))) if "options" in p}
    assert len(plain) == 6
    assert all([o["value"] for o in part["options"] if o["default"]] == [RESET] for part in plain.values())


def test_deleted_channels_and_roles_are_counted_and_not_selected() -> None:
    """Discord would reject them."""
    rules = replace(ServerRules(), denied_roles=frozenset({1, 2, 3}))
    every = parts(settings_view(Screen(rules=rules, known=frozenset({1}))))
    [select] = [part for part in every if part.get("custom_id") == "settings:denied_roles"]
    assert select["default_values"] == [{"id": "1", "type": "role"}]
    assert any("2 of them are deleted" in part.get("content", "") for part in every)


@pytest.mark.parametrize("setting", list(Setting))
def test_choice_leads_back_to_its_rule(setting: Setting) -> None:
    """Each value that a select offers maps to its rule; none, or the first entry, resets it."""
    assert value_of(setting, []) is None
    assert value_of(setting, [RESET]) is None
    value = getattr(FULL, setting)
    values = [str(number) for number in value] if isinstance(value, frozenset) else [stored_choice(setting, FULL)]
    assert value_of(setting, values) == value
