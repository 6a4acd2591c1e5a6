"""From the start to the stop: taking up work, being connected, and ending in order."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Final

from bot.client import ImagineBot
from bot.connection import connect
from bot.domain.errors import BotError, DamagedError
from bot.interactions.acknowledge import Acknowledger
from bot.messages.reconciler import Reconciler
from bot.notifications.log_channel import LogChannelWriter
from bot.ops.signals import StopSignals
from bot.ops.supervisor import CRASH_LOOP
from bot.ports import OwnerAlerts
from bot.queue.admission import Admission
from bot.queue.balance_monitor import BalanceMonitor
from bot.queue.disk_monitor import DiskMonitor
from bot.queue.gate import SubmissionGate
from bot.queue.pipeline import Pipeline
from bot.queue.reference_transport import ReferenceTransport
from bot.services.housekeeping import Housekeeping
from bot.services.word_filter import WordFilter
from bot.tasks import TaskGroup

log = logging.getLogger(__name__)

_GRACE_S: Final = 6.0
"""At a stop, how long all that is under way may take to come to its next record; deliveries get what is left of it."""
_GOES_ON_BY_S: Final = 5.0
_SUBMITS_S: Final = 3.0
"""For submits, and for commands that are being answered."""
_GOODBYE_S: Final = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """What runs while the bot is up."""

    client: ImagineBot
    reconciler: Reconciler
    acknowledger: Acknowledger
    gate: SubmissionGate
    reference_transport: ReferenceTransport
    pipeline: Pipeline
    admission: Admission
    housekeeping: Housekeeping
    balance_watch: BalanceMonitor
    disk_watch: DiskMonitor
    tasks: TaskGroup
    announcements: TaskGroup
    log_writer: LogChannelWriter
    word_filter: WordFilter
    failed: asyncio.Future[None]
    """Ends with the error of a background task that the bot cannot do without."""
    alerts: OwnerAlerts
    failures: int
    """How often in a row the bot failed before this start, as its supervisor says; 0 without one."""


async def take_up_work(components: Components) -> None:
    """Go on where the last process stopped; only Discord's REST API is needed for it, not the gateway."""
    if components.failures == CRASH_LOOP:  # once: the next ones are in the log
        told = components.alerts.tell("crash_loop", count=components.failures)
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


async def serve(components: Components, token: str, api_url: str, signals: StopSignals) -> None:
    """Be connected until a signal asks to stop or the connection ends for good; then stop in order."""
    connected = asyncio.create_task(connect(components.client, token, api_url), name="discord")
    asked = asyncio.create_task(signals.asked.wait(), name="stop-signal")
    try:
        ends: list[asyncio.Future[Any]] = [connected, asked, components.failed]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        signals.begin_stop()
        asked.cancel()
        await _stop(components)
        connected.cancel()
        outcome = (await asyncio.gather(connected, return_exceptions=True))[0]
    if components.failed.done() and (error := components.failed.exception()) is not None:
        if isinstance(error, DamagedError):
            raise error
        raise BotError("A background task failed; its error stands in the log. Start the bot again: nothing is lost.")
    if isinstance(outcome, Exception):
        raise outcome
    if not signals.asked.is_set():
        raise BotError("The connection to Discord ended by itself. Start the bot again: nothing is lost.")


async def _stop(components: Components) -> None:
    """No new submits; polls are released; submits and deliveries under way finish; then the gateway closes."""
    said = log.info if components.client.accepted else log.debug
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
        components.client.finish_commands(grace_s=left_s(_SUBMITS_S)),
    )
    await components.word_filter.close()
    await components.reconciler.close(grace_s=left_s(_GRACE_S))
    await components.tasks.close()
    await components.announcements.drain(left_s(_GOODBYE_S))
    await components.announcements.close()
    await components.log_writer.close(grace_s=left_s(_GRACE_S))
    try:
        async with asyncio.timeout(_GOODBYE_S):
            await components.client.close()
    except TimeoutError:
        log.warning("gateway_not_closed")  # Discord does not answer our goodbye, and need not
    said("stopped")
