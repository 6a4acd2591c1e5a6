"""From the start to the stop: taking up work, being connected, and ending in order."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any, Final

from bot.client import ImagineBot
from bot.connection import connect
from bot.domain.errors import BotError, DamagedError
from bot.ops.signals import StopSignals
from bot.ops.supervisor import CRASH_LOOP
from bot.registry import Components

log = logging.getLogger(__name__)

_GRACE_S: Final = 6.0
"""At a stop, how long all that is under way may take to come to its next record; deliveries get what is left of it."""
_GOES_ON_BY_S: Final = 5.0
_SUBMITS_S: Final = 3.0
"""For submits, and for commands that are being answered."""
_GOODBYE_S: Final = 1.5


async def take_up_work(components: Components, *, failures: int) -> None:
    """Go on where the last process stopped; only Discord's REST API is needed for it, not the gateway.

    `failures` is how often in a row the bot failed before this start, as its supervisor says; 0 without one.
    """
    if failures == CRASH_LOOP:  # once: the next ones are in the log
        told = components.alerts.tell("crash_loop", count=failures)
        components.announcements.start(told, name="crash-loop")
    await components.gate.start()
    await components.disk_watch.look()  # before anything is downloaded or ordered
    components.tasks.start(components.balance_watch.run(), name="balance-watch")
    components.tasks.start(components.disk_watch.run(), name="disk-watch")
    # While nothing can be written, members are better told so than left without an answer.
    await asyncio.wait({components.tasks.start(_go_on(components), name="recovery")}, timeout=_GOES_ON_BY_S)


async def _go_on(components: Components) -> None:
    await components.pipeline.recover()
    await components.reference_transport.recover()
    await components.reconciler.recover()
    await components.acknowledger.recover()
    components.tasks.start(components.admission.run(), name="admission")
    components.tasks.start(components.housekeeping.run(), name="housekeeping")


async def serve(client: ImagineBot, token: str, api_url: str, signals: StopSignals, *, failures: int) -> None:
    """Be connected until a signal asks to stop or the connection ends for good; then stop in order."""
    components = client.components
    go_on = partial(take_up_work, components, failures=failures)
    connected = asyncio.create_task(connect(client, token, api_url, on_login=go_on), name="discord")
    asked = asyncio.create_task(signals.asked.wait(), name="stop-signal")
    damage = asyncio.create_task(_alert_of_damage(components), name="damage")
    try:
        ends: list[asyncio.Future[Any]] = [connected, asked, components.failure.reported]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        signals.begin_stop()
        asked.cancel()
        await _stop(client, components)
        damage.cancel()
        connected.cancel()
        outcome = (await asyncio.gather(connected, return_exceptions=True))[0]
    if (error := components.failure.error) is not None:
        if isinstance(error, DamagedError):
            raise error
        raise BotError("A background task failed; its error stands in the log. Start the bot again: nothing is lost.")
    if isinstance(outcome, Exception):
        raise outcome
    if not signals.asked.is_set():
        raise BotError("The connection to Discord ended by itself. Start the bot again: nothing is lost.")


async def _alert_of_damage(components: Components) -> None:
    """Alert the owners if the bot ends because its database is damaged; also where that shows during the stop."""
    await asyncio.wait({components.failure.reported})
    if isinstance(components.failure.error, DamagedError):
        components.announcements.start(components.alerts.tell("database_damaged"), name="tell-of-damage")


async def _stop(client: ImagineBot, components: Components) -> None:
    """No new submits; polls are released; submits and deliveries under way finish; then the gateway closes."""
    said = log.info if client.accepted else log.debug
    said("stopping")
    loop = asyncio.get_running_loop()
    grace_ends_at = loop.time() + _GRACE_S

    def left_s(most_s: float) -> float:
        return max(0.0, min(most_s, grace_ends_at - loop.time()))

    components.admission.stop()
    await components.acknowledger.close()
    await components.reference_transport.close()
    await asyncio.gather(
        components.pipeline.close(grace_s=left_s(_SUBMITS_S)),
        client.finish_commands(grace_s=left_s(_SUBMITS_S)),
    )
    await components.word_filter.close()
    await components.reconciler.close(grace_s=left_s(_GRACE_S))
    await components.tasks.close()
    await components.announcements.drain(left_s(_GOODBYE_S))
    await components.announcements.close()
    await components.log_writer.close(grace_s=left_s(_GRACE_S))
    try:
        async with asyncio.timeout(_GOODBYE_S):
            await client.close()
    except TimeoutError:
        log.warning("gateway_not_closed")  # Discord does not answer our goodbye, and need not
    said("stopped")
