"""Storage of quotas and of their usage."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from bot.domain.audit import NewAuditEntry
from bot.domain.quota import Limits, Quota, Standing


class QuotaStore(Protocol):
    """Quotas by server. Every change is stored with its audit entry. Every method may raise StoreError.

    Orders are checked against quotas in the transaction that accepts them.
    """

    async def quotas(self, guild_id: int) -> list[Quota]:
        """A server's quotas, the one for everyone first."""
        ...

    async def standing(self, guild_id: int, user_id: int, role_ids: Collection[int]) -> Standing:
        """The limits of a member with these roles at this moment, and the member's usage."""
        ...

    async def set(self, role_id: int, limits: Limits, entry: NewAuditEntry) -> None:
        """Set some limits of a role or of everyone; its other limits stay unchanged."""
        ...

    async def remove(self, role_id: int, entry: NewAuditEntry) -> bool:
        """Delete a role's quota; False if there is none."""
        ...

    async def reset(self, user_id: int, entry: NewAuditEntry) -> None:
        """Reset a member's daily and monthly usage; the server's total usage is unchanged."""
        ...
