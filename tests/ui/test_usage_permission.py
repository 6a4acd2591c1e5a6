"""Who may turn the pages of a server's numbers, and delete from them: asked of Discord's own description of a press."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
import pytest

from bot.domain.errors import Refusal
from bot.ui.moderation import moderator_who_sent
from bot.ui.usage_deleting import manages_messages
from bot.ui.usage_lists import check_watches
from bot.ui.vouching import Vouchers
from tests.ui.test_place import ALICE, interaction

MANAGE = str(1 << 13)
HERE, ELSEWHERE = 3, 33


def snowflake(seconds: int) -> str:
    """An id that Discord made so many seconds after its beginning."""
    return str(seconds * 1_000 << 22)


COMMAND = snowflake(1_000_000)


def press(
    *, age_s: int, ephemeral: bool, permissions: str = "0", guild_id: str = "5"
) -> discord.Interaction[discord.Client]:
    """A press on a message of this age, which answers a command."""
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


def vouchers_of(*, guild_id: str = "5", **user: Any) -> Vouchers:
    """What is remembered after the command of a member whom Discord let use it."""
    vouchers = Vouchers()
    member: dict[str, Any] = {"user": {**ALICE, **user}, "roles": [], "permissions": "0", "flags": 0}
    vouchers.take(interaction(id=COMMAND, type=2, member=member, guild_id=guild_id))
    return vouchers


@pytest.mark.parametrize(
    ("age_s", "ephemeral", "permissions"),
    [(10**6, False, MANAGE), (10**6, True, MANAGE), (899, True, "0")],
)
async def test_moderators_and_whom_the_answer_was_given_to_turn_pages(
    age_s: int, ephemeral: bool, permissions: str
) -> None:
    """A server may let others use the command: their own answer is theirs for as long as an answer lives."""
    pressed = press(age_s=age_s, ephemeral=ephemeral, permissions=permissions)
    assert check_watches(pressed, vouchers_of()) == 5


@pytest.mark.parametrize(
    ("age_s", "ephemeral", "vouchers"),
    [
        (5, False, vouchers_of),
        (901, True, vouchers_of),
        (5, True, Vouchers),
        (5, True, lambda: vouchers_of(id="99")),
        (5, True, lambda: vouchers_of(guild_id="6")),
    ],
    ids=["shared", "long ago", "answer to another command", "another member", "another server"],
)
async def test_nobody_else_turns_pages(age_s: int, ephemeral: bool, vouchers: Callable[[], Vouchers]) -> None:
    """Nor does anybody who puts a list's custom id under a private answer that they got for something else."""
    with pytest.raises(Refusal) as refusal:
        check_watches(press(age_s=age_s, ephemeral=ephemeral), vouchers())
    assert refusal.value.code == "not_watching"


async def test_the_form_that_removes_is_taken_from_whom_it_was_opened_for() -> None:
    """Its custom id names what opened it, which anybody can write there: it counts where that was seen."""
    form = press(age_s=5, ephemeral=False)
    assert moderator_who_sent(form, int(COMMAND), vouchers_of()).guild_id == 5
    for opened_by, vouchers in ((int(COMMAND), Vouchers()), (int(COMMAND) + 1, vouchers_of()), (2**70, vouchers_of())):
        with pytest.raises(Refusal) as refusal:
            moderator_who_sent(form, opened_by, vouchers)
        assert refusal.value.code == "moderators_only"
    assert moderator_who_sent(press(age_s=5, ephemeral=False, permissions=MANAGE), 0, Vouchers()).user_id > 0


async def test_deleting_needs_the_permission_where_the_picture_is() -> None:
    """What may be managed here says nothing about another channel of the server."""
    moderator = press(age_s=5, ephemeral=True, permissions=MANAGE)
    assert manages_messages(moderator, HERE)
    assert not manages_messages(moderator, ELSEWHERE)
    assert not manages_messages(press(age_s=5, ephemeral=True), HERE)
