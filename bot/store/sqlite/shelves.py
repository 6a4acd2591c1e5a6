"""The parts of the store that are ports of their own, on the same two threads."""

from __future__ import annotations

from pathlib import Path

from bot.clock import Clock
from bot.domain.limits import Room
from bot.store.sqlite.answers import SqliteAnswers
from bot.store.sqlite.audit import SqliteAudit
from bot.store.sqlite.blocks import SqliteBlocks
from bot.store.sqlite.drafts import SqliteDrafts
from bot.store.sqlite.lists import SqliteLists
from bot.store.sqlite.moving import SqliteMoves
from bot.store.sqlite.presets import SqlitePresets
from bot.store.sqlite.privacy import SqlitePrivacy
from bot.store.sqlite.quotas import SqliteQuotas
from bot.store.sqlite.rules import SqliteRules
from bot.store.sqlite.statistics import SqliteStatistics
from bot.store.sqlite.strays import SqliteStrays
from bot.store.sqlite.writer import DatabaseThread


class Shelves:
    """Each attribute implements the port of its name."""

    def __init__(
        self,
        path: Path,
        *,
        reader: DatabaseThread,
        counter: DatabaseThread,
        writer: DatabaseThread,
        clock: Clock,
        room: Room,
    ) -> None:
        self.moves = SqliteMoves(reader=reader, writer=writer, clock=clock)
        """Implements MoveStore."""
        self.answers = SqliteAnswers(reader=reader, writer=writer)
        """Implements AnswerStore."""
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
        self.strays = SqliteStrays(reader=reader)
        """Implements StrayStore."""
