"""`make demo`: one picture survives a kill of the bot; prints each step in a terminal."""

import asyncio
import contextlib
import mimetypes
import re
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import click

from sandbox.apimaster import Knobs, PostRecord
from sandbox.discord import World
from sandbox.driver import DriverError, Events, Message
from sandbox.stack import Sandbox

MEMBER = "alice"
PROMPT = "a corgi astronaut planting a flag on the moon, oil painting"
OPTIONS = {"prompt": PROMPT, "size": "16:9"}

# Long enough to kill the bot halfway and still have the task running after the restart.
_PICTURE_TAKES_S = 4.0
_STEP_TIMEOUT_S = 12.0
# Time for the bot to store a task id after receiving it; it takes milliseconds.
_TASK_ID_WRITTEN_S = 0.7


class DemoError(Exception):
    """The demo did not go as promised; the text says what happened instead."""


async def run() -> int:
    """Run the demo, print it, and return the exit code."""
    try:
        async with Sandbox(knobs=Knobs(latency_s=_PICTURE_TAKES_S)) as sandbox:
            await _Demo(sandbox).play()
    except (DemoError, DriverError, OSError) as error:
        click.echo(f"\nFailed: {error}", err=True)
        return 1
    return 0


class _Demo:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._started = time.monotonic()

    async def play(self) -> None:
        """Run all steps; raises DemoError if the result isn't as promised."""
        try:
            self._say("sandbox", "a local Discord and a local picture provider are up; starting the bot")
            await self._sandbox.wait_for_bot()
            names = ", ".join(f"/{command['name']}" for command in self._sandbox.driver.commands(MEMBER))
            self._say("sandbox", f"the bot is online and has registered {names}")
            async with self._told_events():
                await self._imagine_and_kill()
                message = await self._come_back()
        except DriverError as error:
            last_words = "\n".join(self._sandbox.bot.output[-8:])
            raise DemoError(f"{error}. The bot said last:\n{last_words}") from error
        await self._check_and_save(message)

    async def _imagine_and_kill(self) -> None:
        text = " ".join(f"{name}:{value}" for name, value in OPTIONS.items())
        self._say(MEMBER, f"/imagine {text}")
        interaction = await self._sandbox.driver.slash(MEMBER, "imagine", OPTIONS)
        took_s = await interaction.acknowledged()
        self._say("sandbox", f"the bot acknowledged in {took_s * 1000:.0f} ms (Discord allows 3 s)")
        task_id = (await self._wait_for_post()).task_id
        await asyncio.sleep(_TASK_ID_WRITTEN_S)
        pid = self._sandbox.bot.pid
        await self._sandbox.bot.kill()
        self._say("sandbox", f"SIGKILL to the bot (pid {pid}) while the provider works on {task_id}")

    async def _wait_for_post(self) -> PostRecord:
        """The bot's POST to the provider, once it was answered."""
        deadline = time.monotonic() + _STEP_TIMEOUT_S
        while time.monotonic() < deadline:
            for post in self._sandbox.apimaster.posts:
                if post.status is not None:
                    return post
            await asyncio.sleep(0.02)
        raise DemoError(f"the bot ordered no picture within {_STEP_TIMEOUT_S:.0f} s")

    async def _come_back(self) -> Message:
        driver = self._sandbox.driver
        if any(message.media() for message in driver.messages(MEMBER)):
            raise DemoError("the picture was there before the bot was killed; the demo came too late")
        await self._sandbox.bot.start()
        self._say("sandbox", "the bot starts again")
        return await driver.wait_message(lambda m: bool(m.media()), viewer=MEMBER, timeout_s=_STEP_TIMEOUT_S)

    async def _check_and_save(self, message: Message) -> None:
        posts = self._sandbox.apimaster.posts
        charged = sum(charge.credits for charge in self._sandbox.apimaster.charges if charge.kind == "charge")
        if len(posts) != 1:
            raise DemoError(f"the provider got {len(posts)} orders for one picture")
        if violations := self._sandbox.discord.violations:
            raise DemoError(f"the bot sent Discord what it would refuse: {violations[0]}")
        picture = message.media()[0]
        extension = mimetypes.guess_extension(picture.content_type or "") or ".png"
        path = Path(tempfile.mkdtemp(prefix="imagine-demo-")) / f"picture{extension}"
        await asyncio.to_thread(path.write_bytes, await message.read(0))
        self._say(
            "sandbox", f"the provider saw exactly 1 order and charged {charged:g} credit{'' if charged == 1 else 's'}"
        )
        self._say("sandbox", f"the picture ({picture.width} x {picture.height}) is saved as {path}")
        click.secho(f"\nThe picture survived the kill, in {time.monotonic() - self._started:.1f} s.", fg="green")

    @contextlib.asynccontextmanager
    async def _told_events(self) -> AsyncIterator[None]:
        """Print each message when it is posted or edited."""
        events = self._sandbox.driver.subscribe()
        teller = asyncio.create_task(self._tell(events), name="demo teller")
        try:
            yield
        finally:
            events.close()
            await teller

    async def _tell(self, events: Events) -> None:
        told: dict[str, str] = {}
        async for event in events:
            if event.kind in ("bot_online", "bot_offline"):
                self._say("Discord", f"the bot is {event.kind.removeprefix('bot_')}")
            elif event.message is not None:
                shown = _shown(event.message, self._sandbox.world)
                if told.get(event.message.id) == shown:
                    continue
                new = event.message.id not in told
                told[event.message.id] = shown
                self._say(event.message.author, "a new message" if new else "the same message, changed")
                click.echo("".join(f"              │ {line}\n" for line in shown.splitlines()), nl=False)

    def _say(self, who: str, what: str) -> None:
        click.echo(f"{time.monotonic() - self._started:5.1f} s  {click.style(f'{who:<8}', bold=True)}{what}")


def _shown(message: Message, world: World) -> str:
    """A message as lines for a terminal: mentions by name, no markup, pictures and buttons named."""
    if message.loading:
        return "thinking …"
    text = "\n".join(dict.fromkeys(message.text().splitlines()))
    text = re.sub(r"<@!?(\d+)>", lambda match: "@" + world.users[match[1]].username, text)
    text = re.sub(r"<t:(\d+)(?::\w)?>", lambda match: _from_now(int(match[1]) - time.time()), text)
    text = re.sub(r"^-# |\*\*|\\(?=[^\w\s])", "", text, flags=re.MULTILINE)
    labels = {button.label for button in message.buttons()}
    lines = [line for line in text.splitlines() if line.strip() and line not in labels]
    pictures = [f"[picture {media.filename}, {media.size / 1024:.0f} KB]" for media in message.media()]
    buttons = " ".join(f"({button.label})" for button in message.buttons())
    return "\n".join([*lines, *pictures, buttons]).rstrip()


def _from_now(seconds: float) -> str:
    return f"in {seconds:.0f} s" if seconds > 0 else f"{-seconds:.0f} s ago"
