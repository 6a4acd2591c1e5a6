"""/privacy: a member's data is exported and deleted on request; buttons, lists and ledger rows stay consistent."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from zipfile import ZipFile

from sandbox.driver import Message
from tests.e2e.harness import Harness
from tests.e2e.test_lists import answer, make


async def agree(harness: Harness, *, member: str = "alice") -> Message:
    """Ask for the deletion, confirm it, and wait for the answer."""
    asked = await answer(harness, "privacy delete", member=member)
    pressed = await harness.driver.click(member, asked.id, asked.button("Delete everything").custom_id)
    assert await pressed.acknowledged() < 3
    return await harness.shows("Deleted: your prompts", viewer=member)


def on_disk(harness: Harness, folder: str) -> list[str]:
    """The files of a directory of the bot's data."""
    return sorted(path.name for path in (harness.data_dir / folder).iterdir())


async def test_deletion_removes_everything_and_all_references_say_so(harness: Harness) -> None:
    """Old buttons say that its member deleted it; only Delete still works; the ledger is balanced."""
    number = await make(harness, "a secret garden")
    theirs = await make(harness, "a public garden", member="bob")
    await answer(harness, "style save", name="noir", text="black and white")
    card = await harness.picture("a secret garden")
    harness.knobs.latency_s = 30
    await harness.imagine("a garden under way")
    await harness.shows("a garden under way", "at work")
    asked = await answer(harness, "privacy delete")
    for words in ("2 orders with", "one style of your own", "One picture is under way", "accounts must add up"):
        assert words in asked.text()
    done = await agree(harness)
    assert done.ephemeral_to == "alice"
    wiped = harness.rows("SELECT prompt, wiped FROM requests ORDER BY id")
    assert wiped == [("", "wish"), ("a public garden", ""), ("", "wish")]
    assert harness.rows("SELECT COUNT(*) FROM presets") == [(0,)]
    await harness.until(lambda: not any("under way" in m.text() for m in harness.driver.messages("bob")))
    for label in ("Again", "Edit prompt", "Remix", "Bigger", "Details"):
        await harness.driver.click("bob", card.id, card.button(label).custom_id)
    said = "What made no. 1 was deleted at its member's wish"
    await harness.until(lambda: sum(said in m.text() for m in harness.driver.messages("bob")) == 5)
    assert "You have made no picture yet" in (await answer(harness, "gallery")).text()
    assert said in (await answer(harness, "collect", number=number)).text()
    assert "Nothing of yours is under way" in (await answer(harness, "queue")).text()
    assert "a public garden" in (await answer(harness, "gallery", member="bob")).text()
    harness.apimaster.finish_all()
    await harness.until(lambda: harness.states() == ["delivered", "delivered", "ready"])
    assert "No picture of yours waits" in (await answer(harness, "collect")).text()
    assert harness.ledger(3) == [("reserve", 1_000_000), ("charge", 1_000_000)]
    await harness.driver.click("alice", card.id, card.button("Delete").custom_id)
    question = await harness.shows("Delete no. 1?")
    await harness.driver.click("alice", question.id, question.button("Delete for good").custom_id)
    await harness.until(lambda: not any(m.id == card.id for m in harness.driver.messages("bob")))
    assert theirs == 2


async def test_export_is_a_private_file_and_two_clicks_are_one_request(harness: Harness) -> None:
    """Prompts, styles, ledger, in the reader's language; only the member's own data, and no secrets.

    Then all is deleted.
    """
    await make(harness, "a secret garden", private=True)
    await make(harness, "a public garden", member="bob")
    await answer(harness, "style save", name="noir", text="black and white")
    harness.driver.set_locale("alice", "de")
    shown = await answer(harness, "privacy export")
    assert "Alles, was über dich gespeichert ist" in shown.text()
    [file] = shown.attachments
    assert file["filename"] == "imagine-bot-data.zip"
    with ZipFile(io.BytesIO(await shown.read())) as archive:
        about, orders = (json.loads(archive.read(name)) for name in ("about-you.json", "orders-0001.json"))
    assert about["member"] == harness.world.user("alice").id
    assert [style["text"] for style in about["styles"]] == ["black and white"]
    assert [order["prompt"] for order in orders] == ["a secret garden"]
    assert [row["kind"] for row in orders[0]["pictures"][0]["ledger"]] == ["reserve", "charge"]
    assert not {"token", "owner"} & {*orders[0], *orders[0]["pictures"][0]}
    asked = await answer(harness, "privacy delete")
    button = asked.button("Alles löschen").custom_id
    await asyncio.gather(*(harness.driver.click("alice", asked.id, button) for _ in range(2)))
    await harness.shows("Gelöscht: deine Prompts")
    assert harness.rows("SELECT wiped FROM requests") == [("wish",), ("",)]
    assert "nichts zu löschen" in (await answer(harness, "privacy delete")).text()


async def test_after_a_kill_the_next_start_finishes_deletions_and_retention(tmp_path: Path) -> None:
    """Prompts, pictures, thumbnails and references are deleted; messages stay, and their buttons say why."""
    async with Harness(tmp_path / "data", RETENTION_DAYS="30") as harness:
        await harness.start()
        await make(harness, "a secret garden")
        picture = ("me.png", await (await harness.picture("a secret garden")).read())
        await (
            await harness.driver.slash("alice", "remix", {"prompt": "me as a frog", "image1": picture})
        ).acknowledged()
        await harness.picture("me as a frog")
        await harness.until(lambda: harness.states() == ["delivered"] * 2)
        for age in ("an old", "a young"):
            await make(harness, f"{age} garden", member="bob")
        assert on_disk(harness, "references") != []
        await harness.bot.kill()
        # The state of a process killed right after the deletion was recorded, an hour after the orders.
        harness.write("UPDATE requests SET created_at = created_at - iif(id = 3, 31 * 86400000, 3600000)")
        harness.write("INSERT INTO erasures SELECT user_id, MAX(id), 0 FROM requests WHERE id < 3 GROUP BY user_id")
        await harness.start()
        kept = [("", "wish"), ("", "wish"), ("", "age"), ("a young garden", "")]
        await harness.until(lambda: harness.rows("SELECT prompt, wiped FROM requests ORDER BY id") == kept)
        await harness.until(lambda: on_disk(harness, "references") == [])
        await harness.until(lambda: {name.partition(".")[0] for name in on_disk(harness, "spool")} == {"4"})
        left = "SELECT COUNT(*) FROM erasures UNION ALL SELECT COUNT(*) FROM leftovers"
        await harness.until(lambda: harness.rows(left) == [(0,), (0,)])
        card = await harness.picture("an old garden")
        await harness.driver.click("alice", card.id, card.button("Again").custom_id)
        assert (await harness.shows("because of its age")).ephemeral_to == "alice"
        assert harness.states() == ["delivered"] * 4
        assert harness.discord.violations == []


async def test_user_install_exports_in_the_response(harness: Harness) -> None:
    """There the bot can only respond. Rejected files are reported; those too large are shrunk."""
    shown = await answer(harness, "privacy export", channel="friends")
    assert [file["filename"] for file in shown.attachments] == ["imagine-bot-data.zip"]
    harness.faults.fail_next("PATCH /webhooks/*", 403, 50013)
    refused = await harness.driver.slash("alice", "privacy export", {})
    await refused.acknowledged()
    assert (await harness.shows("does not let me send you files")).ephemeral_to == "alice"
    harness.faults.fail_next("PATCH /webhooks/*", 413, 40005)
    again = await answer(harness, "privacy export")
    assert [file["filename"] for file in again.attachments] == ["imagine-bot-data.zip"]
