"""Where servers' rules and blocked members are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.audit import NewAuditEntry
from bot.domain.rules import Block, ServerRules, Setting, WordRule


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPrompt:
    """What was asked for in a server: the whole prompt, and the number of its first picture."""

    job_id: int
    user_id: int
    private: bool
    prompt: str


class RuleStore(Protocol):
    """Rules by server. Every method may raise StoreError; what is changed is audited in the same transaction."""

    async def rules(self, guild_id: int) -> ServerRules:
        """A server's rules; those that hold without settings where it has none."""
        ...

    async def change(self, guild_id: int, setting: Setting, rules: ServerRules, entry: NewAuditEntry) -> None:
        """Store one setting as it stands in these rules."""
        ...

    async def add_words(self, guild_id: int, rule: WordRule, entry: NewAuditEntry) -> int:
        """Store a rule about words, in place of one with the same pattern; returns its number. Refused where full."""
        ...

    async def remove_words(self, guild_id: int, rule_id: int, entry: NewAuditEntry) -> bool:
        """Forget a rule about words; False where there is none of this number."""
        ...

    async def log_channels(self) -> Mapping[int, int]:
        """The log channel of each server that has one."""
        ...

    async def latest_prompts(self, guild_id: int, *, most: int) -> list[PastPrompt]:
        """What was asked for last in a server, the newest first."""
        ...


class BlockStore(Protocol):
    """Blocked members by server. Every method may raise StoreError."""

    async def block(self, block: Block, entry: NewAuditEntry) -> Sequence[int]:
        """Block a member, in place of an earlier block, and take back for free what waits of theirs in this server.

        Returns the requests whose jobs were taken back.
        """
        ...

    async def unblock(self, guild_id: int, member_id: int, entry: NewAuditEntry) -> bool:
        """End a block; False where there is none."""
        ...

    async def block_of(self, guild_id: int, member_id: int) -> Block | None:
        """A member's block, ended ones included."""
        ...

    async def blocks(self, guild_id: int) -> list[Block]:
        """All blocks of a server, ended ones included, the newest first."""
        ...
