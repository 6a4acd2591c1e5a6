"""A server's rules: set on one screen, effective at once, audited; deliveries are reported in the log channel."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.discord.interactions import InteractionType
from sandbox.discord.permissions import Permission
from sandbox.driver import DriverError, Interaction, Message
from tests.e2e.harness import Harness


async def screen(harness: Harness) -> Message:
    """Open the settings."""
    interaction = await harness.driver.slash("mod", "settings show")
    return await answer(harness, interaction)


async def answer(harness: Harness, interaction: Interaction) -> Message:
    """The full answer, which is private."""
    assert await interaction.acknowledged() < 3
    await harness.until(lambda: interaction.response is not None and not interaction.response.loading)
    assert interaction.response is not None
    assert interaction.response.ephemeral_to == interaction.member
    return interaction.response


async def words(harness: Harness, what: str, **options: object) -> str:
    """Use `/settings words …`."""
    return (await answer(harness, await harness.driver.slash("mod", f"settings words {what}", options))).text()


async def choose(harness: Harness, shown: Message, setting: str, *values: str) -> None:
    """Choose on the screen and wait until the choice is stored."""
    before = harness.rows("SELECT COUNT(*) FROM audit")
    await harness.driver.select("mod", shown.id, f"settings:{setting}", values)
    await harness.until(lambda: harness.rows("SELECT COUNT(*) FROM audit") != before)


async def refused(harness: Harness, words: str, **options: Any) -> None:
    """Order a picture and expect a private refusal."""
    await harness.imagine("a picture", **options)
    message = await harness.driver.wait_message(lambda m: words in m.text(), viewer="alice")
    assert message.ephemeral_to == "alice"


async def test_settings_take_effect_at_once(harness: Harness) -> None:
    """Channels, resolutions, defaults and spoilers; a restart changes nothing; each change is an audit row."""
    with pytest.raises(DriverError):
        await harness.driver.slash("alice", "settings show")
    shown = await screen(harness)
    await choose(harness, shown, "denied_channels", "art")
    await choose(harness, shown, "highest_resolution", "1K")
    await choose(harness, shown, "default_size", "16:9")
    await choose(harness, shown, "spoiler", "always")
    await choose(harness, shown, "grounding", "off")
    await harness.bot.kill()
    await harness.restart_bot()
    await harness.driver.slash("alice", "imagine", {"prompt": "elsewhere"}, channel="art")
    await harness.driver.wait_message(lambda m: "in this channel" in m.text(), viewer="alice", channel="art")
    await refused(harness, "up to 1K", resolution="2K")
    await refused(harness, "no pictures be made with Google", google_search=True)
    await harness.imagine("a wide picture")
    card = await harness.picture("a wide picture")
    assert "16:9" in card.text()
    assert card.media()[0].spoiler
    opened = await harness.driver.context_menu("alice", "Remix this", target_message_id=card.id)
    await opened.acknowledged()
    await harness.driver.submit_modal(opened, {"prompt": "a form begins with what is usual here"})
    assert "16:9" in (await harness.shows("a form begins with what is usual here")).text()
    # The screen from before the restart still works; choosing the first entry resets.
    await choose(harness, shown, "highest_resolution", "reset")
    await choose(harness, shown, "denied_channels")
    assert harness.rows("SELECT name, value FROM guild_settings ORDER BY name") == [
        ("default_size", '"16:9"'), ("grounding", "false"), ("spoiler", '"always"'),
    ]  # fmt: skip
    details = [row[0] for row in harness.rows("SELECT detail FROM audit ORDER BY id")]
    art = harness.world.channel("art").id
    assert details[:2] == [f"denied_channels: <#{art}>", "highest_resolution: 1K"]
    assert details[-2:] == ["highest_resolution: reset", "denied_channels: reset"]


async def test_members_without_manage_server_change_nothing(harness: Harness) -> None:
    """Even if a press or a form reaches the bot in their name: the permission is checked each time."""
    shown = await screen(harness)
    alice, place = harness.world.user("alice"), harness.world.channel("general")
    source = harness.world.messages.find(shown.id)
    menu = {"custom_id": "settings:grounding", "component_type": 3, "values": ["off"]}
    button = {"custom_id": "settings:add_words", "component_type": 2}
    field = {"type": 18, "id": 1, "component": {"type": 4, "id": 2, "custom_id": "pattern", "value": "cat"}}
    form = {"custom_id": "settings_words:1", "components": [field]}
    acts: list[tuple[InteractionType, dict[str, Any]]] = [
        (InteractionType.COMPONENT, menu), (InteractionType.COMPONENT, button), (InteractionType.MODAL_SUBMIT, form),
    ]  # fmt: skip
    for kind, data in acts:
        record = harness.world.interactions.create(kind, alice, place, data, source=source)
        refusal = await answer(harness, harness.driver.interaction(record.id))
        assert "Only members with the permission Manage Server" in refusal.text()
    stored = [harness.rows(f"SELECT COUNT(*) FROM {table}") for table in ("guild_settings", "word_rules", "audit")]  # noqa: S608 - names
    assert stored == [[(0,)]] * 3


async def test_words_are_refused_tested_and_allowed_again(harness: Harness) -> None:
    """Whole words by command and form; a pattern with runaway backtracking is rejected; a dry run changes nothing."""
    await harness.imagine("green grass")
    await harness.picture("green grass")
    assert "None" not in await words(harness, "add", pattern="ass")
    await harness.imagine("glass and grass")
    await harness.picture("glass and grass")
    await harness.imagine("an ass")
    await harness.driver.wait_message(lambda m: "does not allow “ass”" in m.text(), viewer="alice")
    assert "takes too long" in await words(harness, "add", pattern="(a+)+$", regex=True)
    assert "cannot be read" in await words(harness, "add", pattern="(", regex=True)
    tried = await words(harness, "test", pattern="gr[ae]y", regex=True)
    assert "none would have been refused" in tried
    tried = await words(harness, "test", text="an ass", pattern="grass")
    assert "No rule would refuse this text" in tried
    assert "2 would have been refused" in tried
    assert "1 rule would refuse this text" in await words(harness, "test", text="an ass")
    shown = await screen(harness)
    pressed = await harness.driver.click("mod", shown.id, "settings:add_words")
    await pressed.acknowledged()
    await harness.driver.submit_modal(pressed, {"pattern": "n[u4]de", "kind": "regex"})
    await harness.until(lambda: len(harness.rows("SELECT id FROM word_rules")) == 2)
    assert "regular expression" in await words(harness, "list")
    proposed = await harness.driver.autocomplete("mod", "settings words remove", "rule", "as")
    assert [choice["value"] for choice in proposed] == [1]
    assert "allowed again" in await words(harness, "remove", rule=1)
    await harness.imagine("an ass, at last")
    await harness.picture("an ass, at last")
    assert [row[0] for row in harness.rows("SELECT action FROM audit")] == ["words"] * 3


async def test_log_channel_reports_what_happens(harness: Harness) -> None:
    """Deliveries with prompt, cost and link; deletions; private pictures without a link.

    Losing the channel stops nothing.
    """
    harness.faults.revoke_permission("after-dark", Permission.SEND_MESSAGES)
    shown = await screen(harness)
    await choose(harness, shown, "log_channel", "after-dark")
    await harness.driver.wait_message(lambda m: "I may not write" in m.text(), viewer="mod")
    await choose(harness, shown, "log_channel", "art")
    await log_line(harness, "chose this channel")
    await harness.imagine("a *red* kite", resolution="2K")
    card = await harness.picture("kite")
    line = await log_line(harness, "no. 1")
    for part in ("1.33 credits", "2K", "a \\*red\\* kite", card.id, harness.world.user("alice").id):
        assert part in line
    await harness.imagine("a secret kite", private=True)
    assert "channels/" not in await log_line(harness, "a secret kite")
    pressed = await harness.driver.click("alice", card.id, card.button("Delete").custom_id)
    await pressed.acknowledged()
    question = await harness.driver.wait_message(lambda m: "Delete no. 1?" in m.text(), viewer="alice")
    await harness.driver.click("alice", question.id, question.button("Delete for good").custom_id)
    await log_line(harness, "deleted no. 1 of their own")
    del harness.world.channels[harness.world.channel("art").id]
    await harness.imagine("a kite after that")
    await harness.picture("a kite after that")
    await harness.until(lambda: sum("log_channel_unusable" in line for line in harness.bot.output) == 2)
    told = await harness.driver.slash("mod", "blocks")
    assert "log channel is gone" in (await answer(harness, told)).text()
    assert "log channel is gone" not in (await answer(harness, await harness.driver.slash("mod", "blocks"))).text()
    assert "is gone" in (await screen(harness)).text()


async def log_line(harness: Harness, words: str) -> str:
    """Wait for a message in the log channel."""
    found = await harness.driver.wait_message(lambda m: words in m.text(), viewer="mod", channel="art")
    return found.text()
