"""A bot played by the test: it registers commands and answers each interaction at once."""

import io
from collections.abc import Callable
from typing import Any

from PIL import Image
from playwright.async_api import Page

from sandbox.discord.hub import Happening, Kind
from sandbox.discord.interactions import InteractionRecord
from sandbox.discord.messages import Upload
from tests.browser.conftest import Visit

Json = dict[str, Any]

COMMANDS: list[Json] = [
    {
        "name": "paint",
        "description": "Make a picture",
        "description_localizations": {"de": "Ein Bild machen"},
        "options": [
            {"type": 3, "name": "prompt", "description": "What it shows", "required": True, "max_length": 40},
            {
                "type": 3,
                "name": "size",
                "description": "Its shape",
                "name_localizations": {"de": "größe"},
                "description_localizations": {"de": "Die Form"},
                "choices": [
                    {"name": "square", "value": "1:1", "name_localizations": {"de": "quadratisch"}},
                    {"name": "wide", "value": "16:9", "name_localizations": {"de": "breit"}},
                ],
            },
            {"type": 4, "name": "count", "description": "How many", "min_value": 1, "max_value": 4},
            {"type": 5, "name": "private", "description": "For you alone"},
            {"type": 11, "name": "reference", "description": "A picture to start from"},
        ],
    },
    {"name": "style", "description": "Find a style", "options": [
        {"type": 3, "name": "name", "description": "Its name", "required": True, "autocomplete": True}
    ]},
    {"name": "usage", "description": "Who spent what", "default_member_permissions": "32", "options": [
        {"type": 1, "name": "overview", "description": "In all"}
    ]},
    {"name": "Remix", "type": 3, "name_localizations": {"de": "Umarbeiten"}},
    {"name": "Pictures by", "type": 2, "integration_types": [0, 1]},
]  # fmt: skip


async def play_bot(visit: Visit, answer: Callable[[InteractionRecord], Json | None]) -> list[InteractionRecord]:
    """Register COMMANDS and answer each interaction with the result of `answer`; returns the list of interactions.

    None leaves an interaction without an answer. Returns once the page offers the commands.
    """
    world = visit.sandbox.world
    seen: list[InteractionRecord] = []

    def on_happening(happening: Happening) -> None:
        record = happening.interaction
        if happening.kind is Kind.INTERACTION_CREATED and record is not None:
            seen.append(record)
            body = answer(record)
            if body is not None:
                world.interactions.acknowledge(record.id, record.token, body, [])

    world.hub.listen(on_happening)
    await write(visit.tab, "/pa")
    world.commands.replace(None, COMMANDS)
    await visit.tab.get_by_test_id("command-paint").wait_for()
    await write(visit.tab, "")
    return seen


def say(text: str, *, ephemeral: bool = False) -> Json:
    """The callback of a plain text response."""
    return {"type": 4, "data": {"content": text, "flags": 64 if ephemeral else 0}}


def options_of(record: InteractionRecord) -> Json:
    """The options of a command, by name."""
    return {option["name"]: option["value"] for option in record.data.get("options", ())}


async def write(tab: Page, text: str) -> None:
    """Put a text into the composer."""
    await tab.get_by_test_id("composer").fill(text)


def post_picture(visit: Visit, description: str, size: tuple[int, int]) -> None:
    """Let the bot post a card with one picture of this many pixels."""
    world = visit.sandbox.world
    picture = io.BytesIO()
    Image.new("RGB", size, "teal").save(picture, "PNG")
    path = world.files.new_path()
    path.write_bytes(picture.getvalue())
    gallery = {"type": 12, "items": [{"media": {"url": "attachment://picture.png"}, "description": description}]}
    payload = {"flags": 1 << 15, "components": [{"type": 17, "components": [gallery]}]}
    upload = Upload(index=0, filename="picture.png", path=path, size=path.stat().st_size)
    world.messages.create(world.bot, world.channel("general"), payload, [upload])
