"""/privacy: everything that members said goes when they wish so; what buttons, lists and books say then."""

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
    """Ask for the deletion, press the button, and wait for its answer."""
    asked = await answer(harness, "privacy delete", member=member)
    pressed = await harness.driver.click(member, asked.id, asked.button("Delete everything").custom_id)
    assert await pressed.acknowledged() < 3
    return await harness.shows("Deleted: your prompts", viewer=member)


def on_disk(harness: Harness, folder: str) -> list[str]:
    """The files of a folder of the bot's data."""
    return sorted(path.name for path in (harness.data_dir / folder).iterdir())


async def test_everything_goes_and_every_way_back_to_it_says_so(harness: Harness) -> None:
    """Old buttons answer that it was deleted at its member's wish; only Delete goes on working; the books close."""
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


async def test_a_copy_of_everything_comes_as_a_private_file_and_two_clicks_are_one_wish(harness: Harness) -> None:
    """Prompts, styles, ledger, in the reader's language; nobody else's, and nothing that opens a door. Then it goes."""
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


async def test_after_a_kill_the_next_start_finishes_wishes_and_forgets_what_is_old(tmp_path: Path) -> None:
    """Prompts, pictures, thumbnails and references are gone; messages stay, and their buttons say why they rest."""
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
        # As a process leaves it that is killed right after the wish was recorded, an hour after the orders.
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


async def test_a_friend_takes_the_bot_along_and_gets_their_copy_there(harness: Harness) -> None:
    """An answer is all that the bot can give there. Files that are refused are told; those too large come smaller."""
    shown = await answer(harness, "privacy export", channel="friends")
    assert [file["filename"] for file in shown.attachments] == ["imagine-bot-data.zip"]
    harness.faults.fail_next("PATCH /webhooks/*", 403, 50013)
    refused = await harness.driver.slash("alice", "privacy export", {})
    await refused.acknowledged()
    assert (await harness.shows("does not let me send you files")).ephemeral_to == "alice"
    harness.faults.fail_next("PATCH /webhooks/*", 413, 40005)
    again = await answer(harness, "privacy export")
    assert [file["filename"] for file in again.attachments] == ["imagine-bot-data.zip"]
