"""Points 1 and 2: values that were not offered, and channels of other servers."""

from __future__ import annotations

from typing import Any, Final

from sandbox.attack.attempts import INTEGER, STRING, expect_refusal, field, opened_settings, option, select
from sandbox.attack.scenario import Report, Scenario
from sandbox.attack.target import Target
from sandbox.discord.contexts import OTHER_GUILD_ID
from sandbox.discord.interactions import InteractionType
from sandbox.discord.model import Json

_POISON: Final = (
    ("retention_days", "1000000"),
    ("default_size", '"99:1"'),
    ("allowed_roles", "[-1]"),
    ("spoiler", "{"),
)
_NOTICED_AFTER_S: Final = 2.0


async def settings(target: Target, report: Report) -> None:
    """Submit values that the settings screen doesn't offer."""
    shown = await opened_settings(target)
    before = target.counts()
    for data in _settings_forgeries(target):
        sent = target.forge(InteractionType.COMPONENT, data, source=shown)
        await expect_refusal(target, report, f"{data['custom_id']} {data['values']!r:.40}", sent, before)


def _settings_forgeries(target: Target) -> list[Json]:
    here = target.world.channel("general").id
    text = {"id": here, "type": 0, "name": "general", "guild_id": target.world.guild.id}
    days: list[Any] = ["1000000", "-5", "0", "x", "", None, 7, ["7"], {"7": 7}, True]
    return [
        *[select("settings:retention_days", [value]) for value in days],
        select("settings:retention_days", ["7", "30"]),
        select("settings:retention_days", ["7"] * 50),
        select("settings:retention_days", None),
        select("settings:default_size", ["99:1"]),
        select("settings:grounding", ["on"]),
        select("settings:allowed_roles", ["-1"], kind=6),
        select("settings:allowed_roles", ["123"], kind=6),
        select("settings:log_channel", [here, here], kind=8, channels={here: text}),
        select("settings:log_channel", [here], kind=8, channels={here: {**text, "type": 2}}),
        select("settings:no_such_setting", ["7"]),
    ]


async def picks(target: Target, report: Report) -> None:
    """Pick pictures that a posted message doesn't have."""
    await target.imagine("two of them", count=2)
    card = await target.picture("two of them")
    before = target.counts()
    for chosen in (["99"], ["-1"], ["x"], ["0"] * 50, [["0"]], None, [0], [True], ["0", "0"]):
        opened = await target.driver.context_menu("alice", "Remix this", target_message_id=card.id)
        await opened.acknowledged()
        filled = [
            field("prompt", 4, value="a forged remix"), field("pictures", 3, values=chosen),
            field("files", 19, values=[]), field("size", 3, values=["1:1"]), field("resolution", 3, values=["1K"]),
        ]  # fmt: skip
        data = {"custom_id": (opened.modal or {}).get("custom_id", ""), "components": filled}
        sent = target.forge(InteractionType.MODAL_SUBMIT, data, member="alice", source=card)
        await expect_refusal(target, report, f"pictures {chosen!r:.40}", sent, before)


async def options(target: Target, report: Report) -> None:
    """Send a command with options outside their choices, bounds, lengths and types."""
    prompt = option("prompt", STRING, "a forged picture")
    forged: list[list[Json]] = [
        [option("prompt", STRING, "x" * 4_001)],
        [option("prompt", STRING, "")],
        [option("prompt", STRING, "\ud800")],
        [prompt, prompt],
        [prompt, option("size", STRING, "99:1")],
        [prompt, option("resolution", STRING, "8K")],
        [prompt, option("count", INTEGER, 99)],
        [prompt, option("count", INTEGER, -1)],
        [prompt, option("count", INTEGER, 10**40)],
        [prompt, option("no_such_option", STRING, "x")],
    ]
    before = target.counts()
    for given in forged:
        sent = target.forge_command("imagine", *given, member="alice")
        await expect_refusal(target, report, f"/imagine {given[-1]!r:.60}", sent, before)


async def poisoned_rows(target: Target, report: Report) -> None:
    """Start the bot on a database in which one server's settings are corrupt."""
    await target.bot.stop()
    guild = int(target.world.guild.id)
    for name, value in _POISON:
        report.attempt()
        target.write("INSERT OR REPLACE INTO guild_settings VALUES (?, ?, ?)", guild, name, value)
    await target.bot.start()
    await target.wait_for_bot()
    await target.imagine("in the poisoned server")
    await target.picture("in the poisoned server")
    await opened_settings(target)


async def foreign_log_channel(target: Target, report: Report) -> None:
    """Set a channel of another server as log channel."""
    shown = await opened_settings(target)
    theirs = target.world.channel("elsewhere").id
    known = {"id": theirs, "type": 0, "name": "elsewhere", "guild_id": OTHER_GUILD_ID}
    before = target.counts()
    forged: list[Json] = [
        select("settings:log_channel", [theirs], kind=8),
        select("settings:log_channel", [theirs], kind=8, channels={theirs: known}),
        select("settings:log_channel", [theirs], kind=8, channels={theirs: None}),
        select("settings:denied_channels", [theirs], kind=8, channels={theirs: known}),
    ]
    for data in forged:
        sent = target.forge(InteractionType.COMPONENT, data, source=shown)
        await expect_refusal(target, report, f"{data['custom_id']} of another server", sent, before)
    await _no_post_there(target, report, theirs)


async def stored_foreign_log_channel(target: Target, report: Report) -> None:
    """Use a stored log channel of another server, as an earlier version may have saved it."""
    await target.bot.stop()
    theirs = target.world.channel("elsewhere").id
    report.attempt()
    guild = int(target.world.guild.id)
    target.write("INSERT OR REPLACE INTO guild_settings VALUES (?, 'log_channel', ?)", guild, theirs)
    await target.bot.start()
    await target.wait_for_bot()
    await _no_post_there(target, report, theirs)


async def _no_post_there(target: Target, report: Report, channel_id: str) -> None:
    await target.imagine("to be logged")
    await target.picture("to be logged")
    posted = await target.until(
        lambda: any(r.method == "POST" and channel_id in r.path for r in target.discord.requests), _NOTICED_AFTER_S
    )
    if posted:
        report.hole("the bot posts in a channel of another server")


SCENARIOS: Final = (
    Scenario(name="forged settings", point=1, about="choices that the settings don't have", run=settings, short=False),
    Scenario(name="forged picks", point=1, about="pictures that a posted message doesn't have", run=picks, short=False),
    Scenario(name="forged options", point=1, about="a command out of its bounds", run=options),
    Scenario(
        name="poisoned rows", point=1, about="bad settings in the database at a start", run=poisoned_rows, short=False
    ),
    Scenario(name="foreign log channel", point=2, about="a channel of another server is set", run=foreign_log_channel),
    Scenario(
        name="stored foreign log channel",
        point=2,
        about="a channel of another server is stored already",
        run=stored_foreign_log_channel,
        short=False,
    ),
)
