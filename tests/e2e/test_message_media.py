"""Menus on posted messages: remix their pictures, show what made one, remix an avatar."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image

from sandbox.driver import DriverError, Interaction, Message
from tests.e2e.harness import Harness


def a_picture(colour: str) -> bytes:
    """A small picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(buffer, "PNG")
    return buffer.getvalue()


def post(harness: Harness, *colours: str) -> Message:
    """Bob posts pictures, each named for its colour."""
    return harness.driver.send("bob", "look", files=[(f"{colour}.png", a_picture(colour)) for colour in colours])


async def form(harness: Harness, message: Message, *, member: str = "alice") -> Interaction:
    """Open the form of "Remix this" on a message."""
    interaction = await harness.driver.context_menu(member, "Remix this", target_message_id=message.id)
    await interaction.acknowledged()
    return interaction


def fields(interaction: Interaction) -> list[str]:
    """The fields of the opened form, in order."""
    assert interaction.modal is not None, "no form opened"
    return [label["component"]["custom_id"] for label in interaction.modal["components"]]


async def told(interaction: Interaction) -> str:
    """The private messages that the member received."""
    await interaction.answered()
    message = interaction.response
    assert message is not None
    assert message.ephemeral_to == interaction.member
    return message.text()


def sent(harness: Harness) -> list[str]:
    """The file names of the references in the last order."""
    urls = harness.apimaster.posts[-1].body["image_urls"]
    assert isinstance(urls, list)
    return [url.partition("?")[0].rpartition("/")[2] for url in urls]


async def test_a_posted_picture_is_remixed(harness: Harness) -> None:
    """The form asks for the prompt and settings; the answer is a normal card, at the member's own cost."""
    opened = await form(harness, post(harness, "red"))
    assert fields(opened) == ["prompt", "files", "size", "resolution", "options"]
    await harness.driver.submit_modal(opened, {"prompt": "in oil", "size": "16:9", "resolution": "2K"})
    card = await harness.picture("in oil", viewer="bob")
    for words in ("16:9", "2K", "1 reference", harness.world.user("alice").id):
        assert words in card.text()
    assert sent(harness) == ["red.png"]
    assert harness.rows("SELECT kind, user_id FROM requests") == [("remix", int(harness.world.user("alice").id))]


async def test_posted_pictures_are_deselected_and_others_added(harness: Harness) -> None:
    """All are selected at first; the remaining and the added ones keep their order."""
    opened = await form(harness, post(harness, "red", "green", "blue"))
    assert fields(opened) == ["prompt", "pictures", "files", "size", "resolution"]
    files = [("gold.png", a_picture("gold")), ("navy.png", a_picture("navy"))]
    await harness.driver.submit_modal(opened, {"prompt": "some", "pictures": ["2", "0"], "files": files})
    await harness.picture("some")
    assert sent(harness) == ["red.png", "blue.png", "gold.png", "navy.png"]
    await harness.driver.submit_modal(await form(harness, post(harness, "pink", "cyan")), {"prompt": "both"})
    await harness.picture("both")
    assert sent(harness) == ["pink.png", "cyan.png"]


async def test_card_of_this_bot_is_remixed(harness: Harness) -> None:
    """Its picture is in a gallery, not in the list of attachments."""
    await harness.imagine("the original")
    card = await harness.picture("the original")
    await harness.driver.submit_modal(await form(harness, card, member="bob"), {"prompt": "the copy"})
    await harness.picture("the copy")
    assert sent(harness) == [card.media()[0].filename]


async def test_remix_of_a_private_picture_is_private(harness: Harness) -> None:
    """What only its member sees stays so."""
    await harness.imagine("a secret", private=True)
    card = await harness.picture("a secret")
    await harness.driver.submit_modal(await form(harness, card), {"prompt": "a second secret"})
    await harness.picture("a second secret")
    assert harness.driver.messages("bob") == []


async def test_message_without_pictures_is_refused(harness: Harness) -> None:
    """No form opens for text, or for files of other types."""
    message = harness.driver.send("bob", "words", files=[("notes.txt", b"words")])
    assert "no picture in this message" in await told(await form(harness, message))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"prompt": " \u200b "}, "The prompt is empty"),
        ({"prompt": "x", "files": [("paper.pdf", b"%PDF-1.7")]}, "Image 11 (paper.pdf) is not a PNG"),
        ({"prompt": "x", "files": [(f"{n}.png", a_picture("red")) for n in range(5)]}, "15 pictures are too many"),
    ],
)
async def test_invalid_form_is_refused_privately(harness: Harness, values: dict[str, object], words: str) -> None:
    """One sentence, and nothing is ordered."""
    opened = await form(harness, post(harness, *["red"] * 10))
    assert words in await told(await harness.driver.submit_modal(opened, values))
    assert harness.rows("SELECT id FROM requests") == []


async def test_form_submitted_twice_is_ordered_once(harness: Harness) -> None:
    """The second submit is answered with what to do; also when both arrive at once."""
    opened = await form(harness, post(harness, "red"))
    first = await harness.driver.submit_modal(opened, {"prompt": "once"})
    second = await harness.driver.submit_modal(opened, {"prompt": "once"})
    assert re.search("sent already|sent before: its picture is no. 1", await told(second))
    await harness.picture("once")
    third = await harness.driver.submit_modal(opened, {"prompt": "once"})
    assert "sent before: its picture is no. 1" in await told(third)
    assert not first.failed
    assert harness.rows("SELECT COUNT(*) FROM requests") == [(1,)]
    assert harness.ledger() == [("reserve", 1_000_000), ("charge", 1_000_000)]


async def test_form_opened_before_a_restart_must_be_opened_again(harness: Harness) -> None:
    """Its target was kept in memory only; nothing is ordered."""
    opened = await form(harness, post(harness, "red"))
    await harness.bot.kill()
    await harness.restart_bot()
    assert "Open it again" in await told(await harness.driver.submit_modal(opened, {"prompt": "too late"}))
    assert harness.states() == []


async def test_picture_deleted_meanwhile_costs_nothing(harness: Harness) -> None:
    """The member is shown which picture is gone, and the reserve is released."""
    message = post(harness, "red")
    opened = await form(harness, message)
    harness.driver.delete("bob", message.id)
    assert "Image 1 (red.png) is no longer there" in await told(
        await harness.driver.submit_modal(opened, {"prompt": "gone"})
    )
    assert harness.ledger() == [("reserve", 1_000_000), ("release", 1_000_000)]
    assert harness.apimaster.posts == []


async def test_any_member_who_sees_a_picture_can_see_what_made_it(harness: Harness) -> None:
    """The full prompt, however long, is shown only to the member who asks."""
    prompt = "a very long story " * 40 + "with an end"
    await harness.imagine(prompt, size="16:9", resolution="2K")
    card = await harness.picture("a very long story")
    asked = await harness.driver.context_menu("bob", "Inspect picture", target_message_id=card.id)
    await asked.answered()
    assert asked.response is not None
    assert asked.response.ephemeral_to == "bob"
    shown = str(asked.response.embeds)
    for words in ("with an end", "16:9", "2K", "1.33 credits", harness.world.user("alice").id):
        assert words in shown
    assert len(harness.driver.messages("alice")) == 1


async def test_message_that_is_no_card_is_refused(harness: Harness) -> None:
    """Another member's picture, and a response of this bot that shows none."""
    for message in (post(harness, "red"), await _refusal(harness)):
        asked = await harness.driver.context_menu("alice", "Inspect picture", target_message_id=message.id)
        assert "no picture of mine" in await told(asked)


async def _refusal(harness: Harness) -> Message:
    """A response that refuses."""
    interaction = await form(harness, harness.driver.send("bob", "words"))
    await interaction.answered()
    assert interaction.response is not None
    return interaction.response


async def test_an_avatar_is_remixed(harness: Harness) -> None:
    """The member menu asks for the prompt and settings too."""
    opened = await harness.driver.context_menu("alice", "Remix avatar", target_user="bob")
    await opened.acknowledged()
    await harness.driver.submit_modal(opened, {"prompt": "as a pirate"})
    card = await harness.picture("as a pirate")
    assert "1 reference" in card.text()
    assert harness.rows("SELECT name FROM request_references") == [("avatar of Bob",)]


async def test_avatars_can_be_disabled(tmp_path: Path) -> None:
    """REMIX_AVATARS=false removes the command."""
    async with Harness(tmp_path / "data", REMIX_AVATARS="false") as harness:
        await harness.start()
        with pytest.raises(DriverError):
            await harness.driver.context_menu("alice", "Remix avatar", target_user="bob")
        assert harness.discord.violations == []
