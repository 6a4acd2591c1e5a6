"""The members' actions in a campaign: order, cancel, make private, decide, collect."""

import asyncio
import contextlib
import io
import random
from collections.abc import Coroutine, Iterable
from functools import cache

from PIL import Image

from sandbox.chaos.plan import Change, Order
from sandbox.driver import Driver, DriverError, Interaction, Message
from sandbox.driver.driver import File

_LABELS = {Change.CANCEL: "Cancel", Change.HIDE: "Move to private"}
_CHANGE_WITHIN_S = 3.0
_ANSWER_WITHIN_S = 4.0
_COLOURS = ("red", "green")


class Members:
    """Acts for all members. Actions that fail because the bot is down are not retried."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._changes: set[asyncio.Task[None]] = set()
        self.sent: list[tuple[Order, Interaction]] = []

    async def order(self, orders: Iterable[Order]) -> None:
        """Send orders one after the other, each after its pause; may be cancelled between two of them."""
        for order in orders:
            await asyncio.sleep(order.pause_s)
            interaction = await self._driver.slash(
                order.member,
                "remix" if order.references else "imagine",
                {"prompt": order.prompt, "resolution": "0.5K", "count": order.count, "private": order.private},
                channel=order.channel,
                files=_references(order.references),
            )
            self.sent.append((order, interaction))
            if order.change is not Change.NONE:
                self._later(self._change(order), name=f"{order.change} {order.prompt}")

    async def done(self) -> None:
        """Wait for cancellations and other changes that are still pending."""
        await asyncio.gather(*self._changes, return_exceptions=True)

    async def decide(self, rng: random.Random) -> None:
        """Press Try again or Drop on some of the uncertain pictures, without waiting for the answers."""
        for order, _ in self.sent:
            for channel in {order.channel, "dm"}:
                for message in self._driver.messages(order.member, channel):
                    if order.prompt in message.text():
                        await self._decide_on(rng, order.member, message)

    async def _decide_on(self, rng: random.Random, member: str, message: Message) -> None:
        for button in message.buttons():
            action, _, job = button.custom_id.partition(":")
            decision = rng.choice(("retry", "drop", "")) if action == "retry" else ""
            if decision:
                await self._driver.click(member, message.id, f"{decision}:{job}")

    async def collect(self, member: str) -> None:
        """Run /collect, which delivers several stored pictures; raises DriverError if the bot doesn't answer."""
        interaction = await self._driver.slash(member, "collect", channel="general")
        await interaction.answered(_ANSWER_WITHIN_S)

    def _later(self, change: Coroutine[object, object, None], *, name: str) -> None:
        task = asyncio.create_task(change, name=name)
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)

    async def _change(self, order: Order) -> None:
        """Press a button on the order's card once it appears; confirm if asked."""
        await asyncio.sleep(order.change_after_s)
        with contextlib.suppress(DriverError, KeyError):
            card = await self._driver.wait_message(
                lambda m: order.prompt in m.text() and _has(m, _LABELS[order.change]),
                viewer=order.member,
                channel=order.channel,
                timeout_s=_CHANGE_WITHIN_S,
            )
            button = card.button(_LABELS[order.change])
            await self._driver.click(order.member, card.id, button.custom_id)
            if order.change is Change.CANCEL:
                await self._insist(order, f"really_{button.custom_id}")

    async def _insist(self, order: Order, custom_id: str) -> None:
        question = await self._driver.wait_message(
            lambda m: any(button.custom_id == custom_id for button in m.buttons()),
            viewer=order.member,
            channel=order.channel,
            timeout_s=_CHANGE_WITHIN_S,
        )
        await self._driver.click(order.member, question.id, custom_id)


def _has(message: Message, label: str) -> bool:
    return any(label in button.label for button in message.buttons())


def _references(number: int) -> dict[str, File]:
    return {f"image{n}": (f"{colour}.png", _picture(colour)) for n, colour in enumerate(_COLOURS[:number], start=1)}


@cache
def _picture(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(buffer, "PNG")
    return buffer.getvalue()
