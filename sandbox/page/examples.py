"""Messages to try "Remix this" on: pictures in every form that Discord shows, posted by another bot."""

import asyncio
import tempfile
from pathlib import Path

from sandbox.apimaster.painter import Painting, paint
from sandbox.discord.model import Json, StickerFormat
from sandbox.driver import Driver

_BOT = "Pixel"
_NAMES = ("harbour", "meadow", "canyon")
_SIDE = 512


def _bodies() -> list[tuple[Json, tuple[str, ...]]]:
    """The bodies of the messages, each with the names of its files."""
    harbour, meadow, canyon = ({"url": f"attachment://{name}.png"} for name in _NAMES)
    embed = {"title": "An embed", "description": "With a picture and a thumbnail", "color": 0x57F287}
    gallery = {"type": 12, "items": [{"media": media, "description": "A study"} for media in (harbour, meadow, canyon)]}
    section = {
        "type": 9,
        "components": [{"type": 10, "content": "**Components v2**\nA thumbnail here, a gallery below"}],
        "accessory": {"type": 11, "media": meadow},
    }
    container = {"type": 17, "accent_color": 0xEB459E, "components": [section, gallery]}
    return [
        ({"content": "Two files"}, ("harbour", "meadow")),
        ({"embeds": [{**embed, "image": harbour, "thumbnail": canyon}]}, ("harbour", "canyon")),
        ({"flags": 1 << 15, "components": [container]}, _NAMES),
    ]


async def post_examples(driver: Driver, channel: str) -> None:
    """Post one message of each form, a sticker, and a forward of the last form."""
    files = await asyncio.to_thread(_pictures)
    if _BOT not in {user.username for user in driver.world.users.values()}:
        driver.world.add_bot(_BOT)
    posted = [
        driver.post(_BOT, body, channel=channel, files=[(f"{name}.png", files[name]) for name in names])
        for body, names in _bodies()
    ]
    stickers = {sticker.name: sticker for sticker in driver.world.stickers.values()}
    sticker = stickers.get(_NAMES[2]) or driver.world.add_sticker(_NAMES[2], files[_NAMES[2]], StickerFormat.PNG)
    driver.post("bob", {"sticker_ids": [sticker.id]}, channel=channel)
    driver.forward("bob", posted[-1].id, channel=channel)


def _pictures() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="sandbox-examples-") as folder:
        path = Path(folder) / "picture.png"
        files = {}
        for name in _NAMES:
            paint(Painting(prompt=name, width=_SIDE, height=_SIDE, note="an example"), path, "png")
            files[name] = path.read_bytes()
        return files
