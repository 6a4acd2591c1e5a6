"""The parts of the store that implement ports of their own, on the same two threads."""

from __future__ import annotations

from pathlib import Path

from bot.clock import Clock
from bot.domain.limits import QueueLimits
from bot.store.audit import SqliteAudit
from bot.store.blocks import SqliteBlocks
from bot.store.drafts import SqliteDrafts
from bot.store.lists import SqliteLists
from bot.store.make_private import SqliteMoves
from bot.store.orphans import SqliteStrays
from bot.store.pending_responses import SqliteAnswers
from bot.store.presets import SqlitePresets
from bot.store.privacy import SqlitePrivacy
from bot.store.quotas import SqliteQuotas
from bot.store.rules import SqliteRules
from bot.store.sqlite.writer import DatabaseThread
from bot.store.statistics import SqliteStatistics


class Facets:
    """Each attribute implements the port of its name."""

    def __init__(
        self,
        path: Path,
        *,
        reader: DatabaseThread,
        counter: DatabaseThread,
        writer: DatabaseThread,
        clock: Clock,
        room: QueueLimits,
    ) -> None:
        self.moves = SqliteMoves(reader=reader, writer=writer, clock=clock)
        """Implements MoveStore."""
        self.answers = SqliteAnswers(reader=reader, writer=writer)
        """Implements PendingResponseStore."""
        self.lists = SqliteLists(reader=reader, writer=writer, clock=clock)
        """Implements ListStore."""
        self.presets = SqlitePresets(reader=reader, writer=writer, clock=clock)
        """Implements PresetStore."""
        self.drafts = SqliteDrafts(reader=reader, writer=writer, clock=clock, room=room)
        """Implements DraftStore."""
        self.audit = SqliteAudit(reader=reader, writer=writer, clock=clock)
        """Implements AuditStore."""
        self.rules = SqliteRules(reader=reader, writer=writer, clock=clock)
        """Implements RuleStore."""
        self.blocks = SqliteBlocks(reader=reader, writer=writer, clock=clock)
        """Implements BlockStore."""
        self.quotas = SqliteQuotas(reader=reader, writer=writer, clock=clock)
        """Implements QuotaStore."""
        self.statistics = SqliteStatistics(path, reader=counter)
        """Implements StatisticsStore."""
        self.privacy = SqlitePrivacy(reader=reader, writer=writer, clock=clock)
        """Implements PrivacyStore."""
        self.orphans = SqliteStrays(reader=reader)
        """Implements StrayStore."""
