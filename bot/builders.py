"""Parts of the composition that hang on little else: what watches the bot from outside, and what reads its books."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from pydantic import SecretStr

from bot.apimaster.client import ApimasterClient
from bot.client import ImagineBot
from bot.clock import Clock
from bot.domain.disk import MEGABYTE, DiskRule
from bot.domain.errors import DamagedError
from bot.domain.picture import Resolution
from bot.domain.schedule import Durations, Polling
from bot.interactions.acknowledge import Acknowledger
from bot.interactions.pending_responses import PendingResponses
from bot.interactions.throttle import Throttle
from bot.lifecycle import Components
from bot.media.chart_process import ChartProcess
from bot.media.csv_export import CsvTables
from bot.media.disk_space import DataDisk
from bot.media.reference_cache import ReferenceCopies
from bot.media.spool import Spool
from bot.messages.interrupted import notify_interrupted
from bot.messages.reconciler import Reconciler
from bot.notifications.log_channel import ChannelPoster, LogChannelWriter
from bot.ops.backpressure import Backpressure
from bot.ops.counters import Counters
from bot.ops.health import Health
from bot.ops.http_server import HttpServer
from bot.ops.metrics import Metrics
from bot.ports import OwnerAlerts
from bot.queue.balance_monitor import BalanceMonitor
from bot.queue.disk_monitor import DiskMonitor
from bot.queue.gate import SubmissionGate
from bot.services.admin import Admin
from bot.services.export import Exporter
from bot.services.guild_rules import GuildRules
from bot.services.intake import Intake
from bot.services.reports import Reports
from bot.services.retention import Retention
from bot.services.word_filter import WordFilter
from bot.settings import Settings
from bot.store.metrics import SqliteFigures
from bot.store.store import SqliteStore
from bot.tasks import TaskGroup
from bot.ui.card import render
from bot.ui.confirm import ask_first

_LEARNED: Final = 50
"""So many recent pictures of each resolution tell how long the next one takes."""


def image_provider(settings: Settings, key: SecretStr) -> ApimasterClient:
    """The provider's client, not connected yet; pictures inside its answers wait in the data directory."""
    return ApimasterClient(
        settings.apimaster_base_url,
        key,
        settings.apimaster_model,
        result_hosts=settings.result_hosts,
        spool_dir=settings.data_dir,
    )


def reports(settings: Settings, store: SqliteStore, clock: Clock) -> Reports:
    """What moderators see; its charts' fonts are kept with the rest of the data."""
    painter = ChartProcess(settings.data_dir / "matplotlib")
    return Reports(statistics=store.statistics, audit=store.audit, jobs=store, painter=painter, clock=clock)


async def learned_durations(polling: Polling, store: SqliteStore) -> Durations:
    """How long pictures take, as far as recent ones tell."""
    durations = Durations(polling, kept=_LEARNED)
    for resolution in Resolution:
        durations.learn(resolution, await store.recent_durations(resolution, _LEARNED))
    return durations


def controls(settings: Settings, gate: SubmissionGate, account: ApimasterClient) -> Admin:
    """What the people who run the bot see and do."""
    database = settings.data_dir / "bot.db"
    return Admin(gate=gate, figures=SqliteFigures(database), read_balance=account.balance, database=database)


def balance_watch(
    settings: Settings,
    gate: SubmissionGate,
    account: ApimasterClient,
    alerts: OwnerAlerts,
    store: SqliteStore,
    clock: Clock,
) -> BalanceMonitor:
    """What reads the balance now and then."""
    return BalanceMonitor(
        gate=gate,
        read=account.balance,
        alerts=alerts,
        facts=store,
        clock=clock,
        every_s=settings.balance_probe_seconds,
        low=float(settings.low_balance_credits),
    )


def exporter(settings: Settings, store: SqliteStore) -> Exporter:
    """What moderators take away; its files lie where the data lies for as long as they are sent."""
    tables = CsvTables(settings.data_dir / "exports")
    return Exporter(statistics=store.statistics, tables=tables, audit=store.audit)


def forgetting_of(
    settings: Settings, store: SqliteStore, files: Spool, copies: ReferenceCopies, counters: Counters, clock: Clock
) -> Retention:
    """What wipes requests in time and at members' wish."""
    return Retention(
        store=store.privacy,
        files=files,
        copies=copies,
        clock=clock,
        retention_days=settings.retention_days,
        count=counters.skipped,
    )


def server_log(
    client: ImagineBot, guild_rules: GuildRules, store: SqliteStore, counters: Counters, clock: Clock
) -> LogChannelWriter:
    """What writes in servers' log channels."""
    return LogChannelWriter(
        ChannelPoster(client),
        clock,
        channel_of=guild_rules.log_channel,
        channels=store.rules.log_channels,
        count=counters.skipped,
    )


def acknowledger(
    settings: Settings,
    store: SqliteStore,
    client: ImagineBot,
    intake: Intake,
    reconciler: Reconciler,
    backpressure: Backpressure,
    clock: Clock,
    word_filter: WordFilter,
) -> Acknowledger:
    """What gives interactions their first answer."""
    notify = partial(notify_interrupted, client)
    return Acknowledger(
        intake=intake,
        requests=store,
        presenter=reconciler,
        render=partial(render, files={}),
        ask_first=ask_first,
        backpressure=backpressure,
        held=store.answers,
        pending_responses=PendingResponses(store=store.answers, notify=notify, backpressure=backpressure, clock=clock),
        flood=Throttle(store.lists, clock, pending=settings.per_user_pending),
        clock=clock,
        check_takes_long=word_filter.takes_long,
    )


def on_database_death(
    failed: asyncio.Future[None], announcements: TaskGroup, alerts: OwnerAlerts
) -> Callable[[BaseException], None]:
    """What ends the bot where its database does not answer any more, after telling its owners of damage."""

    def told(error: BaseException) -> None:
        if failed.done():
            return
        failed.set_exception(error)
        if isinstance(error, DamagedError):
            announcements.start(alerts.tell("database_damaged"), name="tell-of-damage")

    return told


def disk_watch(settings: Settings, gate: SubmissionGate, clock: Clock) -> DiskMonitor:
    """What keeps room on the disk of DATA_DIR."""
    rule = DiskRule(least_bytes=settings.min_free_mb * MEGABYTE)
    return DiskMonitor(look=DataDisk(settings.data_dir).look, rule=rule, gate=gate, clock=clock)


def http_server(
    settings: Settings, port: int, components: Components, store: SqliteStore, counters: Counters
) -> HttpServer:
    """What answers `/healthz` and `/metrics`."""
    gate, watch = components.gate, components.balance_watch
    return HttpServer(
        health=Health(
            client=components.client,
            ask_database=store.gate,
            gate=lambda: gate.state,
            shortage=lambda: components.disk_watch.shortage,
        ),
        metrics=Metrics(
            counters=counters,
            store=SqliteFigures(settings.data_dir / "bot.db"),
            gate=lambda: gate.state,
            balance=lambda: watch.balance,
        ),
        host=settings.http_host,
        port=port,
    )
