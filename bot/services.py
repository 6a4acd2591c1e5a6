"""What a cog may reach through `bot.services`; built in app.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.limits import Limits
from bot.handover import Handover
from bot.jobs.collecting import Collection
from bot.jobs.console import Console
from bot.jobs.controls import Controls
from bot.jobs.deciding import Deciding
from bot.jobs.exporting import Exporting
from bot.jobs.inspecting import Inspection
from bot.jobs.intake import Intake
from bot.jobs.moderation import Moderation
from bot.jobs.originals import Originals
from bot.jobs.pictures import Pictures
from bot.jobs.presets import Presets
from bot.jobs.privacy import Privacy
from bot.jobs.quotas import Quotas
from bot.jobs.rulebook import RuleBook
from bot.owners import Owners
from bot.ports.people import ServerLog
from bot.reception import Reception
from bot.ui.form_binding import OpenForms
from bot.ui.gestures import Gestures
from bot.ui.vouching import Vouchers


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
