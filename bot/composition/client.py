"""The client, and all that is built around it."""

from __future__ import annotations

from datetime import timedelta

from bot.apimaster.client import ApimasterClient
from bot.client import ImagineBot
from bot.composition.foundation import Foundation
from bot.composition.messages import Messages, build_messages
from bot.composition.queue import Queue, build_queue
from bot.composition.services import build_retention, build_services
from bot.domain.disk import MEGABYTE, DiskRule
from bot.media.disk_space import DataDisk
from bot.ops.health import Health
from bot.ops.http_server import HttpServer
from bot.ops.metrics import Metrics
from bot.queue.balance_monitor import BalanceMonitor
from bot.queue.reference_transport import TransportMode
from bot.registry import Components
from bot.services.housekeeping import Housekeeping
from bot.services.orphans import OrphanSweep
from bot.services.retention import Retention
from bot.services.word_filter import WordFilter
from bot.settings import Settings
from bot.store.metrics import SqliteFigures


def build_client(settings: Settings, base: Foundation, account: ApimasterClient) -> ImagineBot:
    """The client with its services, not logged in."""
    return ImagineBot(
        api_url=settings.discord_api_url,
        cdn_hosts=settings.discord_cdn_hosts,
        shard_count=settings.shard_count,
        shard_ids=settings.shard_ids,
        build=lambda client: _components(settings, base, account, client),
        last_synced=lambda: base.store.fact("commands"),
        remember_synced=lambda digest: base.store.remember("commands", digest),
        count_malformed=base.counters.malformed,
    )


def _components(settings: Settings, base: Foundation, account: ApimasterClient, client: ImagineBot) -> Components:
    messages = build_messages(settings, base, client)
    queue = build_queue(
        base,
        presenter=messages.reconciler,
        alerts=messages.alerts,
        look=DataDisk(settings.data_dir).look,
        disk_rule=DiskRule(least_bytes=settings.min_free_mb * MEGABYTE),
        probe_s=settings.balance_probe_seconds,
        transport=None if settings.reference_transport == "auto" else TransportMode(settings.reference_transport),
    )
    word_filter, retention = WordFilter(base.clock), build_retention(settings, base)
    services = build_services(
        settings,
        base,
        messages,
        queue,
        client=client,
        account=account,
        word_filter=word_filter,
        retention=retention,
    )
    return Components(
        services=services,
        reconciler=messages.reconciler,
        acknowledger=services.acknowledger,
        gate=queue.gate,
        reference_transport=queue.reference_transport,
        pipeline=queue.pipeline,
        admission=queue.admission,
        housekeeping=_housekeeping(settings, base, retention),
        balance_watch=_balance_monitor(settings, base, messages, queue, account),
        disk_watch=queue.disk_monitor,
        tasks=base.tasks,
        announcements=base.announcements,
        log_writer=messages.log_writer,
        word_filter=word_filter,
        failure=base.failure,
        alerts=messages.alerts,
    )


def _housekeeping(settings: Settings, base: Foundation, retention: Retention) -> Housekeeping:
    return Housekeeping(
        requests=base.store,
        drafts=base.store.drafts,
        jobs=base.store,
        files=base.files,
        copies=base.copies,
        retention=retention,
        orphans=OrphanSweep(store=base.store.orphans, files=base.files, copies=base.copies),
        clock=base.clock,
        keep=timedelta(days=settings.keep_originals_days),
        count=base.counters.skipped,
    )


def _balance_monitor(
    settings: Settings, base: Foundation, messages: Messages, queue: Queue, account: ApimasterClient
) -> BalanceMonitor:
    return BalanceMonitor(
        gate=queue.gate,
        read=account.balance,
        alerts=messages.alerts,
        facts=base.store,
        clock=base.clock,
        every_s=settings.balance_probe_seconds,
        low=float(settings.low_balance_credits),
    )


def build_http_server(settings: Settings, port: int, base: Foundation, client: ImagineBot) -> HttpServer:
    """What answers `/healthz` and `/metrics`."""
    gate, balance, disk = client.components.gate, client.components.balance_watch, client.components.disk_watch
    return HttpServer(
        health=Health(
            client=client,
            ask_database=base.store.gate,
            gate=lambda: gate.state,
            shortage=lambda: disk.shortage,
        ),
        metrics=Metrics(
            counters=base.counters,
            store=SqliteFigures(settings.data_dir / "bot.db"),
            gate=lambda: gate.state,
            balance=lambda: balance.balance,
        ),
        host=settings.http_host,
        port=port,
    )
