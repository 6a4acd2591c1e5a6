"""The composition root: the only file that names every concrete class. Opens everything in one exit stack."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

from bot.apimaster.client import ApimasterClient
from bot.apimaster.metered import MeteredProvider
from bot.builders import (
    acknowledger,
    balance_watch,
    controls,
    disk_watch,
    exporter,
    forgetting_of,
    http_server,
    image_provider,
    learned_durations,
    on_database_death,
    reports,
    server_log,
)
from bot.client import ImagineBot
from bot.clock import SystemClock
from bot.domain.limits import Limits
from bot.domain.schedule import Polling
from bot.lifecycle import Components, serve, take_up_work
from bot.media.contact_sheet import ReferenceSheets
from bot.media.fit import SizeFitter
from bot.media.reference_cache import ReferenceCopies
from bot.media.spool import Spool
from bot.media.zip_archives import ZipArchives
from bot.messages.attachments import AttachmentBuilder
from bot.messages.fallback_chain import FallbackChain
from bot.messages.reconciler import Reconciler
from bot.messages.resend import Resend
from bot.notifications.log_lines import tell_block, tell_delivery, tell_removal, tell_slow_pattern, tell_unblock
from bot.notifications.owner_alerts import DirectAlerts
from bot.notifications.owners import Owners
from bot.ops.backpressure import Backpressure
from bot.ops.counters import Counters
from bot.ops.instance_lock import LINGERS_S, wait_for_lock
from bot.ops.runtime_tuning import quicken
from bot.ops.signals import StopSignals
from bot.ops.startup_checks import check_key
from bot.ops.watchdog import Watchdog
from bot.queue.admission import Admission
from bot.queue.gate import SubmissionGate
from bot.queue.pipeline import Pipeline
from bot.queue.polling import Poller
from bot.queue.rate_limiter import RateLimiter
from bot.queue.reference_transport import ReferenceTransport, TransportMode
from bot.registry import Services
from bot.services.guild_rules import GuildRules
from bot.services.housekeeping import Housekeeping
from bot.services.intake import Intake
from bot.services.library import Library
from bot.services.lookup import Lookup
from bot.services.moderation import Moderation
from bot.services.order_actions import OrderActions
from bot.services.originals import Originals
from bot.services.orphans import OrphanSweep
from bot.services.picture_actions import PictureActions
from bot.services.presets import Presets
from bot.services.privacy import Privacy
from bot.services.quotas import Quotas
from bot.services.word_filter import WordFilter
from bot.settings import Settings
from bot.store.sqlite.connection import ensure_data_dir
from bot.store.store import SqliteStore
from bot.tasks import TaskGroup


async def run(settings: Settings, watchdog: Watchdog, *, follows: int | None, failures: int) -> None:
    """Run the bot until SIGTERM or SIGINT, or until the pipe `follows` ends; it may have failed so often before.

    Raises StartupError where it cannot start, and BotError where it ends by itself.
    """
    quicken()
    os.umask(0o077)  # whatever is written from here on, by libraries too, is this user's alone
    required = settings.require("DISCORD_TOKEN", "APIMASTER_API_KEY")
    ensure_data_dir(settings.data_dir)
    clock = SystemClock()
    signals = StopSignals(clock, watchdog, follows=follows)
    async with AsyncExitStack() as stack:
        # A supervised bot is not refused because the one before it is not quite gone.
        patience_s = 0.0 if follows is None else LINGERS_S
        stack.enter_context(await wait_for_lock(settings.data_dir, clock, patience_s=patience_s))
        store = await stack.enter_async_context(
            SqliteStore(
                settings.data_dir / "bot.db",
                clock,
                per_user_running=settings.per_user_running,
                per_user_pending=settings.per_user_pending,
                max_running=settings.max_running,
                max_waiting_while_paused=settings.max_waiting_while_paused,
            )
        )
        provider = await stack.enter_async_context(image_provider(settings, required["APIMASTER_API_KEY"]))
        await check_key(provider, store)
        copies = await stack.enter_async_context(
            ReferenceCopies(settings.data_dir / "references", settings.discord_cdn_hosts)
        )
        counters = Counters()
        components = await _assemble(settings, clock, store, provider, copies, counters, failures)
        if settings.http_port is not None:
            await stack.enter_async_context(http_server(settings, settings.http_port, components, store, counters))
        await serve(components, required["DISCORD_TOKEN"].get_secret_value(), settings.discord_api_url, signals)


async def _assemble(
    settings: Settings,
    clock: SystemClock,
    store: SqliteStore,
    account: ApimasterClient,
    copies: ReferenceCopies,
    counters: Counters,
    failures: int,
) -> Components:
    provider = MeteredProvider(account, counters, clock)
    owner = f"{os.getpid()}-{secrets.token_hex(4)}"
    rng = random.Random()  # noqa: S311 - jitter
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    tasks = TaskGroup(on_failure=lambda error: None if failed.done() else failed.set_exception(error))
    announcements = TaskGroup()
    polling = Polling(
        first_s=settings.first_poll_seconds, every_s=settings.poll_seconds, timeout_s=settings.job_timeout_seconds
    )
    durations = await learned_durations(polling, store)
    files = Spool(settings.data_dir / "spool")
    client = ImagineBot(
        api_url=settings.discord_api_url,
        cdn_hosts=settings.discord_cdn_hosts,
        shard_count=settings.shard_count,
        shard_ids=settings.shard_ids,
        on_login=lambda: take_up_work(components),
        last_synced=lambda: store.fact("commands"),
        remember_synced=lambda digest: store.remember("commands", digest),
        count_malformed=counters.malformed,
    )
    backpressure = Backpressure()
    reconciler = Reconciler(
        fallback_chain=FallbackChain(client, clock),
        requests=store,
        jobs=store,
        moves=store.moves,
        files=files,
        attachment_builder=AttachmentBuilder(
            files=files, fitter=SizeFitter(), sheets=ReferenceSheets(copies=copies, spool=files)
        ),
        clock=clock,
        rng=rng,
        owner=owner,
        backpressure=backpressure,
    )
    word_filter = WordFilter(clock)
    guild_rules = GuildRules(store.rules, store.blocks, clock, word_filter, counters.skipped)
    log_writer = server_log(client, guild_rules, store, counters, clock)
    reconciler.on_delivery(partial(tell_delivery, log_writer))
    guild_rules.on_slow_pattern(partial(tell_slow_pattern, log_writer))
    owners = Owners(client, settings.owner_ids)
    alerts = DirectAlerts(client, owners, log_writer)
    store.on_death(on_database_death(failed, announcements, alerts))
    gate = SubmissionGate(
        gates=store,
        jobs=store,
        requests=store,
        presenter=reconciler,
        alerts=alerts,
        clock=clock,
        rng=rng,
        tasks=announcements,
        probe_s=settings.balance_probe_seconds,
    )
    disk = disk_watch(settings, gate, clock)
    poller = Poller(
        jobs=store,
        requests=store,
        provider=provider,
        files=files,
        durations=durations,
        polling=polling,
        clock=clock,
        rng=rng,
        backpressure=backpressure,
        room_for_a_picture=disk.room_for_a_picture,
    )
    reference_transport = ReferenceTransport(
        requests=store,
        jobs=store,
        copies=copies,
        spool=files,
        uploads=provider,
        presenter=reconciler,
        clock=clock,
        rng=rng,
        transport=None if settings.reference_transport == "auto" else TransportMode(settings.reference_transport),
    )
    pipeline = Pipeline(
        jobs=store,
        requests=store,
        provider=provider,
        files=files,
        poller=poller,
        reference_transport=reference_transport,
        gate=gate,
        presenter=reconciler,
        durations=durations,
        clock=clock,
        rng=rng,
        owner=owner,
        count=counters.skipped,
    )
    admission = Admission(
        jobs=store,
        gate=gate,
        rate_limiter=RateLimiter(rng),
        clock=clock,
        owner=owner,
        backpressure=backpressure,
        start=pipeline.start,
    )
    pipeline.attach(admission)
    gate.on_change(admission.wake)
    reference_transport.on_arrival(admission.wake)
    intake = Intake(
        requests=store,
        jobs=store,
        drafts=store.drafts,
        rules=guild_rules,
        presenter=reconciler,
        check_room=disk.check,
        wake=admission.wake,
        fetch_references=reference_transport.fetch,
        references_copied=reference_transport.copied,
        credit_price_1k=settings.credit_price_1k,
        group_ratio=settings.group_ratio,
    )
    order_actions = OrderActions(
        requests=store,
        jobs=store,
        moves=store.moves,
        rules=guild_rules,
        presenter=reconciler,
        check_room=disk.check,
        wake=admission.wake,
    )
    answering = acknowledger(settings, store, client, intake, reconciler, backpressure, clock, word_filter)
    pictures = PictureActions(requests=store, jobs=store, presenter=reconciler, intake=intake)
    pictures.on_deletion(partial(tell_removal, log_writer))
    moderation = Moderation(blocks=store.blocks, requests=store, audit=store.audit, presenter=reconciler, clock=clock)
    moderation.on_change(
        blocked=partial(tell_block, log_writer),
        unblocked=partial(tell_unblock, log_writer),
        removed=partial(tell_removal, log_writer),
    )
    keep_days = settings.keep_originals_days
    library = Library(
        lists=store.lists, requests=store, jobs=store, files=files, fitter=SizeFitter(), keep_days=keep_days
    )
    retention = forgetting_of(settings, store, files, copies, counters, clock)
    client.services = Services(
        intake=intake,
        order_actions=order_actions,
        pictures=pictures,
        originals=Originals(pictures=pictures, files=files, keep_days=keep_days),
        presets=Presets(store.presets),
        privacy=Privacy(
            store=store.privacy,
            archives=ZipArchives(settings.data_dir / "archives"),
            retention=retention,
            presenter=reconciler,
            clock=clock,
        ),
        quotas=Quotas(store.quotas, guild_rules),
        guild_rules=guild_rules,
        moderation=moderation,
        server_log=log_writer,
        reports=reports(settings, store, clock),
        exporter=exporter(settings, store),
        acknowledger=answering,
        lookup=Lookup(store),
        cdn_hosts=settings.discord_cdn_hosts,
        remix_avatars=settings.remix_avatars,
        controls=controls(settings, gate, account),
        owners=owners,
        library=library,
        resend=Resend(library),
        limits=Limits(running=settings.per_user_running, pending=settings.per_user_pending, keep_days=keep_days),
    )
    components = Components(
        client=client,
        reconciler=reconciler,
        acknowledger=answering,
        gate=gate,
        reference_transport=reference_transport,
        pipeline=pipeline,
        admission=admission,
        housekeeping=Housekeeping(
            requests=store,
            drafts=store.drafts,
            jobs=store,
            files=files,
            copies=copies,
            retention=retention,
            orphans=OrphanSweep(store=store.orphans, files=files, copies=copies),
            clock=clock,
            keep=timedelta(days=settings.keep_originals_days),
            count=counters.skipped,
        ),
        balance_watch=balance_watch(settings, gate, account, alerts, store, clock),
        disk_watch=disk,
        tasks=tasks,
        announcements=announcements,
        log_writer=log_writer,
        word_filter=word_filter,
        failed=failed,
        alerts=alerts,
        failures=failures,
    )
    return components
