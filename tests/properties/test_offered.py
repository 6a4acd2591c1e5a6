"""Any client input for a component, a form or a command: an offered value, or a refusal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from discord import ui
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.errors import Refusal
from bot.domain.rules import Setting
from bot.interactions.offered import (
    MAX_ID,
    Choices,
    Files,
    Kind,
    Named,
    Number,
    Offered,
    Surroundings,
    Switch,
    Text,
    checked_value,
    checked_values,
)
from bot.interactions.received_data import component_values, form_values, offered_by
from bot.ui.declared import FORMS
from bot.ui.settings_screen import ChannelSetting, ChoiceSetting, RoleSetting

HERE, ELSEWHERE = 10, 20
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["1", "2", "-1", "0", "007", "1.0", "\u0663", str(2**63), str(MAX_ID), "a", "b", "style:x", "style:"]
    ),
)
_ANYTHING = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
_ENTRY = st.fixed_dictionaries(
    {}, optional={"type": _SCALARS | st.sampled_from([0, 2]), "guild_id": st.sampled_from(["10", "20", 10, None])}
)
_RESOLVED = st.fixed_dictionaries(
    {},
    optional={kind.value: _ANYTHING | st.dictionaries(st.sampled_from(["1", "2", "0", "-1"]), _ENTRY) for kind in Kind},
)
_OFFERED: list[Offered] = [
    Choices(values=("a", "b", "1"), least=1, most=2),
    Choices(values=(1, 2), most=1),
    Choices(values=("a",), least=0, most=25, prefix="style:", prefixed_characters=3),
    Named(kind=Kind.CHANNEL, types=frozenset({0, 5}), least=0, most=2),
    Named(kind=Kind.ROLE, least=0, most=2),
    Named(kind=Kind.USER),
    Files(least=0, most=2),
    Text(least=1, most=5),
    Number(least=1, most=4),
    Number(whole=False),
    Switch(),
]


def around(resolved: Any) -> Surroundings:
    """A server, with a bot that knows channel 2 in another server."""
    return Surroundings(resolved=resolved, guild_id=HERE, elsewhere=lambda _, number: number == 2)


@pytest.mark.parametrize("offered", _OFFERED, ids=repr)
@given(sent=_ANYTHING | st.lists(_SCALARS, max_size=3), resolved=_RESOLVED)
@example(sent=["1"], resolved={"channels": {"1": {"type": 0, "guild_id": "20"}}})
@example(sent=["2"], resolved={"channels": {"2": {"type": 0}}, "roles": {"2": {}}})
@example(sent=[True], resolved={})
@example(sent=True, resolved={})
@example(sent=1.0, resolved={})
def test_any_value_is_offered_or_refused(offered: Offered, sent: object, resolved: Any) -> None:
    """Only a Refusal is raised, and an accepted value was offered: its type, its range, its server."""
    for check in (checked_value, checked_values):
        try:
            passed = check(offered, sent, around(resolved))
        except Refusal:
            continue
        values = passed if isinstance(passed, tuple) else (passed,)
        if isinstance(offered, Choices | Named | Files) and isinstance(sent, list):
            assert offered.least <= len(values) <= offered.most
            assert len(set(values)) == len(values)
        for value in values:
            assert_offered(offered, value, resolved)


def assert_offered(offered: Offered, value: object, resolved: Any) -> None:
    """Assert that a value is one of those that are offered."""
    match offered:
        case Choices():
            named = isinstance(value, str) and offered.prefix and value.startswith(offered.prefix)
            assert named or any(value == v and type(value) is type(v) for v in offered.values)
        case Named():
            assert isinstance(value, int)
            entry = resolved[offered.kind.value][str(value)]
            assert 0 < value <= MAX_ID
            if offered.kind is not Kind.USER:
                assert value != 2
                assert str(entry.get("guild_id") or HERE) == str(HERE)
            if offered.types:
                assert entry["type"] in offered.types
        case Text():
            assert isinstance(value, str)
            assert offered.least <= len(value) <= offered.most
        case Number():
            assert type(value) in {int, *([] if offered.whole else [float])}
            assert offered.least <= cast(float, value) <= offered.most
        case Switch():
            assert isinstance(value, bool)
        case _:
            pass


def interaction(data: object) -> discord.Interaction[Any]:
    """A client's interaction, in the bot's only server."""
    client = SimpleNamespace(get_channel=lambda _: None, guilds=())
    return cast("discord.Interaction[Any]", SimpleNamespace(data=data, guild_id=HERE, client=client))


_SELECTS = [
    *[ChannelSetting(s) for s in (Setting.ALLOWED_CHANNELS, Setting.LOG_CHANNEL)],
    RoleSetting(Setting.ALLOWED_ROLES),
    *[ChoiceSetting(s) for s in (Setting.DEFAULT_SIZE, Setting.RETENTION_DAYS, Setting.GROUNDING)],
]


@pytest.mark.parametrize("part", _SELECTS, ids=lambda part: part.item.custom_id)
@given(
    values=_ANYTHING | st.lists(_SCALARS, max_size=30),
    resolved=_ANYTHING | _RESOLVED,
    kind=st.sampled_from([2, 3, 6, 8]),
)
@example(values=["1000000"], resolved={}, kind=3)
@example(values=["-5"], resolved={}, kind=3)
@example(values=["-1"], resolved={}, kind=6)
@example(values=["99:1"], resolved={}, kind=3)
def test_select_yields_only_offered_values(part: Any, values: object, resolved: object, kind: int) -> None:
    """Of the settings, with any values and any resolved data."""
    data = {"custom_id": part.item.custom_id, "component_type": kind, "values": values, "resolved": resolved}
    try:
        passed = component_values(interaction(data), part.item)
    except Refusal:
        return
    assert kind == part.item.type.value
    for value in passed:
        assert_offered(offered_by(part.item), value, resolved)


_FIELD_NAMES = st.sampled_from([*sorted({name for form in FORMS.values() for name in form.parts}), "other"])
_FIELD = st.fixed_dictionaries(
    {"custom_id": _FIELD_NAMES | _SCALARS, "type": st.sampled_from([3, 4, 19]) | _SCALARS},
    optional={"value": _ANYTHING, "values": _ANYTHING | st.lists(_SCALARS, max_size=3)},
)
_COMPONENTS = _ANYTHING | st.lists(
    _FIELD | _FIELD.map(lambda field: {"type": 18, "component": field}) | _ANYTHING, max_size=6
)


@pytest.mark.parametrize("name", FORMS)
@given(components=_COMPONENTS, resolved=_ANYTHING | _RESOLVED)
def test_form_yields_its_fields_or_nothing(name: str, components: object, resolved: object) -> None:
    """All of them, each with an offered value; or a refusal."""
    parts = FORMS[name].parts
    try:
        passed = form_values(interaction({"components": components, "resolved": resolved}), parts)
    except Refusal:
        return
    assert passed.keys() == parts.keys()
    for custom_id, values in passed.items():
        for value in values:
            if value != "":  # an optional text
                assert_offered(parts[custom_id].offered, value, resolved)


def test_every_component_and_form_declares_its_access() -> None:
    """The access table is generated from that."""
    from tests.properties.parts import all_parts  # noqa: PLC0415 - imports all of bot.ui

    assert all(part.audience and part.scope for part in all_parts())
    assert all(form.audience and form.parts for form in FORMS.values())
    assert isinstance(offered_by(ui.Select(options=[discord.SelectOption(label="a")])), Choices)
