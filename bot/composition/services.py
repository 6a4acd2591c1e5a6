"""The services behind commands and buttons."""

from __future__ import annotations

from functools import partial

from bot.apimaster.client import ApimasterClient
from bot.client import ImagineBot
from bot.composition.foundation import Foundation
from bot.composition.messages import Messages
from bot.composition.queue import Queue
from bot.domain.limits import Limits
from bot.interactions.acknowledge import Acknowledger
from bot.interactions.pending_responses import PendingResponses
from bot.interactions.throttle import Throttle
from bot.media.chart_process import ChartProcess
from bot.media.csv_export import CsvTables
from bot.media.fit import SizeFitter
from bot.media.zip_archives import ZipArchives
from bot.messages.interrupted import notify_interrupted
from bot.messages.resend import Resend
from bot.notifications.log_lines import tell_block, tell_removal, tell_slow_pattern, tell_unblock
from bot.registry import Services
from bot.services.admin import Admin
from bot.services.export import Exporter
from bot.services.guild_rules import GuildRules
from bot.services.intake import Intake
from bot.services.library import Library
from bot.services.lookup import Lookup
from bot.services.moderation import Moderation
from bot.services.order_actions import OrderActions
from bot.services.originals import Originals
from bot.services.picture_actions import PictureActions
from bot.services.presets import Presets
from bot.services.privacy import Privacy
from bot.services.quotas import Quotas
from bot.services.reports import Reports
from bot.services.retention import Retention
from bot.services.word_filter import WordFilter
from bot.settings import Settings
from bot.store.metrics import SqliteFigures
from bot.ui.card import render
from bot.ui.confirm import ask_first


def build_services(
    settings: Settings,
    base: Foundation,
    messages: Messages,
    queue: Queue,
    *,
    client: ImagineBot,
    account: ApimasterClient,
    word_filter: WordFilter,
    retention: Retention,
) -> Services:
    """Everything that a cog may reach."""
    store, keep_days = base.store, settings.keep_originals_days
    guild_rules = _guild_rules(base, messages, word_filter)
    intake = _intake(settings, base, messages, queue, guild_rules)
    pictures = PictureActions(
        requests=store,
        jobs=store,
        presenter=messages.reconciler,
        on_deletion=[partial(tell_removal, messages.log_writer)],
    )
    library = Library(
        lists=store.lists, requests=store, jobs=store, files=base.files, fitter=SizeFitter(), keep_days=keep_days
    )
    return Services(
        intake=intake,
        order_actions=_order_actions(base, messages, queue, guild_rules),
        pictures=pictures,
        originals=Originals(pictures=pictures, files=base.files, keep_days=keep_days),
        presets=Presets(store.presets),
        privacy=_privacy(settings, base, messages, retention),
        quotas=Quotas(store.quotas, guild_rules),
        guild_rules=guild_rules,
        moderation=_moderation(base, messages),
        server_log=messages.log_writer,
        reports=_reports(settings, base),
        exporter=_exporter(settings, base),
        acknowledger=_acknowledger(settings, base, messages, intake, word_filter, client),
        lookup=Lookup(store),
        cdn_hosts=settings.discord_cdn_hosts,
        remix_avatars=settings.remix_avatars,
        controls=_admin(settings, queue, account),
        owners=messages.owners,
        library=library,
        resend=Resend(library),
        limits=Limits(running=settings.per_user_running, pending=settings.per_user_pending, keep_days=keep_days),
    )


def build_retention(settings: Settings, base: Foundation) -> Retention:
    """What wipes requests in time and at members' wish."""
    return Retention(
        store=base.store.privacy,
        files=base.files,
        copies=base.copies,
        clock=base.clock,
        retention_days=settings.retention_days,
        count=base.counters.skipped,
    )


def _guild_rules(base: Foundation, messages: Messages, word_filter: WordFilter) -> GuildRules:
    return GuildRules(
        messages.rule_cache,
        store=base.store.rules,
        blocks=base.store.blocks,
        clock=base.clock,
        words=word_filter,
        on_slow_pattern=[partial(tell_slow_pattern, messages.log_writer)],
    )


def _intake(settings: Settings, base: Foundation, messages: Messages, queue: Queue, guild_rules: GuildRules) -> Intake:
    return Intake(
        requests=base.store,
        jobs=base.store,
        drafts=base.store.drafts,
        rules=guild_rules,
        presets=Presets(base.store.presets),
        presenter=messages.reconciler,
        check_room=queue.disk_monitor.check,
        wake=queue.wakeup.wake,
        fetch_references=queue.reference_transport.fetch,
        references_copied=queue.reference_transport.copied,
        credit_price_1k=settings.credit_price_1k,
        group_ratio=settings.group_ratio,
    )


def _order_actions(base: Foundation, messages: Messages, queue: Queue, guild_rules: GuildRules) -> OrderActions:
    return OrderActions(
        requests=base.store,
        jobs=base.store,
        moves=base.store.moves,
        rules=guild_rules,
        presenter=messages.reconciler,
        check_room=queue.disk_monitor.check,
        wake=queue.wakeup.wake,
    )


def _acknowledger(
    settings: Settings,
    base: Foundation,
    messages: Messages,
    intake: Intake,
    word_filter: WordFilter,
    client: ImagineBot,
) -> Acknowledger:
    """What gives interactions their first answer."""
    store, backpressure, clock = base.store, base.backpressure, base.clock
    notify = partial(notify_interrupted, client)
    return Acknowledger(
        intake=intake,
        requests=store,
        presenter=messages.reconciler,
        render=partial(render, files={}),
        ask_first=ask_first,
        backpressure=backpressure,
        held=store.answers,
        pending_responses=PendingResponses(store=store.answers, notify=notify, backpressure=backpressure, clock=clock),
        flood=Throttle(store.lists, clock, pending=settings.per_user_pending),
        clock=clock,
        check_takes_long=word_filter.takes_long,
    )


def _moderation(base: Foundation, messages: Messages) -> Moderation:
    return Moderation(
        blocks=base.store.blocks,
        requests=base.store,
        audit=base.store.audit,
        presenter=messages.reconciler,
        clock=base.clock,
        on_block=[partial(tell_block, messages.log_writer)],
        on_unblock=[partial(tell_unblock, messages.log_writer)],
        on_removal=[partial(tell_removal, messages.log_writer)],
    )


def _privacy(settings: Settings, base: Foundation, messages: Messages, retention: Retention) -> Privacy:
    return Privacy(
        store=base.store.privacy,
        archives=ZipArchives(settings.data_dir / "archives"),
        retention=retention,
        presenter=messages.reconciler,
        clock=base.clock,
    )


def _reports(settings: Settings, base: Foundation) -> Reports:
    """What moderators see; its charts' fonts are kept with the rest of the data."""
    store, painter = base.store, ChartProcess(settings.data_dir / "matplotlib")
    return Reports(statistics=store.statistics, audit=store.audit, jobs=store, painter=painter, clock=base.clock)


def _exporter(settings: Settings, base: Foundation) -> Exporter:
    """What moderators take away; its files lie where the data lies for as long as they are sent."""
    tables = CsvTables(settings.data_dir / "exports")
    return Exporter(statistics=base.store.statistics, tables=tables, audit=base.store.audit)


def _admin(settings: Settings, queue: Queue, account: ApimasterClient) -> Admin:
    """What the people who run the bot see and do."""
    database = settings.data_dir / "bot.db"
    return Admin(gate=queue.gate, figures=SqliteFigures(database), read_balance=account.balance, database=database)
