"""Who may turn the pages of a server's numbers, and delete from them: asked of Discord's own description of a press."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.domain.errors import Refusal
from bot.ui.usage_deleting import manages_messages
from bot.ui.usage_lists import check_watches
from tests.ui.test_place import ALICE, interaction

MANAGE = str(1 << 13)
HERE, ELSEWHERE = 3, 33


def snowflake(seconds: int) -> str:
    """An id that Discord made so many seconds after its beginning."""
    return str(seconds * 1_000 << 22)


def press(*, age_s: int, ephemeral: bool, permissions: str = "0") -> discord.Interaction[discord.Client]:
    """A press on a message of this age."""
    message: dict[str, Any] = {
        "id": snowflake(1_000_000), "channel_id": "3", "author": ALICE, "content": "", "attachments": [], "embeds": [],
        "mentions": [], "mention_roles": [], "mention_everyone": False, "pinned": False, "tts": False, "type": 0,
        "timestamp": "2026-03-14T15:09:26+00:00", "edited_timestamp": None, "flags": 64 if ephemeral else 0,
        "components": [],
    }  # fmt: skip
    member: dict[str, Any] = {
        "user": ALICE, "roles": [], "permissions": permissions, "joined_at": None, "deaf": False, "mute": False,
        "flags": 0,
    }  # fmt: skip
    return interaction(
        id=snowflake(1_000_000 + age_s), type=3, message=message, member=member,
        data={"custom_id": "ua:0", "component_type": 2},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("age_s", "ephemeral", "permissions"),
    [(10**6, False, MANAGE), (10**6, True, MANAGE), (899, True, "0")],
)
async def test_moderators_and_whom_the_answer_was_given_to_turn_pages(
    age_s: int, ephemeral: bool, permissions: str
) -> None:
    """A server may let others use the command: their own answer is theirs for as long as an answer lives."""
    assert check_watches(press(age_s=age_s, ephemeral=ephemeral, permissions=permissions)) == 5


@pytest.mark.parametrize(("age_s", "ephemeral"), [(5, False), (901, True)])
async def test_nobody_else_turns_pages(age_s: int, ephemeral: bool) -> None:
    """Neither on what was shared with everybody, nor long after a permission may have been taken away."""
    with pytest.raises(Refusal) as refusal:
        check_watches(press(age_s=age_s, ephemeral=ephemeral))
    assert refusal.value.code == "not_watching"


async def test_deleting_needs_the_permission_where_the_picture_is() -> None:
    """What may be managed here says nothing about another channel of the server."""
    moderator = press(age_s=5, ephemeral=True, permissions=MANAGE)
    assert manages_messages(moderator, HERE)
    assert not manages_messages(moderator, ELSEWHERE)
    assert not manages_messages(press(age_s=5, ephemeral=True), HERE)
