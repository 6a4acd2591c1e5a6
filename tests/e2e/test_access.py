"""Everything that `docs/access.md` lists, used by the wrong member and in the wrong place, on the real bot."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from bot.interactions.offered import Choices, Files, Named, Nothing, Number, Offered, Switch, Text
from bot.ui.access import Audience, Scope
from sandbox.attack.target import Target
from sandbox.discord.interactions import InteractionType
from sandbox.driver import Interaction, Message
from tests.support.access_table import Row, command_rows, component_rows, form_rows, loaded_bot
from tests.support.fork_server import NURSERY

SECRET = "a private walrus"
HERE, DM, THERE = "general", "dm", "elsewhere"
WRONG = {
    Audience.EVERYONE: [("bob", HERE), ("bob", DM), ("bob", THERE)],  # about a private picture of Alice
    Audience.REQUESTER: [("bob", HERE), ("bob", DM), ("bob", THERE), ("mod", HERE)],
    Audience.REQUESTER_OR_MODERATOR: [("bob", HERE), ("bob", DM), ("mod", DM), ("mod", THERE)],
    Audience.MODERATORS: [("alice", HERE), ("alice", DM), ("alice", THERE), ("mod", DM), ("mod", THERE)],
    Audience.MANAGERS: [("alice", HERE), ("alice", DM), ("alice", THERE), ("mod", DM), ("mod", THERE)],
    Audience.OWNERS: [("alice", HERE), ("bob", DM), ("alice", THERE)],
}
"""Who must not get anywhere, and from where."""
OWN = {"GalleryButton"}
"""What shows the presser's own things, whoever that is: no refusal, but nothing of alice's either."""
OPTION_TYPES: dict[type[Offered], int] = {Text: 3, Number: 4, Switch: 5, Files: 11}


@pytest.fixture
async def target() -> Any:
    """A bot with one private picture, owned by Alice."""
    async with Target({}, launch=NURSERY.launch) as made:
        await made.start()
        sent = await made.driver.slash("alice", "imagine", {"prompt": SECRET, "private": True})
        await sent.acknowledged()
        assert await made.until(lambda: made.rows("SELECT state FROM jobs") == [("delivered",)], 60)
        yield made
        assert "Traceback" not in made.log()


async def walk(target: Target, sends: Iterator[tuple[str, Interaction, bool]]) -> None:
    """Expect a private refusal without Alice's prompt, no form, and no stored row."""
    before = target.counts()
    for what, interaction, shows_own in sends:
        said = await target.answer(interaction)
        assert interaction.modal is None, what
        assert said is not None, f"{what}: {interaction.state}"
        # A member's own things are shown on the message of the press, which is private where the bot has such a button.
        assert shows_own or said.ephemeral_to == interaction.member or interaction.record.channel.private, what
        assert SECRET not in said.text(), what
        assert said.media() == [], what
        assert shows_own or len(said.text()) < 300, f"{what}: {said.text()}"
        assert target.counts() == before, what
        await asyncio.sleep(0)


def honest(offered: Offered) -> list[str]:
    """Values that a field offers."""
    match offered:
        case Choices(values=values, least=least):
            return [str(value) for value in values[: max(least, 1)]] or ["1"]
        case _:
            return []


def shown(target: Target, row: Row) -> Message:
    """A message of the bot with this component, in the form Discord shows it."""
    [(_, offered)] = row.values
    component: dict[str, Any] = {"type": row.component_type, "custom_id": row.custom_id}
    if row.component_type == 2:
        component |= {"style": 2, "label": "-"}
    elif isinstance(offered, Choices):
        component["options"] = [{"label": value, "value": value} for value in map(str, offered.values or ["1"])]
    elif isinstance(offered, Named):
        component |= {"min_values": offered.least, "max_values": offered.most}
    return target.shown(component)


async def test_buttons_and_selects_used_by_others(target: Target) -> None:
    """Buttons and selects are refused to other members, on messages that have the component."""

    def sends() -> Iterator[tuple[str, Interaction, bool]]:
        for row in component_rows():
            source = shown(target, row)
            data: dict[str, Any] = {"custom_id": row.custom_id, "component_type": row.component_type}
            if not isinstance(row.values[0][1], Nothing):
                data["values"] = honest(row.values[0][1])
            for member, channel in WRONG[row.audience]:
                sent = target.forge(InteractionType.COMPONENT, data, member=member, channel=channel, source=source)
                yield f"{row.custom_id} by {member} in {channel}", sent, row.name in OWN

    await walk(target, sends())


async def test_forms_sent_by_others(target: Target) -> None:
    """Forms submitted by other members are refused, also when filled in correctly."""

    def sends() -> Iterator[tuple[str, Interaction, bool]]:
        number = 1
        for row in form_rows():
            for member, channel in WRONG[row.audience]:
                number += 1
                custom_id = f"{row.custom_id.rpartition(':')[0]}:{number}"
                data = {"custom_id": custom_id, "components": [filled(*field) for field in row.values]}
                sent = target.forge(InteractionType.MODAL_SUBMIT, data, member=member, channel=channel)
                yield f"{custom_id} by {member} in {channel}", sent, False

    await walk(target, sends())


def filled(custom_id: str, offered: Offered) -> dict[str, Any]:
    """A field with a valid value."""
    part: dict[str, Any] = {"custom_id": custom_id, "type": 4, "value": "x"}
    if isinstance(offered, Files):
        part = {"custom_id": custom_id, "type": 19, "values": []}
    elif isinstance(offered, Choices):
        part = {"custom_id": custom_id, "type": 3, "values": honest(offered) if offered.least else []}
    return {"type": 18, "id": 1, "component": {"id": 2, **part}}


async def test_commands_sent_by_others(target: Target) -> None:
    """Manager and owner commands are refused to a member, and server commands outside a server."""
    bot = await loaded_bot()
    async with bot:
        rows = [row for row in command_rows(bot) if row.name.startswith("/")]

    def sends() -> Iterator[tuple[str, Interaction, bool]]:
        for row in rows:
            # Discord itself decides who may use a moderators' command in its server; see the page.
            wrong = WRONG[row.audience] if row.audience in (Audience.MANAGERS, Audience.OWNERS) else []
            wrong = wrong or ([("mod", DM)] if row.scope is Scope.SERVER else [])
            given = [option for name, offered in row.values if (option := one_option(target, name, offered))]
            for member, channel in wrong:
                sent = target.forge_command(row.name.removeprefix("/"), *given, member=member, channel=channel)
                yield f"{row.name} by {member} in {channel}", sent, False

    await walk(target, sends())


def one_option(target: Target, name: str, offered: Offered) -> dict[str, Any] | None:
    """An option with a valid value; None if it is optional."""
    match offered:
        case Text():
            return {"name": name, "type": 3, "value": "5"} if name not in ("first_day", "last_day") else None
        case Number():
            return {"name": name, "type": 4, "value": 1}
        case Named() if name == "member":
            return {"name": name, "type": 6, "value": target.world.user("bob").id}
        case _:
            return None
