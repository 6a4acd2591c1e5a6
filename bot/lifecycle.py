"""From the start to the stop: taking up work, being connected, and ending in order."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Final

from bot.client import ImagineBot
from bot.connection import connect
from bot.domain.errors import BotError, DamagedError
from bot.interactions.acknowledge import Reception
from bot.messages.reconciler import Courier
from bot.notifications.log_channel import Logbook
from bot.ops.signals import StopSignals
from bot.ops.supervisor import CRASH_LOOP
from bot.ports import OwnerAlerts
from bot.queue.admission import Admission
from bot.queue.balance_monitor import BalanceWatch
from bot.queue.disk_monitor import DiskWatch
from bot.queue.gate import GateKeeper
from bot.queue.pipeline import Pipeline
from bot.queue.reference_transport import Referencing
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
class Machinery:
    """What runs while the bot is up."""

    client: ImagineBot
    courier: Courier
    reception: Reception
    gate: GateKeeper
    referencing: Referencing
    pipeline: Pipeline
    admission: Admission
    housekeeping: Housekeeping
    balance_watch: BalanceWatch
    disk_watch: DiskWatch
    tasks: TaskGroup
    announcements: TaskGroup
    logbook: Logbook
    word_filter: WordFilter
    failed: asyncio.Future[None]
    """Ends with the error of a background task that the bot cannot do without."""
    alerts: OwnerAlerts
    failures: int
    """How often in a row the bot failed before this start, as its supervisor says; 0 without one."""


async def take_up_work(machinery: Machinery) -> None:
    """Go on where the last process stopped; only Discord's REST API is needed for it, not the gateway."""
    if machinery.failures == CRASH_LOOP:  # once: the next ones are in the log
        told = machinery.alerts.tell("crash_loop", count=machinery.failures)
        machinery.announcements.start(told, name="crash-loop")
    await machinery.gate.start()
    await machinery.disk_watch.look()  # before anything is downloaded or ordered
    machinery.tasks.start(machinery.balance_watch.run(), name="balance-watch")
    machinery.tasks.start(machinery.disk_watch.run(), name="disk-watch")
    # While nothing can be written, members are better told so than left without an answer.
    await asyncio.wait({machinery.tasks.start(_go_on(machinery), name="recovery")}, timeout=_GOES_ON_BY_S)


async def _go_on(machinery: Machinery) -> None:
    await machinery.pipeline.recover()
    await machinery.referencing.recover()
    await machinery.courier.recover()
    await machinery.reception.recover()
    machinery.tasks.start(machinery.admission.run(), name="admission")
    machinery.tasks.start(machinery.housekeeping.run(), name="housekeeping")


async def serve(machinery: Machinery, token: str, api_url: str, signals: StopSignals) -> None:
    """Be connected until a signal asks to stop or the connection ends for good; then stop in order."""
    connected = asyncio.create_task(connect(machinery.client, token, api_url), name="discord")
    asked = asyncio.create_task(signals.asked.wait(), name="stop-signal")
    try:
        ends: list[asyncio.Future[Any]] = [connected, asked, machinery.failed]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        signals.begin_stop()
        asked.cancel()
        await _stop(machinery)
        connected.cancel()
        outcome = (await asyncio.gather(connected, return_exceptions=True))[0]
    if machinery.failed.done() and (error := machinery.failed.exception()) is not None:
        if isinstance(error, DamagedError):
            raise error
        raise BotError("A background task failed; its error stands in the log. Start the bot again: nothing is lost.")
    if isinstance(outcome, Exception):
        raise outcome
    if not signals.asked.is_set():
        raise BotError("The connection to Discord ended by itself. Start the bot again: nothing is lost.")


async def _stop(machinery: Machinery) -> None:
    """No new submits; polls are released; submits and deliveries under way finish; then the gateway closes."""
    said = log.info if machinery.client.accepted else log.debug
    said("stopping")
    loop = asyncio.get_running_loop()
    grace_ends_at = loop.time() + _GRACE_S

    def left_s(most_s: float) -> float:
        return max(0.0, min(most_s, grace_ends_at - loop.time()))

    machinery.admission.stop()
    await machinery.reception.close()
    await machinery.referencing.close()
    await asyncio.gather(
        machinery.pipeline.close(grace_s=left_s(_SUBMITS_S)),
        machinery.client.finish_commands(grace_s=left_s(_SUBMITS_S)),
    )
    await machinery.word_filter.close()
    await machinery.courier.close(grace_s=left_s(_GRACE_S))
    await machinery.tasks.close()
    await machinery.announcements.drain(left_s(_GOODBYE_S))
    await machinery.announcements.close()
    await machinery.logbook.close(grace_s=left_s(_GRACE_S))
    try:
        async with asyncio.timeout(_GOODBYE_S):
            await machinery.client.close()
    except TimeoutError:
        log.warning("gateway_not_closed")  # Discord does not answer our goodbye, and need not
    said("stopped")
