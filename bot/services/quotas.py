"""What members have left of their quotas, and the quotas that those who manage a server set."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.audit import AuditAction, NewAuditEntry
from bot.domain.errors import Refusal
from bot.domain.job import Origin
from bot.domain.quota import EVERYONE, Limit, Quota, Standing, limit_text, parse_amount, with_rules
from bot.ports.quotas import QuotaStore
from bot.services.guild_rules import GuildRules
from bot.services.presets import PresetEditor


class Quotas:
    """The service behind `/quota` and `/quotas`. Orders are checked where they are stored, not here."""

    def __init__(self, store: QuotaStore, guild_rules: GuildRules) -> None:
        self._store = store
        self._guild_rules = guild_rules

    async def standing(self, origin: Origin) -> Standing | None:
        """What limits the member who asks, by quotas and by the server's rules, and what they used.

        None outside of servers.
        """
        if origin.guild_id is None:
            return None
        standing = await self._store.standing(origin.guild_id, origin.user_id, origin.role_ids)
        return with_rules(standing, await self._guild_rules.of(origin.guild_id))

    async def of_server(self, guild_id: int) -> tuple[list[Quota], Standing]:
        """A server's quotas, that of everyone first, and how its own limit stands."""
        quotas = await self._store.quotas(guild_id)
        return quotas, await self._store.standing(guild_id, EVERYONE, ())

    async def removable(self, guild_id: int) -> list[Quota]:
        """The quotas of everyone and of roles; the server's own limit is not one of them."""
        quotas = await self._store.quotas(guild_id)
        return [quota for quota in quotas if quota.limits.keys() - {Limit.SERVER_CREDITS_MONTH}]

    async def change(self, keeper: PresetEditor, role_id: int, wishes: Mapping[Limit, str]) -> None:
        """Set limits as they were typed, of a role or of everyone; refuses what is no amount."""
        guild_id = _managed(keeper)
        role_id = _quota_of(role_id, guild_id)
        limits = {limit: parse_amount(limit, typed) for limit, typed in wishes.items()}
        if not limits:
            raise Refusal("quota_no_wish")
        told = ", ".join(limit_text(limit, amount) for limit, amount in limits.items())
        entry = _entry(keeper, guild_id, AuditAction.QUOTA, f"{_whose(role_id)}: {told}")
        await self._store.set(role_id, limits, entry)

    async def remove(self, keeper: PresetEditor, role_id: int) -> None:
        """Forget the quota of a role, there still or not, or that of everyone."""
        guild_id = _managed(keeper)
        role_id = _quota_of(role_id, guild_id)
        entry = _entry(keeper, guild_id, AuditAction.QUOTA, f"{_whose(role_id)}: removed")
        if not await self._store.remove(role_id, entry):
            raise Refusal("no_such_quota")

    async def reset(self, keeper: PresetEditor, member_id: int) -> None:
        """Let a member begin this day and month anew; refuses who may not manage the server."""
        guild_id = _managed(keeper)
        entry = NewAuditEntry(
            guild_id=guild_id, actor_id=keeper.user_id, action=AuditAction.QUOTA_RESET, member_id=member_id
        )
        await self._store.reset(member_id, entry)


def _server(keeper: PresetEditor) -> int:
    if keeper.guild_id is None:
        raise Refusal("servers_only")
    return keeper.guild_id


def _managed(keeper: PresetEditor) -> int:
    """The server whose quotas are to be changed; raises Refusal for those who may not."""
    guild_id = _server(keeper)
    if not keeper.manages:
        raise Refusal("managers_only")
    return guild_id


def _quota_of(role_id: int, guild_id: int) -> int:
    """Discord's role of everyone has the number of its server."""
    return EVERYONE if role_id == guild_id else role_id


def _whose(role_id: int) -> str:
    return "@everyone" if role_id == EVERYONE else f"<@&{role_id}>"


def _entry(keeper: PresetEditor, guild_id: int, action: AuditAction, detail: str) -> NewAuditEntry:
    return NewAuditEntry(guild_id=guild_id, actor_id=keeper.user_id, action=action, detail=detail)
