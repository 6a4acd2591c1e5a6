"""Permission to page through a server's usage lists and to delete from them, from the interaction's payload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import discord
import pytest

from bot.domain.errors import Refusal
from bot.domain.job import RequestView
from bot.interactions.authorization import CommandAuthorizations
from bot.interactions.permissions import manages_messages
from bot.ui.moderation import check_moderates
from bot.ui.usage_pages import check_watches
from tests.interactions.test_permissions import ALICE, channel, interaction
from tests.support.build import a_job, a_request, a_view

MANAGE = str(1 << 13)
HERE, ELSEWHERE = 3, 33


def snowflake(seconds: int) -> str:
    """A snowflake created this many seconds after Discord's epoch."""
    return str(seconds * 1_000 << 22)


COMMAND = snowflake(1_000_000)


def press(
    *, age_s: int, ephemeral: bool, permissions: str = "0", guild_id: str = "5"
) -> discord.Interaction[discord.Client]:
    """A press on a message of this age, which responds to a command."""
    message: dict[str, Any] = {
        "id": COMMAND, "channel_id": "3", "author": ALICE, "content": "", "attachments": [], "embeds": [],
        "mentions": [], "mention_roles": [], "mention_everyone": False, "pinned": False, "tts": False, "type": 0,
        "timestamp": "2026-03-14T15:09:26+00:00", "edited_timestamp": None, "flags": 64 if ephemeral else 0,
        "components": [],
        "interaction_metadata": {"id": COMMAND, "type": 2, "user": ALICE, "authorizing_integration_owners": {}},
    }  # fmt: skip
    member: dict[str, Any] = {
        "user": ALICE, "roles": [], "permissions": permissions, "joined_at": None, "deaf": False, "mute": False,
        "flags": 0,
    }  # fmt: skip
    return interaction(
        id=snowflake(1_000_000 + age_s), type=3, message=message, member=member, guild_id=guild_id,
        data={"custom_id": "ua:0", "component_type": 2},
    )  # fmt: skip


def vouchers_of(*, guild_id: str = "5", channel_id: str = "3", **user: Any) -> CommandAuthorizations:
    """The vouchers that are stored after the command of a member who was allowed to use it."""
    authorizations = CommandAuthorizations()
    member: dict[str, Any] = {"user": {**ALICE, **user}, "roles": [], "permissions": "0", "flags": 0}
    authorizations.take(
        interaction(id=COMMAND, type=2, member=member, guild_id=guild_id, channel=channel(id=channel_id))
    )
    return authorizations


@pytest.mark.parametrize(
    ("age_s", "ephemeral", "permissions"),
    [(10**6, False, MANAGE), (10**6, True, MANAGE), (899, True, "0")],
)
async def test_moderators_and_the_member_who_got_the_answer_turn_pages(
    age_s: int, ephemeral: bool, permissions: str
) -> None:
    """A server may let others use the command: their own response works for them while its token is valid."""
    pressed = press(age_s=age_s, ephemeral=ephemeral, permissions=permissions)
    assert check_watches(pressed, vouchers_of()) == 5


@pytest.mark.parametrize(
    ("age_s", "ephemeral", "authorizations"),
    [
        (5, False, vouchers_of),
        (901, True, vouchers_of),
        (5, True, CommandAuthorizations),
        (5, True, lambda: vouchers_of(id="99")),
        (5, True, lambda: vouchers_of(guild_id="6")),
        (5, True, lambda: vouchers_of(channel_id="33")),
    ],
    ids=["shared", "long ago", "answer to another command", "another member", "another server", "another channel"],
)
async def test_other_members_do_not_turn_pages(
    age_s: int, ephemeral: bool, authorizations: Callable[[], CommandAuthorizations]
) -> None:
    """Nor does a member who puts a list's custom id under a private response to another command."""
    with pytest.raises(Refusal) as refusal:
        check_watches(press(age_s=age_s, ephemeral=ephemeral), authorizations())
    assert refusal.value.code == "not_watching"


def picture_in(channel_id: int) -> RequestView:
    """A picture that is shown in a channel."""
    return a_view(a_job(), request=replace(a_request(), channel_id=channel_id))


async def test_removing_needs_the_permission_in_the_pictures_own_channel() -> None:
    """Checked there wherever the form is submitted, even if Discord let its sender use the command in this channel."""
    form, manager = press(age_s=5, ephemeral=False), press(age_s=5, ephemeral=False, permissions=MANAGE)
    check_moderates(form, picture_in(HERE), vouchers_of(), opened_by=int(COMMAND))
    check_moderates(manager, picture_in(HERE), CommandAuthorizations(), opened_by=0)
    for sent, channel_id, opened_by, authorizations in (
        (form, HERE, int(COMMAND), CommandAuthorizations()),
        (form, HERE, int(COMMAND) + 1, vouchers_of()),
        (form, HERE, 2**70, vouchers_of()),
        (form, HERE, int(COMMAND), vouchers_of(channel_id="33")),
        (form, ELSEWHERE, int(COMMAND), vouchers_of()),
        (manager, ELSEWHERE, int(COMMAND), vouchers_of()),
    ):
        with pytest.raises(Refusal) as refusal:
            check_moderates(sent, picture_in(channel_id), authorizations, opened_by=opened_by)
        assert refusal.value.code == "not_moderating"


async def test_deleting_needs_the_permission_where_the_picture_is() -> None:
    """A permission in one channel says nothing about another channel of the server."""
    moderator = press(age_s=5, ephemeral=True, permissions=MANAGE)
    assert manages_messages(moderator, HERE)
    assert not manages_messages(moderator, ELSEWHERE)
    assert not manages_messages(press(age_s=5, ephemeral=True), HERE)
