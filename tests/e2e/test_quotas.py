"""Quotas as seen by members and by managers of a server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.driver import DriverError, Interaction, Message
from tests.e2e.harness import Harness


async def told(harness: Harness, interaction: Interaction) -> str:
    """The private answer to a command."""
    [message] = await answers(harness, interaction)
    assert message.ephemeral_to == interaction.member
    return message.text()


async def answers(harness: Harness, *interactions: Interaction) -> list[Message]:
    """The answer to each command; a late refusal replaces the deferred response."""
    for interaction in interactions:
        await interaction.answered()
    await harness.until(lambda: all(one.response or one.followups for one in interactions))
    return [one.response or one.followups[-1] for one in interactions]


async def quotas(harness: Harness, subcommand: str, *, by: str = "mod", **options: Any) -> str:
    """Use `/quotas` and read its answer."""
    return await told(harness, await harness.driver.slash(by, f"quotas {subcommand}", options))


async def test_quota_is_set_exhausted_shown_and_reset(harness: Harness) -> None:
    """Beyond two pictures a day there is a private refusal with a countdown; after a reset orders work."""
    said = await quotas(harness, "set", pictures_per_day="2", highest_resolution="1K", grounding=False)
    assert "- **@everyone**: 2 pictures a day, up to 1K, no Google Search" in said
    await harness.imagine("within", count=2)
    beyond = await told(harness, await harness.driver.slash("alice", "imagine", {"prompt": "beyond"}))
    assert "Your limit here is 2 pictures a day: 0 left, 1 asked for. It begins anew <t:" in beyond
    large = await told(harness, await harness.driver.slash("bob", "imagine", {"prompt": "large", "resolution": "2K"}))
    assert "Your highest resolution here is 1K" in large
    left = await told(harness, await harness.driver.slash("alice", "quota", {}))
    assert "Pictures today: **0** of 2 left · anew <t:" in left
    assert "Google Search: **not allowed**" in left
    await quotas(harness, "reset", member="alice")
    await harness.imagine("after the reset")
    await harness.picture("after the reset")
    assert [row[0] for row in harness.rows("SELECT action FROM audit ORDER BY id")] == ["quota", "quota_reset"]
    elsewhere = await harness.driver.slash("alice", "quota", {}, channel="dm")
    assert "2 of your pictures are made at the same time" in await told(harness, elsewhere)


async def test_role_quotas_exceed_the_default_and_can_be_removed(harness: Harness) -> None:
    """The roles sent with the command decide; a deleted role is shown as such and can be removed."""
    moderators = harness.world.guild.members[harness.world.user("mod").id].role_ids[0]
    await quotas(harness, "set", pictures_per_day="0")
    assert f"- **<@&{moderators}>**: any number of pictures a day" in await quotas(
        harness, "set", role=moderators, pictures_per_day="unlimited"
    )
    assert "includes no pictures" in await told(
        harness, await harness.driver.slash("alice", "imagine", {"prompt": "no"})
    )
    await harness.imagine("a role's picture", member="mod")
    await harness.picture("a role's picture")
    offered = await harness.driver.autocomplete("mod", "quotas remove", "role", "")
    assert [choice["value"] for choice in offered] == ["0", moderators]
    assert "This server has no quotas" not in await quotas(harness, "remove", role="@everyone")
    assert "This server has no quotas" in await quotas(harness, "remove", role=moderators)
    assert "There is no such quota" in await quotas(harness, "remove", role="Nobodies")


async def test_concurrent_commands_do_not_exceed_the_server_cap(harness: Harness) -> None:
    """Twelve commands of three members against five credits: five pictures, seven refusals, nothing else charged."""
    await quotas(harness, "cap", credits="5")
    asked = [
        harness.driver.slash(member, "imagine", {"prompt": f"{member} {number}"})
        for number in range(4)
        for member in ("alice", "bob", "mod")
    ]
    texts = [message.text() for message in await answers(harness, *await asyncio.gather(*asked))]
    assert len([text for text in texts if "This server's limit is 5 credits a month: 0 credits left" in text]) == 7
    assert harness.rows("SELECT COUNT(*), SUM(amount_microcredits) FROM ledger WHERE kind = 'reserve'") == [
        (5, 5_000_000)
    ]
    assert "The whole server this month: **0 credits** of 5 credits left" in await quotas(harness, "list")


async def test_only_managers_change_quotas(harness: Harness) -> None:
    """Members do not see the command; moderators without Manage Server are refused; no amount is guessed."""
    with pytest.raises(DriverError, match="needs permissions"):
        await quotas(harness, "list", by="alice")
    assert "is no amount here" in await quotas(harness, "set", pictures_per_day="many")
    assert "Name at least one limit" in await quotas(harness, "set")
    moderators = harness.world.guild.members[harness.world.user("mod").id].role_ids[0]
    harness.world.guild.roles[moderators].permissions = 1 << 13
    assert "Only members with the permission Manage Server" in await quotas(harness, "set", pictures_per_day="1")
    assert "This server has no quotas" in await quotas(harness, "list")
    assert harness.rows("SELECT * FROM quotas") == harness.rows("SELECT * FROM audit") == []
