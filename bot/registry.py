"""What a cog may reach through `bot.services`; built in app.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.limits import Limits
from bot.interactions.acknowledge import Reception
from bot.interactions.authorization import Vouchers
from bot.interactions.debounce import Gestures
from bot.messages.resend import Handover
from bot.notifications.owners import Owners
from bot.ports.outputs import ServerLog
from bot.services.admin import Controls
from bot.services.export import Exporting
from bot.services.guild_rules import RuleBook
from bot.services.intake import Intake
from bot.services.library import Collection
from bot.services.lookup import Inspection
from bot.services.moderation import Moderation
from bot.services.order_actions import Deciding
from bot.services.originals import Originals
from bot.services.picture_actions import Pictures
from bot.services.presets import Presets
from bot.services.privacy import Privacy
from bot.services.quotas import Quotas
from bot.services.reports import Console
from bot.ui.form_binding import OpenForms


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services behind commands and buttons."""

    intake: Intake
    deciding: Deciding
    pictures: Pictures
    originals: Originals
    presets: Presets
    privacy: Privacy
    quotas: Quotas
    rulebook: RuleBook
    moderation: Moderation
    server_log: ServerLog
    console: Console
    exporting: Exporting
    reception: Reception
    controls: Controls
    owners: Owners
    collection: Collection
    handover: Handover
    limits: Limits
    inspection: Inspection
    cdn_hosts: tuple[str, ...]
    """The hosts from which pictures are taken."""
    remix_avatars: bool
    gestures: Gestures = field(default_factory=Gestures)
    vouchers: Vouchers = field(default_factory=Vouchers)
    open_forms: OpenForms = field(default_factory=OpenForms)
