"""What every other part is built on: database, disk, provider, clock, and the groups that background tasks run in."""

from __future__ import annotations

import os
import random
import secrets
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from bot.apimaster.client import ApimasterClient
from bot.apimaster.metered import MeteredProvider, Provider
from bot.clock import Clock
from bot.domain.picture import Resolution
from bot.domain.schedule import Durations, Polling
from bot.media.reference_cache import ReferenceCopies
from bot.media.spool import Spool
from bot.ops.backpressure import Backpressure
from bot.ops.counters import Counters
from bot.settings import Settings
from bot.store.store import SqliteStore
from bot.tasks import FirstFailure, TaskGroup

_LEARNED: Final = 50
"""So many recent pictures of each resolution tell how long the next one takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """The opened resources, and what all parts share."""

    clock: Clock
    store: SqliteStore
    provider: Provider
    copies: ReferenceCopies
    files: Spool
    polling: Polling
    durations: Durations
    rng: random.Random
    owner: str
    """The token by which this process owns the jobs that it works on."""
    backpressure: Backpressure
    counters: Counters
    failure: FirstFailure
    tasks: TaskGroup
    """Tasks that the bot cannot do without."""
    announcements: TaskGroup


def open_store(settings: Settings, clock: Clock, failure: FirstFailure) -> SqliteStore:
    """The database of DATA_DIR, not opened yet."""
    return SqliteStore(
        settings.data_dir / "bot.db",
        clock,
        per_user_running=settings.per_user_running,
        per_user_pending=settings.per_user_pending,
        max_running=settings.max_running,
        max_waiting_while_paused=settings.max_waiting_while_paused,
        on_death=[failure.report],
    )


def image_provider(settings: Settings, key: SecretStr) -> ApimasterClient:
    """The provider's client, not connected yet; pictures inside its answers wait in the data directory."""
    return ApimasterClient(
        settings.apimaster_base_url,
        key,
        settings.apimaster_model,
        result_hosts=settings.result_hosts,
        spool_dir=settings.data_dir,
    )


async def build_foundation(
    settings: Settings,
    *,
    clock: Clock,
    store: SqliteStore,
    account: ApimasterClient,
    copies: ReferenceCopies,
    failure: FirstFailure,
) -> Foundation:
    """The foundation of a running bot, on resources that are open."""
    counters = Counters()
    polling = Polling(
        first_s=settings.first_poll_seconds, every_s=settings.poll_seconds, timeout_s=settings.job_timeout_seconds
    )
    return Foundation(
        clock=clock,
        store=store,
        provider=MeteredProvider(account, counters, clock),
        copies=copies,
        files=Spool(settings.data_dir / "spool"),
        polling=polling,
        durations=await _learned_durations(polling, store),
        rng=random.Random(),  # noqa: S311 - jitter
        owner=f"{os.getpid()}-{secrets.token_hex(4)}",
        backpressure=Backpressure(),
        counters=counters,
        failure=failure,
        tasks=TaskGroup(on_failure=failure.report),
        announcements=TaskGroup(),
    )


async def _learned_durations(polling: Polling, store: SqliteStore) -> Durations:
    """How long pictures take, as far as recent ones tell."""
    durations = Durations(polling, kept=_LEARNED)
    for resolution in Resolution:
        durations.learn(resolution, await store.recent_durations(resolution, _LEARNED))
    return durations
