"""Where quotas are kept, and what was used of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from bot.domain.audit import NewAuditEntry
from bot.domain.quota import Limits, Quota, Standing


class QuotaStore(Protocol):
    """Quotas by server. Every change goes along with its audit entry. Every method may raise StoreError.

    Orders are checked against them where they are accepted, in the same transaction.
    """

    async def quotas(self, guild_id: int) -> list[Quota]:
        """A server's quotas, that of everyone first."""
        ...

    async def standing(self, guild_id: int, user_id: int, role_ids: Collection[int]) -> Standing:
        """What limits a member with these roles at this moment, and what they used."""
        ...

    async def set(self, role_id: int, limits: Limits, entry: NewAuditEntry) -> None:
        """Set some limits of a role, or of everyone; its others stay."""
        ...

    async def remove(self, role_id: int, entry: NewAuditEntry) -> bool:
        """Forget a role's quota; False where there is none."""
        ...

    async def reset(self, user_id: int, entry: NewAuditEntry) -> None:
        """Let a member begin this day and month anew; what the server spent stays spent."""
        ...
