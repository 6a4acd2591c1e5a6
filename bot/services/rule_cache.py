"""Servers' rules, read once and kept until they change, so that a refusal is immediate."""

from __future__ import annotations

import logging

from bot.domain.rules import ServerRules, Setting
from bot.ops.skip_errors import Count, uncounted
from bot.ports.rules import RuleStore

log = logging.getLogger(__name__)


class RuleCache:
    """The rules of every server that somebody asked about since the start."""

    def __init__(self, store: RuleStore, count: Count = uncounted) -> None:
        self._store = store
        self._count = count
        self._reported: set[tuple[int, Setting]] = set()
        self._known: dict[int, ServerRules] = {}
        self._changes = 0

    async def of(self, guild_id: int) -> ServerRules:
        """A server's rules. Raises StoreError where they are asked for first and cannot be read."""
        known = self._known.get(guild_id)
        if known is not None:
            return known
        before = self._changes
        rules = await self._store.rules(guild_id)
        self._report(guild_id, rules)
        if self._changes == before:  # else they may be older than what was just changed
            self._known[guild_id] = rules
        return rules

    async def log_channel(self, guild_id: int) -> int | None:
        """Where a server wants to read what happens; None for nowhere."""
        return (await self.of(guild_id)).log_channel

    def forget(self, guild_id: int) -> None:
        """Read a server's rules again when they are asked for next."""
        self._changes += 1
        self._known.pop(guild_id, None)

    def _report(self, guild_id: int, rules: ServerRules) -> None:
        """Log and count, once each, settings whose stored value is not valid."""
        for setting in rules.unreadable:
            if (guild_id, setting) not in self._reported:
                self._reported.add((guild_id, setting))
                log.warning("setting_unreadable", extra={"guild_id": guild_id, "setting": setting.value})
                self._count("rules")
