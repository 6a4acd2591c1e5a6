"""Pictures in every form in which Discord shows them: each can be remixed, and none is mistaken for a card."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.discord.model import StickerFormat
from sandbox.driver import Message
from tests.e2e.harness import Harness
from tests.e2e.test_message_media import a_picture, form, sent, told

OTHER_BOT = "Pixel"
EMBED = {
    "content": "new work",
    "embeds": [
        {"title": "both", "image": {"url": "attachment://red.png"}, "thumbnail": {"url": "attachment://green.png"}},
        {"title": "of another server", "image": {"url": "https://example.com/far.png"}},
    ],
}


def gallery() -> dict[str, Any]:
    """A components-v2 message: a gallery in a container, a section's thumbnail, a file."""
    items = [{"media": {"url": f"attachment://{name}.png"}} for name in ("red", "green")]
    accessory = {"type": 11, "media": {"url": "attachment://blue.png"}}
    section = {"type": 9, "components": [{"type": 10, "content": "a study"}], "accessory": accessory}
    files = [{"type": 13, "file": {"url": f"attachment://{name}"}} for name in ("gold.png", "notes.txt")]
    container = {"type": 17, "components": [{"type": 12, "items": items}, section]}
    return {"flags": 1 << 15, "components": [container, *files]}


def post(harness: Harness, body: dict[str, Any], *names: str) -> Message:
    """Another application's bot posts pictures, each named for its colour."""
    harness.world.add_bot(OTHER_BOT)
    return harness.driver.post(OTHER_BOT, body, files=[(f"{name}.png", a_picture(name)) for name in names])


async def remixed(harness: Harness, message: Message, prompt: str) -> list[str]:
    """Remix all pictures of a message; returns the file names that were ordered."""
    opened = await form(harness, message)
    if opened.modal is None:
        pytest.fail(await told(opened))
    await harness.driver.submit_modal(opened, {"prompt": prompt})
    await harness.picture(prompt)
    return sent(harness)


async def test_embeds_of_other_bots(harness: Harness) -> None:
    """Image and thumbnail of an embed, as posted and forwarded; files on other servers are skipped."""
    message = post(harness, EMBED, "red", "green")
    assert await remixed(harness, message, "as posted") == ["red.png", "green.png"]
    forward = harness.driver.forward("bob", message.id)
    harness.driver.delete("mod", message.id)
    assert await remixed(harness, forward, "as forwarded") == ["red.png", "green.png"]
    asked = await harness.driver.context_menu("alice", "Inspect picture", target_message_id=forward.id)
    assert "no picture of mine" in await told(asked)


async def test_components_of_other_bots(harness: Harness) -> None:
    """Galleries, thumbnails and files in their order, as posted and forwarded; a text file is skipped."""
    harness.world.add_bot(OTHER_BOT)
    files = [(f"{name}.png", a_picture(name)) for name in ("red", "green", "blue", "gold")]
    message = harness.driver.post(OTHER_BOT, gallery(), files=[*files, ("notes.txt", b"words")])
    names = ["red.png", "green.png", "blue.png", "gold.png"]
    assert await remixed(harness, message, "as posted") == names
    assert await remixed(harness, harness.driver.forward("bob", message.id), "as forwarded") == names
    asked = await harness.driver.context_menu("alice", "Inspect picture", target_message_id=message.id)
    assert "no picture of mine" in await told(asked)


async def test_stickers_and_forwarded_cards(harness: Harness) -> None:
    """A raster sticker is a picture, a lottie one is not; a forwarded card can be remixed too."""
    kinds = {"wave": StickerFormat.PNG, "dance": StickerFormat.APNG, "jump": StickerFormat.LOTTIE}
    ids = {name: harness.world.add_sticker(name, a_picture("red"), kind).id for name, kind in kinds.items()}
    both = harness.driver.post("bob", {"sticker_ids": [ids["wave"], ids["dance"], ids["jump"]]})
    await remixed(harness, both, "dancing")
    assert harness.rows("SELECT name FROM request_references ORDER BY position") == [("wave",), ("dance",)]
    asked = await form(harness, harness.driver.post("bob", {"sticker_ids": [ids["jump"]]}))
    assert "no picture in this message" in await told(asked)
    card = await harness.picture("dancing")
    assert await remixed(harness, harness.driver.forward("bob", card.id), "once more") == [card.media()[0].filename]
