"""What the bot writes by itself: requests' messages, alerts for its owners, lines in servers' log channels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from bot.client import ImagineBot
from bot.composition.foundation import Foundation
from bot.media.contact_sheet import ReferenceSheets
from bot.media.fit import SizeFitter
from bot.messages.attachments import AttachmentBuilder
from bot.messages.fallback_chain import FallbackChain
from bot.messages.reconciler import Reconciler
from bot.notifications.log_channel import ChannelPoster, LogChannelWriter
from bot.notifications.log_lines import tell_delivery
from bot.notifications.owner_alerts import DirectAlerts
from bot.notifications.owners import Owners
from bot.services.rule_cache import RuleCache
from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """What writes through the client."""

    rule_cache: RuleCache
    log_writer: LogChannelWriter
    owners: Owners
    alerts: DirectAlerts
    reconciler: Reconciler


def build_messages(settings: Settings, base: Foundation, client: ImagineBot) -> Messages:
    """What writes through this client; the rules say where a server's log channel is."""
    rule_cache = RuleCache(base.store.rules, base.counters.skipped)
    log_writer = LogChannelWriter(
        ChannelPoster(client),
        base.clock,
        channel_of=rule_cache.log_channel,
        channels=base.store.rules.log_channels,
        count=base.counters.skipped,
    )
    owners = Owners(client, settings.owner_ids)
    return Messages(
        rule_cache=rule_cache,
        log_writer=log_writer,
        owners=owners,
        alerts=DirectAlerts(client, owners, log_writer),
        reconciler=_reconciler(base, client, log_writer),
    )


def _reconciler(base: Foundation, client: ImagineBot, log_writer: LogChannelWriter) -> Reconciler:
    sheets = ReferenceSheets(copies=base.copies, spool=base.files)
    return Reconciler(
        fallback_chain=FallbackChain(client, base.clock),
        requests=base.store,
        jobs=base.store,
        moves=base.store.moves,
        files=base.files,
        attachment_builder=AttachmentBuilder(files=base.files, fitter=SizeFitter(), sheets=sheets),
        clock=base.clock,
        rng=base.rng,
        owner=base.owner,
        backpressure=base.backpressure,
        on_delivery=[partial(tell_delivery, log_writer)],
    )
