"""Stored presets: by owner, up to a limit; and the style of a stored request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.picture import PictureSpec
from bot.domain.preset import MOST_OF_A_MEMBER, MOST_OF_A_SERVER, Preset, PresetOwner
from bot.store.migrations import migrations
from bot.store.sqlite.connection import connect
from bot.store.store import SqliteStore
from tests.support.build import ALICE, BOB, GUILD, new_request
from tests.support.clock import FakeClock
from tests.support.refusals import refused

MINE, SERVERS = PresetOwner(owner_id=ALICE, server=False), PresetOwner(owner_id=GUILD, server=True)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An open, empty store."""
    async with SqliteStore(tmp_path / "bot.db", FakeClock()) as opened:
        yield opened


def preset(name: str, text: str = "words", *, server: bool = False) -> Preset:
    """A preset of which only the name is relevant."""
    return Preset(name=name, text=text, server=server)


async def test_only_own_and_the_servers_presets_are_found(store: SqliteStore) -> None:
    """No other member's, no other server's; in direct messages there is no server. A member's id is not a server's."""
    await store.presets.save(MINE, preset("mine"), ALICE)
    await store.presets.save(PresetOwner(owner_id=BOB, server=False), preset("bob's"), BOB)
    await store.presets.save(SERVERS, preset("server's", server=True), BOB)
    await store.presets.save(PresetOwner(owner_id=ALICE, server=True), preset("elsewhere", server=True), BOB)
    assert [p.name for p in await store.presets.within_reach(ALICE, GUILD)] == ["mine", "server's"]
    assert await store.presets.within_reach(ALICE, None) == [preset("mine")]


async def test_same_name_is_replaced(store: SqliteStore) -> None:
    """In any letter case, and without counting twice."""
    assert not await store.presets.save(MINE, preset("Noir", "old"), ALICE)
    assert await store.presets.save(MINE, preset("NOIR", "new"), ALICE)
    assert await store.presets.within_reach(ALICE, None) == [preset("NOIR", "new")]


@pytest.mark.parametrize(("shelf", "most"), [(MINE, MOST_OF_A_MEMBER), (SERVERS, MOST_OF_A_SERVER)])
async def test_full_collection_refuses_one_more_but_allows_replacing(
    store: SqliteStore, shelf: PresetOwner, most: int
) -> None:
    """A member has 25 presets, a server 50."""
    for number in range(most):
        await store.presets.save(shelf, preset(f"style {number}", server=shelf.server), ALICE)
    with refused(f"{most} styles"):
        await store.presets.save(shelf, preset("one more", server=shelf.server), ALICE)
    assert await store.presets.save(shelf, preset("STYLE 0", server=shelf.server), ALICE)
    assert len(await store.presets.within_reach(ALICE, GUILD)) == most


async def test_deleting_returns_whether_there_was_one(store: SqliteStore) -> None:
    """Only the preset of that owner is deleted."""
    await store.presets.save(MINE, preset("noir"), ALICE)
    await store.presets.save(SERVERS, preset("noir", server=True), ALICE)
    assert await store.presets.delete(MINE, "NOIR")
    assert not await store.presets.delete(MINE, "noir")
    assert [p.server for p in await store.presets.within_reach(ALICE, GUILD)] == [True]


async def test_request_stores_the_text_of_its_style(store: SqliteStore) -> None:
    """So deleting the preset does not change the request."""
    spec = PictureSpec(prompt="a cat", style="noir", style_text="black and white")
    request_id = await store.accept(replace(new_request(), spec=spec))
    assert (await store.view(request_id)).request.spec == spec


async def test_migrated_requests_have_no_style(tmp_path: Path) -> None:
    """A database of the previous version is migrated with its rows."""
    path = tmp_path / "old.db"
    with closing(connect(path)) as db:
        migrations.apply(db, stop_before="0004_presets")
        old = {
            "kind": "imagine", "interaction_id": 1, "application_id": 2, "user_id": ALICE, "channel_id": 3,
            "locale": "en-GB", "prompt": "a cat", "size": "1:1", "resolution": "1K", "google_search": 0,
            "google_image_search": 0, "private": 0, "upload_limit_bytes": 1, "created_at": 0,
        }  # fmt: skip
        marks = ", ".join(f":{column}" for column in old)
        db.conn.execute(f"INSERT INTO requests ({', '.join(old)}) VALUES ({marks})", old)  # noqa: S608 - names
    async with SqliteStore(path, FakeClock()) as store:
        assert (await store.view(1)).request.spec == PictureSpec(prompt="a cat")
        assert await store.presets.within_reach(ALICE, GUILD) == []
