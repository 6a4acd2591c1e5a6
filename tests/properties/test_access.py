"""Everything that `docs/access.md` lists, with values that were not offered: a refusal, or an offered value."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import discord
import pytest
from discord import app_commands
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.client import ImagineBot
from bot.domain.errors import Refusal
from bot.interactions.command_options import check_options
from bot.interactions.offered import Choices, Files, Named, Nothing, Number, Offered, Switch, Text
from bot.interactions.received_data import component_values, offered_by
from tests.properties.parts import pattern_of
from tests.properties.test_offered import _ANYTHING, _RESOLVED, assert_offered, interaction
from tests.support.access_table import PAGE, Row, command_rows, component_rows, loaded_bot, made_page

EXAMPLES = 15
"""Of each of some eighty rows."""
_TYPES: dict[type[Offered], int] = {Text: 3, Number: 4, Switch: 5, Named: 6, Files: 11, Choices: 3}


async def test_the_table_in_the_documentation_is_up_to_date() -> None:
    """`make access` writes it."""
    assert await made_page() == written()


def written() -> str:
    """The page as stored in the repository."""
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture
async def bot() -> AsyncIterator[ImagineBot]:
    """The bot with all its commands, not connected."""
    made = await loaded_bot()
    async with made:
        yield made


@cache
def _components() -> tuple[Row, ...]:
    return tuple(component_rows())


@settings(max_examples=EXAMPLES)
@pytest.mark.parametrize("row", _components(), ids=lambda row: row.custom_id)
@given(values=_ANYTHING | st.lists(_ANYTHING, max_size=30), resolved=_ANYTHING | _RESOLVED)
def test_component_yields_only_offered_values(row: Row, values: object, resolved: object) -> None:
    """Buttons yield nothing, whatever values the press has."""
    assert row.part is not None
    match = pattern_of(row.part).fullmatch(row.custom_id)
    assert match is not None
    item = row.part.rebuilt(match).item
    data = {"custom_id": row.custom_id, "component_type": row.component_type, "values": values, "resolved": resolved}
    try:
        passed = component_values(interaction(data), item)
    except Refusal:
        return
    assert passed == () or not isinstance(offered_by(item), Nothing)
    for value in passed:
        assert_offered(offered_by(item), value, resolved)


async def test_every_command_refuses_values_that_it_does_not_offer(bot: ImagineBot) -> None:
    """Each option of each command, one at a time; unknown option names as well."""

    @settings(max_examples=EXAMPLES)
    @given(value=_ANYTHING, resolved=_RESOLVED)
    def walk(value: object, resolved: object) -> None:
        for row in rows:
            for name, offered in row.values:
                _check_option(bot, row, name, offered, value, resolved)

    rows = [row for row in command_rows(bot) if row.values]
    assert len(rows) > 15
    walk()


def _check_option(bot: ImagineBot, row: Row, name: str, offered: Offered, value: object, resolved: object) -> None:
    command = _found(bot, row)
    kind = next(p.type.value for p in command.parameters if p.display_name == name)
    option: dict[str, Any] = {"name": name, "type": kind, "value": value}
    try:
        check_options(_command(row, [option], resolved), lambda _: command)
    except (Refusal, app_commands.CommandSignatureMismatch):
        pass
    else:
        assert_offered(offered, value, resolved)
    for wrong in ({**option, "type": kind + 1}, {**option, "name": f"{name}_"}):
        with pytest.raises((Refusal, app_commands.CommandSignatureMismatch)):
            check_options(_command(row, [wrong], resolved), lambda _: command)


def _found(bot: ImagineBot, row: Row) -> app_commands.Command[Any, ..., Any]:
    names = row.name.removeprefix("/").split()
    found: Any = bot.tree.get_command(names[0])
    for name in names[1:]:
        found = found.get_command(name)
    assert isinstance(found, app_commands.Command)
    return found


def _command(row: Row, options: list[dict[str, Any]], resolved: object) -> Any:
    names = row.name.removeprefix("/").split()
    for number, name in reversed(list(enumerate(names[1:], start=1))):
        options = [{"name": name, "type": 1 if number == len(names) - 1 else 2, "options": options}]
    made = interaction({"name": names[0], "type": 1, "options": options, "resolved": resolved})
    made.type = discord.InteractionType.application_command
    return made
