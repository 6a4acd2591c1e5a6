"""Values that were not offered, sent to the real bot: refused in one sentence, nothing stored, no one else affected."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sandbox.discord.contexts import OTHER_GUILD_ID
from sandbox.discord.interactions import InteractionType
from sandbox.driver import Interaction, Message
from tests.e2e.harness import Harness
from tests.e2e.test_settings import answer, screen

NOT_OFFERED = "isn't offered here"
CHANGED = "command has changed"
UNREADABLE = "couldn't read this command"
FOREIGN: dict[str, Any] = {"type": 0, "name": "their-log", "guild_id": OTHER_GUILD_ID}


async def forge(
    harness: Harness, kind: InteractionType, data: dict[str, Any], source: Message | None = None, member: str = "mod"
) -> Interaction:
    """Send an interaction about a message of the bot as only a modified client can."""
    stored = harness.world.messages.find(source.id) if source else None
    user, channel = harness.world.user(member), harness.world.channel("general")
    return harness.driver.interaction(harness.world.interactions.create(kind, user, channel, data, source=stored).id)


async def refused(harness: Harness, interaction: Interaction) -> None:
    """Wait for the one refusal, which only its sender sees."""
    said = await answer(harness, interaction)
    assert any(sentence in said.text() for sentence in (NOT_OFFERED, CHANGED, UNREADABLE)), said.text()


def untouched(harness: Harness) -> None:
    """Expect that nothing was stored or charged and no internal error occurred."""
    for table in ("guild_settings", "word_rules", "quotas", "blocks", "audit", "requests", "ledger"):
        assert harness.rows(f"SELECT COUNT(*) FROM {table}") == [(0,)], table  # noqa: S608 - names
    assert not [line for line in harness.bot.output if "Traceback" in line or "crashed" in line]


def select(custom_id: str, values: object, kind: int = 3, **resolved: Any) -> dict[str, Any]:
    """The payload a client sends for a select."""
    data: dict[str, Any] = {"custom_id": custom_id, "component_type": kind, "values": values}
    return {**data, "resolved": resolved} if resolved else data


def settings_forgeries(harness: Harness) -> list[dict[str, Any]]:
    """Choices that the settings screen does not have."""
    here = harness.world.channel("general").id
    text = {"id": here, "type": 0, "name": "general", "guild_id": harness.world.guild.id}
    voice = {**text, "type": 2}
    values: list[object] = ["1000000", "-5", "0", "x", "", None, 7, ["7"], {"7": 7}, True]
    return [
        *[select("settings:retention_days", [value]) for value in values],
        select("settings:retention_days", ["7", "30"]),
        select("settings:retention_days", ["7", "7"]),
        select("settings:retention_days", []),
        select("settings:retention_days", None),
        select("settings:retention_days", "7"),
        select("settings:default_size", ["99:1"]),
        select("settings:grounding", ["on"]),
        select("settings:grounding", ["off"], kind=2),
        select("settings:allowed_roles", ["-1"], kind=6),
        select("settings:allowed_roles", ["123"], kind=6),
        select("settings:allowed_roles", ["0"], kind=6, roles={"0": {"id": "0", "name": "x"}}),
        select("settings:log_channel", [here], kind=8),
        select("settings:log_channel", [here], kind=8, channels={here: voice}),
        select("settings:log_channel", ["77"], kind=8, channels={"77": {**FOREIGN, "id": "77"}}),
        select("settings:log_channel", [here, here], kind=8, channels={here: text}),
        select("settings:denied_channels", [str(2**70)], kind=8, channels={str(2**70): text}),
        select("settings:no_such_setting", ["7"]),
    ]


async def test_settings_accept_only_what_they_offer(harness: Harness) -> None:
    """Numbers out of range, wrong types, too many, other servers' channels; then a valid choice works."""
    shown = await screen(harness)
    for data in settings_forgeries(harness):
        await refused(harness, await forge(harness, InteractionType.COMPONENT, data, shown))
    untouched(harness)
    await harness.driver.select("mod", shown.id, "settings:retention_days", ["7"])
    await harness.driver.select("mod", shown.id, "settings:log_channel", ["art"])
    await harness.until(lambda: len(harness.rows("SELECT * FROM guild_settings")) == 2)


def field(custom_id: str, kind: int, **value: object) -> dict[str, Any]:
    """A form field in its label."""
    return {"type": 18, "id": 1, "component": {"type": kind, "id": 2, "custom_id": custom_id, **value}}


WORDS = [
    field("pattern", 4, value="cat"), field("kind", 3, values=["words"]), field("where", 3, values=["everywhere"])
]  # fmt: skip
FORMS: list[object] = [
    None,
    "x",
    [],
    [None],
    WORDS[:1],
    [*WORDS, WORDS[0]],
    [*WORDS, field("other", 4, value="x")],
    [field("pattern", 4, value="x" * 201), *WORDS[1:]],
    [field("pattern", 4, value=""), *WORDS[1:]],
    [field("pattern", 4, value=["cat"]), *WORDS[1:]],
    [field("pattern", 3, values=["cat"]), *WORDS[1:]],
    [WORDS[0], field("kind", 3, values=["all"]), WORDS[2]],
    [WORDS[0], field("kind", 3, values=["words", "regex"]), WORDS[2]],
    [*WORDS[:2], field("where", 3, values=["nowhere"])],
    [*WORDS[:2], field("where", 3, values=[["everywhere"]])],
    [*WORDS[:2], field("where", 3, values=None)],
    [{"type": 18, "id": 1, "component": WORDS[0]}, *WORDS[1:]],
    [WORDS[0]["component"], *WORDS[1:]],
    [{"type": 18, "id": 1}, *WORDS[1:]],
]


async def test_form_accepts_only_its_own_fields(harness: Harness) -> None:
    """Missing, additional, nested and overlong ones; then a valid form works."""
    for number, components in enumerate(FORMS, start=1):
        data = {"custom_id": f"settings_words:{number}", "components": components}
        await refused(harness, await forge(harness, InteractionType.MODAL_SUBMIT, data))
    untouched(harness)
    honest = {"custom_id": "settings_words:99", "components": WORDS}
    shown = await screen(harness)
    await forge(harness, InteractionType.MODAL_SUBMIT, honest, shown)
    await harness.until(lambda: harness.rows("SELECT pattern FROM word_rules") == [("cat",)])


def options(*given: object) -> list[dict[str, Any]]:
    """Options of a command, each as (name, type, value)."""
    return [dict(zip(("name", "type", "value"), one, strict=True)) for one in given]  # type: ignore[call-overload]


PROMPT = ("prompt", 3, "a forged picture")
COMMANDS: list[tuple[str, list[dict[str, Any]]]] = [
    ("imagine", options(("prompt", 3, "x" * 4_001))),
    ("imagine", options(("prompt", 3, ""))),
    ("imagine", options(("prompt", 4, 7))),
    ("imagine", options(PROMPT, PROMPT)),
    ("imagine", options(PROMPT, ("size", 3, "99:1"))),
    ("imagine", options(PROMPT, ("resolution", 3, "8K"))),
    ("imagine", options(PROMPT, ("count", 4, 0))),
    ("imagine", options(PROMPT, ("count", 4, 99))),
    ("imagine", options(PROMPT, ("count", 4, -1))),
    ("imagine", options(PROMPT, ("no_such_option", 3, "x"))),
    ("remix", options(PROMPT, ("image1", 11, "77"))),
    ("block", options(("member", 6, "77"))),
    ("quotas", [{"name": "set", "type": 1, "options": options(("role", 8, "77"), ("count", 4, 1))}]),
    ("quotas", [{"name": "set", "type": 1, "options": options(("highest_resolution", 3, "9K"))}]),
    ("quotas", [{"name": "reset", "type": 1, "options": options(("member", 6, "77"))}]),
    ("usage", [{"name": "jobs", "type": 1, "options": options(("state", 3, "lost"))}]),
    ("usage", [{"name": "jobs", "type": 1, "options": options(("channel", 7, "77"))}]),
    ("usage", [{"name": "overview", "type": 1, "options": options(("period", 3, "forever"))}]),
]


MISSHAPEN: list[tuple[str, list[dict[str, Any]]]] = [
    ("imagine", options(("prompt", 3, 7))),
    ("imagine", options(("prompt", 3, ["a"]))),
    ("imagine", options(PROMPT, ("count", 4, True))),
    ("imagine", options(PROMPT, ("count", 4, "1"))),
    ("imagine", options(PROMPT, ("private", 5, "yes"))),
    ("imagine", options(PROMPT, ("private", 5, None))),
    ("remix", options(PROMPT, ("image1", 11, "x"))),
    ("block", options(("member", 6, "-1"))),
]
"""Values of another type than their own option says: skipped before discord.py reads them."""
RESOLVED: list[object] = [
    None,
    {"attachments": {"77": {}}, "users": {"77": None}},
    {"users": {"77": {}}, "members": {"77": {}}, "roles": {"77": {}}, "channels": {"77": {}}},
]


@pytest.mark.parametrize("resolved", RESOLVED)
async def test_command_accepts_only_what_it_offers(harness: Harness, resolved: object) -> None:
    """Choices, bounds, lengths, types, and ids that Discord did not resolve; then a valid command works."""
    for name, given in COMMANDS:
        data = {"id": "1", "name": name, "type": 1, "options": given}
        if resolved is not None:
            data["resolved"] = resolved
        interaction = await forge(harness, InteractionType.COMMAND, data)
        await refused(harness, interaction)
    untouched(harness)
    for name, given in MISSHAPEN:
        await forge(harness, InteractionType.COMMAND, {"id": "1", "name": name, "type": 1, "options": given})
    await harness.imagine("an honest picture")
    await harness.picture("an honest picture")
    assert len(harness.rows("SELECT id FROM requests")) == 1


async def test_autocomplete_accepts_any_input(harness: Harness) -> None:
    """An autocomplete request is answered, with an empty list if the input makes no sense."""
    for given in (options(("style", 3, "x" * 7_000)), options(("style", 3, None)), options(("what", 3, "x"))):
        focused = [{**option, "focused": True} for option in given]
        data = {"id": "1", "name": "imagine", "type": 1, "options": focused}
        interaction = await forge(harness, InteractionType.AUTOCOMPLETE, data)
        assert await interaction.acknowledged() < 3
        assert interaction.choices == []
    untouched(harness)


async def test_posted_pictures_are_picked_only_as_offered(harness: Harness) -> None:
    """Numbers out of range, words, and fifty repetitions: a refusal without a traceback."""
    await harness.imagine("a first picture", count=2)
    card = await harness.picture("a first picture")
    before = harness.rows("SELECT COUNT(*) FROM requests")
    for picks in (["99"], ["-1"], ["x"], ["0"] * 50, [["0"]], None, [0]):
        opened = await harness.driver.context_menu("alice", "Remix this", target_message_id=card.id)
        await opened.acknowledged()
        assert opened.modal is not None
        filled = [
            field("prompt", 4, value="a forged remix"), field("pictures", 3, values=picks),
            field("files", 19, values=[]), field("size", 3, values=["1:1"]), field("resolution", 3, values=["1K"]),
        ]  # fmt: skip
        data = {"custom_id": opened.modal["custom_id"], "components": filled, "resolved": {"users": None}}
        await refused(harness, await forge(harness, InteractionType.MODAL_SUBMIT, data, card, member="alice"))
    assert harness.rows("SELECT COUNT(*) FROM requests") == before
    assert not [line for line in harness.bot.output if "Traceback" in line]


BEFORE_CHECKS = "DELETE FROM _sqlite_migrations WHERE name = '0021_checks'"
POISON = [("retention_days", "1000000"), ("default_size", '"99:1"'), ("allowed_roles", "[-1]"), ("grounding", "{")]


async def test_database_with_invalid_values_starts_and_works(tmp_path: Path) -> None:
    """Values stored by an earlier version are repaired with an audit entry. Pictures are made there, too."""
    harness = Harness(tmp_path / "data")
    async with harness:
        unconstrained(harness)
        guild = harness.world.guild.id
        for name, value in POISON:
            harness.write(f"INSERT INTO guild_settings VALUES ({guild}, '{name}', '{value}')")  # noqa: S608
        await harness.start()
        assert harness.rows("SELECT * FROM guild_settings") == []
        notes = harness.rows("SELECT guild_id, actor_id, detail FROM audit ORDER BY id")
        assert len(notes) == len(POISON)
        assert {(row[0], row[1]) for row in notes} == {(int(guild), 0)}
        await harness.imagine("after the poison")
        await harness.picture("after the poison")
        assert (await screen(harness)).text()


async def test_invalid_stored_values_count_as_not_set(tmp_path: Path) -> None:
    """Written with the constraints switched off: they are logged, and housekeeping continues."""
    harness = Harness(tmp_path / "data")
    async with harness:
        guild, elsewhere = harness.world.guild.id, harness.world.channel("elsewhere").id
        rows = [*POISON, ("log_channel", elsewhere)]
        values = ", ".join(f"({guild}, '{name}', '{value}')" for name, value in rows)
        with_checks_off(harness, f"INSERT INTO guild_settings VALUES {values}")  # noqa: S608
        await harness.start()
        await harness.imagine("without rules")
        await harness.picture("without rules")
        shown = await screen(harness)
        assert "log channel is gone" in shown.text() or "deleted; choose" in shown.text()
        assert not [r for r in harness.discord.requests if elsewhere in r.path and r.method == "POST"]
        assert any("setting_unreadable" in line for line in harness.bot.output)
        assert not [line for line in harness.bot.output if "sweep_failed" in line or "task_failed" in line]


def unconstrained(harness: Harness) -> None:
    """Recreate the table as it was before it had constraints."""
    harness.write("DROP TABLE guild_settings")
    harness.write(
        "CREATE TABLE guild_settings (guild_id INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, "
        "PRIMARY KEY (guild_id, name)) STRICT, WITHOUT ROWID"
    )
    for table in ("word_rules_checked_on_insert", "word_rules_checked_on_update"):
        harness.write(f"DROP TRIGGER {table}")
    harness.write(BEFORE_CHECKS)


def with_checks_off(harness: Harness, sql: str) -> None:
    """Write values that the constraints forbid."""
    with closing(sqlite3.connect(harness.data_dir / "bot.db")) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(sql)
