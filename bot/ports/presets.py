"""Where presets are kept."""

from __future__ import annotations

from typing import Protocol

from bot.domain.preset import Preset, PresetOwner


class PresetStore(Protocol):
    """Presets of members and servers. Every method may raise StoreError."""

    async def within_reach(self, user_id: int, guild_id: int | None) -> list[Preset]:
        """A member's own presets and those of the server they are in, if any."""
        ...

    async def save(self, shelf: PresetOwner, preset: Preset, by_user_id: int) -> bool:
        """Keep a preset, in place of one of the same name; returns whether there was one. Refused where it is full."""
        ...

    async def delete(self, shelf: PresetOwner, name: str) -> bool:
        """Forget a preset; False where there is none of that name."""
        ...
