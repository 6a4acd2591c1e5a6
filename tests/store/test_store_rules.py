"""Servers' rules and blocks: read as they were stored, each change with its audit entry in the same transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.audit import AuditAction, NewAuditEntry
from bot.domain.errors import Refusal
from bot.domain.job import JobState
from bot.domain.picture import Resolution
from bot.domain.rules import (
    MAX_REGEX_RULES,
    Block,
    ServerRules,
    Setting,
    SpoilerRule,
    Where,
    WordRule,
    with_setting,
)
from bot.store.store import SqliteStore
from tests.store.conftest import StoreHarness
from tests.support.build import ALICE, BOB, GUILD, new_request
from tests.support.clock import START

OTHER_GUILD = 50
CHOSEN: dict[Setting, object] = {
    Setting.ALLOWED_CHANNELS: frozenset({1, 2}),
    Setting.DENIED_CHANNELS: frozenset({3}),
    Setting.ALLOWED_ROLES: frozenset({4}),
    Setting.DENIED_ROLES: frozenset({5, 2**63 - 1}),
    Setting.DEFAULT_SIZE: "16:9",
    Setting.DEFAULT_RESOLUTION: Resolution.HALF_K,
    Setting.HIGHEST_RESOLUTION: Resolution.TWO_K,
    Setting.GROUNDING: False,
    Setting.SPOILER: SpoilerRule.AGE_RESTRICTED,
    Setting.LOG_CHANNEL: 2**62,
    Setting.RETENTION_DAYS: 30,
}


def entry(detail: str = "", action: AuditAction = AuditAction.SETTING, guild_id: int = GUILD) -> NewAuditEntry:
    """An audit entry of Bob."""
    return NewAuditEntry(guild_id=guild_id, actor_id=BOB, action=action, detail=detail)


async def test_without_settings_nothing_is_forbidden(store: SqliteStore) -> None:
    """The defaults of the value apply."""
    assert await store.rules.rules(GUILD) == ServerRules()


async def test_every_setting_is_read_as_it_was_stored_and_can_be_reset(store: SqliteStore, books: StoreHarness) -> None:
    """Individually, and only in its server; a reset leaves no row. Each change is audited."""
    assert set(CHOSEN) == set(Setting)
    rules = ServerRules()
    for setting, value in CHOSEN.items():
        rules = with_setting(rules, setting, value)
        await store.rules.change(GUILD, setting, rules, entry(setting.value))
    assert await store.rules.rules(GUILD) == rules
    assert await store.rules.rules(OTHER_GUILD) == ServerRules()
    assert await store.rules.log_channels() == {GUILD: 2**62}
    assert len(await store.audit.entries(GUILD, limit=99)) == len(CHOSEN)
    for setting in CHOSEN:
        rules = with_setting(rules, setting, None)
        await store.rules.change(GUILD, setting, rules, entry(setting.value))
    assert await store.rules.rules(GUILD) == ServerRules()
    assert books.rows("guild_settings") == []


async def test_word_rules_are_stored_once_each_and_removed_by_number(store: SqliteStore) -> None:
    """Adding the same pattern again only changes where it applies; another server's rule cannot be removed."""
    rule = WordRule(pattern="cat", where=Where.NOT_AGE_RESTRICTED)
    number = await store.rules.add_words(GUILD, rule, entry("cat", AuditAction.WORDS))
    assert await store.rules.add_words(GUILD, replace(rule, where=Where.EVERYWHERE), entry()) == number
    other = await store.rules.add_words(GUILD, WordRule(pattern="cat", regex=True), entry())
    found = (await store.rules.rules(GUILD)).words
    assert found == (WordRule(pattern="cat", id=number), WordRule(pattern="cat", regex=True, id=other))
    assert not await store.rules.remove_words(OTHER_GUILD, number, entry(guild_id=OTHER_GUILD))
    assert await store.audit.entries(OTHER_GUILD, limit=9) == []
    assert await store.rules.remove_words(GUILD, number, entry())
    assert [rule.id for rule in (await store.rules.rules(GUILD)).words] == [other]


async def test_number_of_patterns_of_a_server_is_limited(store: SqliteStore) -> None:
    """One more is refused, and neither stored nor audited."""
    for number in range(MAX_REGEX_RULES):
        await store.rules.add_words(GUILD, WordRule(pattern=f"{number}", regex=True), entry())
    with pytest.raises(Refusal):
        await store.rules.add_words(GUILD, WordRule(pattern="more", regex=True), entry())
    assert len(await store.audit.entries(GUILD, limit=99)) == MAX_REGEX_RULES


async def test_latest_prompts_of_the_server_are_newest_first(store: SqliteStore) -> None:
    """As many as requested."""
    for number in range(4):
        await store.accept(new_request(prompt=f"prompt {number}"))
        await store.accept(new_request(prompt="elsewhere", guild_id=OTHER_GUILD))
    found = await store.rules.latest_prompts(GUILD, most=3)
    assert [past.prompt for past in found] == ["prompt 3", "prompt 2", "prompt 1"]
    assert [past.job_id for past in found] == [7, 5, 3]


def a_block(*, hours: int | None = None, reason: str = "", guild_id: int = GUILD) -> Block:
    """Bob blocks Alice."""
    until = None if hours is None else START + timedelta(hours=hours)
    return Block(guild_id=guild_id, member_id=ALICE, by_id=BOB, since=START, until=until, reason=reason, told=True)


async def test_block_is_read_as_it_was_stored_until_it_is_lifted(store: SqliteStore) -> None:
    """A second one replaces the first; a member who is not blocked cannot be unblocked."""
    await store.blocks.block(a_block(hours=1, reason="spam"), entry())
    await store.blocks.block(a_block(reason="worse"), entry())
    assert await store.blocks.block_of(GUILD, ALICE) == a_block(reason="worse")
    assert await store.blocks.blocks(GUILD) == [a_block(reason="worse")]
    assert await store.blocks.block_of(OTHER_GUILD, ALICE) is None
    assert await store.blocks.unblock(GUILD, ALICE, entry())
    assert not await store.blocks.unblock(GUILD, ALICE, entry())
    assert await store.blocks.blocks(GUILD) == []
    assert len(await store.audit.entries(GUILD, limit=9)) == 3


async def test_block_cancels_waiting_jobs_for_free(store: SqliteStore, books: StoreHarness) -> None:
    """The member's waiting jobs of this server: not those of other servers, nor of other members."""
    here = await store.accept(new_request(count=2))
    elsewhere = await store.accept(new_request(guild_id=OTHER_GUILD))
    others = await store.accept(new_request(user_id=BOB))
    assert await store.blocks.block(a_block(), entry()) == [here]
    assert [job.state for job in (await store.view(here)).jobs] == [JobState.CANCELLED] * 2
    for request_id in (elsewhere, others):
        assert [job.state for job in (await store.view(request_id)).jobs] == [JobState.QUEUED]
    assert books.ledger(1) == [("reserve", 1_000_000), ("release", 1_000_000)]
    assert here in await store.requests_behind()


async def test_no_order_bypasses_a_block(store: SqliteStore) -> None:
    """It is checked again in the transaction that would store the order; elsewhere the member can order."""
    await store.blocks.block(a_block(hours=1, reason="spam"), entry())
    with pytest.raises(Refusal) as refusal:
        await store.accept(new_request())
    assert refusal.value.code == "blocked_until_because"
    await store.accept(new_request(guild_id=OTHER_GUILD))
    await store.accept(new_request(guild_id=None))


def test_block_expires_at_its_time() -> None:
    """One without an end never does."""
    assert a_block(hours=1).holds(START + timedelta(minutes=59))
    assert not a_block(hours=1).holds(START + timedelta(hours=1))
    assert a_block().holds(START + timedelta(days=9_999))
