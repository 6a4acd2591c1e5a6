"""The export of a member's data."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.audit import AuditAction, NewAuditEntry
from bot.domain.errors import BalanceError
from bot.domain.job import NewReference
from bot.domain.preset import Preset, PresetOwner
from bot.domain.rules import Block
from bot.store.store import SqliteStore
from tests.support.build import ALICE, BOB, GUILD, new_request
from tests.support.clock import START
from tests.support.steps import OWNER, Steps

BOSS = 777_777
DISCORDS = 1_234_567_890_123_456_789


async def everything(store: SqliteStore, user_id: int = ALICE) -> dict[str, Any]:
    """A member's export, through JSON and back."""
    orders = await store.privacy.kept_requests(user_id, after=0, most=99)
    told: dict[str, Any] = json.loads(json.dumps({**await store.privacy.kept_beside(user_id), "orders": orders}))
    return told


async def test_orders_come_with_their_references_pictures_history_and_ledger(store: SqliteStore, steps: Steps) -> None:
    """In pages, oldest first; times are readable; tokens are left out."""
    first = await steps.delivered(prompt="a red kite")
    references = (NewReference(url="https://cdn.test/me.png", name="me.png"),)
    second = await store.accept(replace(new_request(guild_id=DISCORDS, count=2), references=references))
    await steps.queued(user_id=BOB, prompt="nobody else's business")
    kept = await everything(store)
    assert "business" not in json.dumps(kept)
    assert "interaction-token" not in json.dumps(kept)
    [order, remix] = kept["orders"]
    assert (order["prompt"], order["created_at"]) == ("a red kite", START.isoformat(timespec="milliseconds"))
    [picture] = order["pictures"]
    assert [row["kind"] for row in picture["ledger"]] == ["reserve", "charge"]
    assert [row["event"] for row in picture["history"]][-1] == "delivered"
    assert (picture["id"], picture["task_id"]) == (first.id, f"task-{first.id}")
    assert [r["name"] for r in remix["references"]] == ["me.png"]
    assert (len(remix["pictures"]), remix["guild_id"]) == (2, str(DISCORDS))
    page = await store.privacy.kept_requests(ALICE, after=int(str(order["id"])), most=1)
    assert [row["id"] for row in page] == [second]


async def test_others_entries_are_exported_without_names_and_with_given_reasons_only(
    store: SqliteStore, steps: Steps
) -> None:
    """Blocks, moderator actions, styles, the provider's answers about an empty balance."""
    job = await steps.submitting()
    for guild_id, told in ((GUILD, False), (GUILD + 1, True)):
        block = Block(
            guild_id=guild_id, member_id=ALICE, by_id=BOSS, since=START, until=START + timedelta(days=1),
            reason="spam", told=told,
        )  # fmt: skip
        entry = NewAuditEntry(
            guild_id=guild_id, actor_id=BOSS, action=AuditAction.BLOCK, member_id=ALICE, detail="a secret note"
        )
        await store.blocks.block(block, entry)
    await store.presets.save(PresetOwner(owner_id=ALICE, server=False), Preset(name="noir", text="black"), ALICE)
    await store.back_to_queue(job.id, OWNER, BalanceError("no money", http_status=402, request_id="r-1"), None)
    kept = await everything(store)
    assert [(block["guild_id"], block["reason"]) for block in kept["blocks"]] == [(GUILD, ""), (GUILD + 1, "spam")]
    assert [style["name"] for style in kept["styles"]] == ["noir"]
    assert [entry["action"] for entry in kept["done_by_moderators"]] == ["block", "block"]
    assert [error["request_id"] for error in kept["balance_errors"]] == ["r-1"]
    await store.delete(job.request_id, BOSS)
    kept = await everything(store)
    assert "secret" not in json.dumps(kept)
    assert str(BOSS) not in json.dumps(kept)
    as_moderator = await everything(store, BOSS)
    assert [entry["detail"] for entry in as_moderator["done_as_moderator"]] == ["a secret note"] * 2
