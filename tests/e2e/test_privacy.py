"""/privacy: everything that members said goes when they wish so; what buttons, lists and books say then."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from zipfile import ZipFile

from sandbox.driver import Message
from tests.e2e.harness import House
from tests.e2e.test_lists import answer, make


async def agree(house: House, *, member: str = "alice") -> Message:
    """Ask for the deletion, press the button, and wait for its answer."""
    asked = await answer(house, "privacy delete", member=member)
    pressed = await house.driver.click(member, asked.id, asked.button("Delete everything").custom_id)
    assert await pressed.acknowledged() < 3
    return await house.shows("Deleted: your prompts", viewer=member)


def on_disk(house: House, folder: str) -> list[str]:
    """The files of a folder of the bot's data."""
    return sorted(path.name for path in (house.data_dir / folder).iterdir())


async def test_everything_goes_and_every_way_back_to_it_says_so(house: House) -> None:
    """Old buttons answer that it was deleted at its member's wish; only Delete goes on working; the books close."""
    number = await make(house, "a secret garden")
    theirs = await make(house, "a public garden", member="bob")
    await answer(house, "style save", name="noir", text="black and white")
    card = await house.picture("a secret garden")
    house.knobs.latency_s = 30
    await house.imagine("a garden under way")
    await house.shows("a garden under way", "at work")
    asked = await answer(house, "privacy delete")
    for words in ("2 orders with", "one style of your own", "One picture is under way", "accounts must add up"):
        assert words in asked.text()
    done = await agree(house)
    assert done.ephemeral_to == "alice"
    wiped = house.rows("SELECT prompt, wiped FROM requests ORDER BY id")
    assert wiped == [("", "wish"), ("a public garden", ""), ("", "wish")]
    assert house.rows("SELECT COUNT(*) FROM presets") == [(0,)]
    await house.until(lambda: not any("under way" in m.text() for m in house.driver.messages("bob")))
    for label in ("Again", "Edit prompt", "Remix", "Bigger", "Details"):
        await house.driver.click("bob", card.id, card.button(label).custom_id)
    said = "What made no. 1 was deleted at its member's wish"
    await house.until(lambda: sum(said in m.text() for m in house.driver.messages("bob")) == 5)
    assert "You have made no picture yet" in (await answer(house, "gallery")).text()
    assert said in (await answer(house, "collect", number=number)).text()
    assert "Nothing of yours is under way" in (await answer(house, "queue")).text()
    assert "a public garden" in (await answer(house, "gallery", member="bob")).text()
    house.apimaster.finish_all()
    await house.until(lambda: house.states() == ["delivered", "delivered", "ready"])
    assert "No picture of yours waits" in (await answer(house, "collect")).text()
    assert house.ledger(3) == [("reserve", 1_000_000), ("charge", 1_000_000)]
    await house.driver.click("alice", card.id, card.button("Delete").custom_id)
    question = await house.shows("Delete no. 1?")
    await house.driver.click("alice", question.id, question.button("Delete for good").custom_id)
    await house.until(lambda: not any(m.id == card.id for m in house.driver.messages("bob")))
    assert theirs == 2


async def test_a_copy_of_everything_comes_as_a_private_file_and_two_clicks_are_one_wish(house: House) -> None:
    """Prompts, styles, ledger, in the reader's language; nobody else's, and nothing that opens a door. Then it goes."""
    await make(house, "a secret garden", private=True)
    await make(house, "a public garden", member="bob")
    await answer(house, "style save", name="noir", text="black and white")
    house.driver.set_locale("alice", "de")
    shown = await answer(house, "privacy export")
    assert "Alles, was über dich gespeichert ist" in shown.text()
    [file] = shown.attachments
    assert file["filename"] == "imagine-bot-data.zip"
    with ZipFile(io.BytesIO(await shown.read())) as archive:
        about, orders = (json.loads(archive.read(name)) for name in ("about-you.json", "orders-0001.json"))
    assert about["member"] == house.world.user("alice").id
    assert [style["text"] for style in about["styles"]] == ["black and white"]
    assert [order["prompt"] for order in orders] == ["a secret garden"]
    assert [row["kind"] for row in orders[0]["pictures"][0]["ledger"]] == ["reserve", "charge"]
    assert not {"token", "owner"} & {*orders[0], *orders[0]["pictures"][0]}
    asked = await answer(house, "privacy delete")
    button = asked.button("Alles löschen").custom_id
    await asyncio.gather(*(house.driver.click("alice", asked.id, button) for _ in range(2)))
    await house.shows("Gelöscht: deine Prompts")
    assert house.rows("SELECT wiped FROM requests") == [("wish",), ("",)]
    assert "nichts zu löschen" in (await answer(house, "privacy delete")).text()


async def test_after_a_kill_the_next_start_finishes_wishes_and_forgets_what_is_old(tmp_path: Path) -> None:
    """Prompts, pictures, thumbnails and references are gone; messages stay, and their buttons say why they rest."""
    async with House(tmp_path / "data", RETENTION_DAYS="30") as house:
        await house.start()
        await make(house, "a secret garden")
        picture = ("me.png", await (await house.picture("a secret garden")).read())
        await (await house.driver.slash("alice", "remix", {"prompt": "me as a frog", "image1": picture})).acknowledged()
        await house.picture("me as a frog")
        await house.until(lambda: house.states() == ["delivered"] * 2)
        for age in ("an old", "a young"):
            await make(house, f"{age} garden", member="bob")
        assert on_disk(house, "references") != []
        await house.bot.kill()
        # As a process leaves it that is killed right after the wish was recorded, an hour after the orders.
        house.write("UPDATE requests SET created_at = created_at - iif(id = 3, 31 * 86400000, 3600000)")
        house.write("INSERT INTO erasures SELECT user_id, MAX(id), 0 FROM requests WHERE id < 3 GROUP BY user_id")
        await house.start()
        kept = [("", "wish"), ("", "wish"), ("", "age"), ("a young garden", "")]
        await house.until(lambda: house.rows("SELECT prompt, wiped FROM requests ORDER BY id") == kept)
        await house.until(lambda: on_disk(house, "references") == [])
        await house.until(lambda: {name.partition(".")[0] for name in on_disk(house, "spool")} == {"4"})
        left = "SELECT COUNT(*) FROM erasures UNION ALL SELECT COUNT(*) FROM leftovers"
        await house.until(lambda: house.rows(left) == [(0,), (0,)])
        card = await house.picture("an old garden")
        await house.driver.click("alice", card.id, card.button("Again").custom_id)
        assert (await house.shows("because of its age")).ephemeral_to == "alice"
        assert house.states() == ["delivered"] * 4
        assert house.discord.violations == []


async def test_a_friend_takes_the_bot_along_and_gets_their_copy_there(house: House) -> None:
    """An answer is all that the bot can give there. Files that are refused are told; those too large come smaller."""
    shown = await answer(house, "privacy export", channel="friends")
    assert [file["filename"] for file in shown.attachments] == ["imagine-bot-data.zip"]
    house.faults.fail_next("PATCH /webhooks/*", 403, 50013)
    refused = await house.driver.slash("alice", "privacy export", {})
    await refused.acknowledged()
    assert (await house.shows("does not let me send you files")).ephemeral_to == "alice"
    house.faults.fail_next("PATCH /webhooks/*", 413, 40005)
    again = await answer(house, "privacy export")
    assert [file["filename"] for file in again.attachments] == ["imagine-bot-data.zip"]
