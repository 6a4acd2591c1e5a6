"""Servers' rules, kept at hand, so that a refusal is immediate; each change is stored, audited and holds at once."""

from __future__ import annotations

from bot.domain.audit import AuditAction, NewAuditEntry
from bot.domain.rules import ServerRules, Setting, with_setting
from bot.ports.rules import RuleStore


class RuleBook:
    """The rules of every server that somebody asked about since the start."""

    def __init__(self, store: RuleStore) -> None:
        self._store = store
        self._known: dict[int, ServerRules] = {}
        self._changes = 0

    async def of(self, guild_id: int) -> ServerRules:
        """A server's rules. Raises StoreError where they are asked for first and cannot be read."""
        known = self._known.get(guild_id)
        if known is not None:
            return known
        before = self._changes
        rules = await self._store.rules(guild_id)
        if self._changes == before:  # else they may be older than what was just changed
            self._known[guild_id] = rules
        return rules

    async def log_channel(self, guild_id: int) -> int | None:
        """Where a server wants to read what happens; None for nowhere."""
        return (await self.of(guild_id)).log_channel

    async def change(self, guild_id: int, actor_id: int, setting: Setting, value: object, detail: str) -> ServerRules:
        """Set one thing; returns the rules that hold then. Jobs accepted before keep the rules of then."""
        rules = with_setting(await self.of(guild_id), setting, value)
        entry = NewAuditEntry(guild_id=guild_id, actor_id=actor_id, action=AuditAction.SETTING, detail=detail)
        try:
            await self._store.change(guild_id, setting, rules, entry)
        finally:
            self._forget(guild_id)
        return await self.of(guild_id)

    def _forget(self, guild_id: int) -> None:
        """Read a server's rules anew when they are asked for next."""
        self._changes += 1
        self._known.pop(guild_id, None)
