"""Storage of presets."""

from __future__ import annotations

from typing import Protocol

from bot.domain.preset import Preset, PresetOwner


class PresetStore(Protocol):
    """Presets of members and servers. Every method may raise StoreError."""

    async def within_reach(self, user_id: int, guild_id: int | None) -> list[Preset]:
        """A member's own presets and those of their current server, if any."""
        ...

    async def save(self, shelf: PresetOwner, preset: Preset, by_user_id: int) -> bool:
        """Store a preset, replacing one of the same name; returns whether there was one. Raises Refusal when full."""
        ...

    async def delete(self, shelf: PresetOwner, name: str) -> bool:
        """Delete a preset; False if there is none of that name."""
        ...
