"""What a cog may reach through `bot.services`, and what runs beside it; built in `bot/composition/`."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.limits import Limits
from bot.interactions.acknowledge import Acknowledger
from bot.interactions.authorization import CommandAuthorizations
from bot.interactions.debounce import PressDebouncer
from bot.messages.reconciler import Reconciler
from bot.messages.resend import Resend
from bot.notifications.log_channel import LogChannelWriter
from bot.notifications.owners import Owners
from bot.ports import OwnerAlerts
from bot.ports.outputs import ServerLog
from bot.queue.admission import Admission
from bot.queue.balance_monitor import BalanceMonitor
from bot.queue.disk_monitor import DiskMonitor
from bot.queue.gate import SubmissionGate
from bot.queue.pipeline import Pipeline
from bot.queue.reference_transport import ReferenceTransport
from bot.services.admin import Admin
from bot.services.export import Exporter
from bot.services.guild_rules import GuildRules
from bot.services.housekeeping import Housekeeping
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
from bot.services.word_filter import WordFilter
from bot.tasks import FirstFailure, TaskGroup
from bot.ui.form_binding import OpenForms


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services behind commands and buttons."""

    intake: Intake
    order_actions: OrderActions
    pictures: PictureActions
    originals: Originals
    presets: Presets
    privacy: Privacy
    quotas: Quotas
    guild_rules: GuildRules
    moderation: Moderation
    server_log: ServerLog
    reports: Reports
    exporter: Exporter
    acknowledger: Acknowledger
    controls: Admin
    owners: Owners
    library: Library
    resend: Resend
    limits: Limits
    lookup: Lookup
    cdn_hosts: tuple[str, ...]
    """The hosts from which pictures are taken."""
    remix_avatars: bool
    debouncer: PressDebouncer = field(default_factory=PressDebouncer)
    authorizations: CommandAuthorizations = field(default_factory=CommandAuthorizations)
    open_forms: OpenForms = field(default_factory=OpenForms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """What runs while the bot is up."""

    services: Services
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
    failure: FirstFailure
    """Of a background task, or of the database: the bot cannot do without them."""
    alerts: OwnerAlerts
