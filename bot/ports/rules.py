"""Storage of servers' rules and blocked members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.audit import NewAuditEntry
from bot.domain.rules import Block, ServerRules, Setting, WordRule


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPrompt:
    """A prompt ordered in a server: the whole prompt, and the id of its first picture."""

    job_id: int
    user_id: int
    private: bool
    prompt: str


class RuleStore(Protocol):
    """Rules by server. Every method may raise StoreError; changes are audited in the same transaction."""

    async def rules(self, guild_id: int) -> ServerRules:
        """A server's rules; the defaults if it has none."""
        ...

    async def change(self, guild_id: int, setting: Setting, rules: ServerRules, entry: NewAuditEntry) -> None:
        """Store one setting with its value in these rules."""
        ...

    async def add_words(self, guild_id: int, rule: WordRule, entry: NewAuditEntry) -> int:
        """Store a word rule, replacing one with the same pattern; returns its id. Raises Refusal when full."""
        ...

    async def remove_words(self, guild_id: int, rule_id: int, entry: NewAuditEntry) -> bool:
        """Delete a word rule; False if there is none with this id."""
        ...

    async def log_channels(self) -> Mapping[int, int]:
        """The log channel of each server that has one."""
        ...

    async def latest_prompts(self, guild_id: int, *, most: int) -> list[PastPrompt]:
        """A server's latest prompts, newest first."""
        ...


class BlockStore(Protocol):
    """Blocked members by server. Every method may raise StoreError."""

    async def block(self, block: Block, entry: NewAuditEntry) -> Sequence[int]:
        """Block a member, replacing an earlier block, and cancel their waiting jobs in this server for free.

        Returns the requests whose jobs were cancelled.
        """
        ...

    async def unblock(self, guild_id: int, member_id: int, entry: NewAuditEntry) -> bool:
        """End a block; False if there is none."""
        ...

    async def block_of(self, guild_id: int, member_id: int) -> Block | None:
        """A member's block, including an ended one."""
        ...

    async def blocks(self, guild_id: int) -> list[Block]:
        """All blocks of a server, including ended ones, newest first."""
        ...
