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
    balance_watch,
    console,
    controls,
    disk_watch,
    exporting,
    forgetting_of,
    image_provider,
    learned_durations,
    on_database_death,
    reception,
    server_log,
    watchpost,
)
from bot.client import ImagineBot
from bot.clock import SystemClock
from bot.domain.limits import Limits
from bot.domain.schedule import Polling
from bot.lifecycle import Machinery, serve, take_up_work
from bot.media.contact_sheet import ReferenceSheets
from bot.media.fit import LadderFitter
from bot.media.reference_cache import ReferenceCopies
from bot.media.spool import Spool
from bot.media.zip_archives import ZipArchives
from bot.messages.attachments import Packer
from bot.messages.fallback_chain import Ladder
from bot.messages.reconciler import Courier
from bot.messages.resend import Handover
from bot.notifications.log_lines import tell_block, tell_delivery, tell_removal, tell_slow_pattern, tell_unblock
from bot.notifications.owner_alerts import DirectAlerts
from bot.notifications.owners import Owners
from bot.ops.backpressure import Pressure
from bot.ops.counters import Meters
from bot.ops.instance_lock import LINGERS_S, wait_for_lock
from bot.ops.runtime_tuning import quicken
from bot.ops.signals import StopSignals
from bot.ops.startup_checks import check_key
from bot.ops.watchdog import Watchman
from bot.queue.admission import Admission
from bot.queue.gate import GateKeeper
from bot.queue.pipeline import Pipeline
from bot.queue.polling import Fetcher
from bot.queue.rate_limiter import Pace
from bot.queue.reference_transport import Referencing, Transport
from bot.registry import Services
from bot.services.guild_rules import RuleBook
from bot.services.housekeeping import Housekeeping
from bot.services.intake import Intake
from bot.services.library import Collection
from bot.services.lookup import Inspection
from bot.services.moderation import Moderation
from bot.services.order_actions import Deciding
from bot.services.originals import Originals
from bot.services.orphans import Strays
from bot.services.picture_actions import Pictures
from bot.services.presets import Presets
from bot.services.privacy import Privacy
from bot.services.quotas import Quotas
from bot.services.word_filter import WordFilter
from bot.settings import Settings
from bot.store.sqlite.connection import ensure_data_dir
from bot.store.store import SqliteStore
from bot.tasks import TaskGroup


async def run(settings: Settings, watchman: Watchman, *, follows: int | None, failures: int) -> None:
    """Run the bot until SIGTERM or SIGINT, or until the pipe `follows` ends; it may have failed so often before.

    Raises StartupError where it cannot start, and BotError where it ends by itself.
    """
    quicken()
    os.umask(0o077)  # whatever is written from here on, by libraries too, is this user's alone
    required = settings.require("DISCORD_TOKEN", "APIMASTER_API_KEY")
    ensure_data_dir(settings.data_dir)
    clock = SystemClock()
    signals = StopSignals(clock, watchman, follows=follows)
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
        meters = Meters()
        machinery = await _assemble(settings, clock, store, provider, copies, meters, failures)
        if settings.http_port is not None:
            await stack.enter_async_context(watchpost(settings, settings.http_port, machinery, store, meters))
        await serve(machinery, required["DISCORD_TOKEN"].get_secret_value(), settings.discord_api_url, signals)


async def _assemble(
    settings: Settings,
    clock: SystemClock,
    store: SqliteStore,
    account: ApimasterClient,
    copies: ReferenceCopies,
    meters: Meters,
    failures: int,
) -> Machinery:
    provider = MeteredProvider(account, meters, clock)
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
        on_login=lambda: take_up_work(machinery),
        last_synced=lambda: store.fact("commands"),
        remember_synced=lambda digest: store.remember("commands", digest),
        count_malformed=meters.malformed,
    )
    pressure = Pressure()
    courier = Courier(
        ladder=Ladder(client, clock),
        requests=store,
        jobs=store,
        moves=store.moves,
        files=files,
        packer=Packer(files=files, fitter=LadderFitter(), sheets=ReferenceSheets(copies=copies, spool=files)),
        clock=clock,
        rng=rng,
        owner=owner,
        pressure=pressure,
    )
    word_filter = WordFilter(clock)
    rulebook = RuleBook(store.rules, store.blocks, clock, word_filter, meters.skipped)
    logbook = server_log(client, rulebook, store, meters, clock)
    courier.on_delivery(partial(tell_delivery, logbook))
    rulebook.on_slow_pattern(partial(tell_slow_pattern, logbook))
    owners = Owners(client, settings.owner_ids)
    alerts = DirectAlerts(client, owners, logbook)
    store.on_death(on_database_death(failed, announcements, alerts))
    gate = GateKeeper(
        gates=store,
        jobs=store,
        requests=store,
        presenter=courier,
        alerts=alerts,
        clock=clock,
        rng=rng,
        tasks=announcements,
        probe_s=settings.balance_probe_seconds,
    )
    disk = disk_watch(settings, gate, clock)
    fetcher = Fetcher(
        jobs=store,
        requests=store,
        provider=provider,
        files=files,
        durations=durations,
        polling=polling,
        clock=clock,
        rng=rng,
        pressure=pressure,
        room_for_a_picture=disk.room_for_a_picture,
    )
    referencing = Referencing(
        requests=store,
        jobs=store,
        copies=copies,
        spool=files,
        uploads=provider,
        presenter=courier,
        clock=clock,
        rng=rng,
        transport=None if settings.reference_transport == "auto" else Transport(settings.reference_transport),
    )
    pipeline = Pipeline(
        jobs=store,
        requests=store,
        provider=provider,
        files=files,
        fetcher=fetcher,
        referencing=referencing,
        gate=gate,
        presenter=courier,
        durations=durations,
        clock=clock,
        rng=rng,
        owner=owner,
        count=meters.skipped,
    )
    admission = Admission(
        jobs=store, gate=gate, pace=Pace(rng), clock=clock, owner=owner, pressure=pressure, start=pipeline.start
    )
    pipeline.attach(admission)
    gate.on_change(admission.wake)
    referencing.on_arrival(admission.wake)
    intake = Intake(
        requests=store,
        jobs=store,
        drafts=store.drafts,
        rules=rulebook,
        presenter=courier,
        check_room=disk.check,
        wake=admission.wake,
        fetch_references=referencing.fetch,
        references_copied=referencing.copied,
        credit_price_1k=settings.credit_price_1k,
        group_ratio=settings.group_ratio,
    )
    deciding = Deciding(
        requests=store,
        jobs=store,
        moves=store.moves,
        rules=rulebook,
        presenter=courier,
        check_room=disk.check,
        wake=admission.wake,
    )
    answering = reception(settings, store, client, intake, courier, pressure, clock, word_filter)
    pictures = Pictures(requests=store, jobs=store, presenter=courier, intake=intake)
    pictures.on_deletion(partial(tell_removal, logbook))
    moderation = Moderation(blocks=store.blocks, requests=store, audit=store.audit, presenter=courier, clock=clock)
    moderation.on_change(
        blocked=partial(tell_block, logbook),
        unblocked=partial(tell_unblock, logbook),
        removed=partial(tell_removal, logbook),
    )
    keep_days = settings.keep_originals_days
    collection = Collection(
        lists=store.lists, requests=store, jobs=store, files=files, fitter=LadderFitter(), keep_days=keep_days
    )
    forgetting = forgetting_of(settings, store, files, copies, meters, clock)
    client.services = Services(
        intake=intake,
        deciding=deciding,
        pictures=pictures,
        originals=Originals(pictures=pictures, files=files, keep_days=keep_days),
        presets=Presets(store.presets),
        privacy=Privacy(
            store=store.privacy,
            archives=ZipArchives(settings.data_dir / "archives"),
            forgetting=forgetting,
            presenter=courier,
            clock=clock,
        ),
        quotas=Quotas(store.quotas, rulebook),
        rulebook=rulebook,
        moderation=moderation,
        server_log=logbook,
        console=console(settings, store, clock),
        exporting=exporting(settings, store),
        reception=answering,
        inspection=Inspection(store),
        cdn_hosts=settings.discord_cdn_hosts,
        remix_avatars=settings.remix_avatars,
        controls=controls(settings, gate, account),
        owners=owners,
        collection=collection,
        handover=Handover(collection),
        limits=Limits(running=settings.per_user_running, pending=settings.per_user_pending, keep_days=keep_days),
    )
    machinery = Machinery(
        client=client,
        courier=courier,
        reception=answering,
        gate=gate,
        referencing=referencing,
        pipeline=pipeline,
        admission=admission,
        housekeeping=Housekeeping(
            requests=store,
            drafts=store.drafts,
            jobs=store,
            files=files,
            copies=copies,
            forgetting=forgetting,
            strays=Strays(store=store.strays, files=files, copies=copies),
            clock=clock,
            keep=timedelta(days=settings.keep_originals_days),
            count=meters.skipped,
        ),
        balance_watch=balance_watch(settings, gate, account, alerts, store, clock),
        disk_watch=disk,
        tasks=tasks,
        announcements=announcements,
        logbook=logbook,
        word_filter=word_filter,
        failed=failed,
        alerts=alerts,
        failures=failures,
    )
    return machinery
