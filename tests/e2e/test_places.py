"""Where it works: permissions are looked at before anything is spent."""

from __future__ import annotations

import pytest

from sandbox.discord.permissions import Permission
from tests.e2e.house import House


@pytest.mark.parametrize(
    ("revoked", "named"),
    [
        ((Permission.ATTACH_FILES,), "permission *Attach Files*"),
        ((Permission.SEND_MESSAGES, Permission.VIEW_CHANNEL), "permissions *View Channel* and *Send Messages*"),
    ],
)
async def test_a_channel_where_it_may_not_post_is_told_privately_and_costs_nothing(
    house: House, revoked: tuple[Permission, ...], named: str
) -> None:
    """The missing permission is named, with who can grant it; nothing is stored or ordered."""
    house.faults.revoke_permission("general", *revoked)
    await house.imagine("behind closed doors")
    refusal = await house.driver.wait_message(lambda m: named in m.text(), viewer="alice")
    assert refusal.ephemeral_to == "alice"
    assert "can grant" in refusal.text()
    assert house.rows("SELECT * FROM requests") == []
    assert house.apimaster.posts == []


async def test_a_private_picture_needs_no_permission(house: House) -> None:
    """Only its member sees it, as an answer to their command."""
    house.faults.revoke_permission("general", Permission.ATTACH_FILES, Permission.SEND_MESSAGES)
    await house.imagine("a secret garden", private=True)
    assert (await house.picture("a secret garden")).ephemeral_to == "alice"


async def test_a_button_is_held_to_the_same_permissions(house: House) -> None:
    """Again, in a channel where the bot may post no more."""
    await house.imagine("first of two")
    message = await house.picture("first of two")
    house.faults.revoke_permission("general", Permission.ATTACH_FILES)
    again = next(custom_id for label, custom_id, _ in message.buttons() if label == "Again")
    await house.driver.click("bob", message.id, again)
    refusal = await house.driver.wait_message(lambda m: "Attach Files" in m.text(), viewer="bob")
    assert refusal.ephemeral_to == "bob"
    assert len(house.apimaster.posts) == 1
