"""Styles: saved, listed, deleted, and added to a picture that is being ordered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.errors import Refusal
from bot.domain.picture import PictureSpec
from bot.domain.policy import with_style
from bot.domain.preset import Preset, PresetOwner, checked_preset, chosen, offered
from bot.ports.presets import PresetStore


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetEditor:
    """A member, where they are, and whether they may change what belongs to the server there."""

    user_id: int
    guild_id: int | None
    manages: bool = False


class Presets:
    """The service behind `/style` and the `style` option. Refusals are told to the member."""

    def __init__(self, store: PresetStore) -> None:
        self._store = store

    async def of(self, keeper: PresetEditor) -> list[Preset]:
        """The member's own presets, then those of the server they are in."""
        return await self._store.within_reach(keeper.user_id, keeper.guild_id)

    async def styled(self, spec: PictureSpec, style: str | None, keeper: PresetEditor) -> PictureSpec:
        """A picture in the style of this name, if one was named. The style's words are the picture's from then on."""
        if style is None:
            return spec
        preset = chosen(style, await self.of(keeper))
        return with_style(spec, preset.name, preset.text)

    async def offers(self, typed: str, keeper: PresetEditor) -> list[Preset]:
        """What may be meant by what a member typed so far, the likeliest first."""
        return offered(typed, await self.of(keeper))

    async def deletable(self, typed: str, keeper: PresetEditor, *, server: bool) -> list[Preset]:
        """The same among those that they may delete: their own, or the server's; raises Refusal as `delete` does."""
        _shelf(keeper, server=server)
        return offered(typed, _of_kind(await self.of(keeper), server=server))

    async def save(self, name: str, text: str, keeper: PresetEditor, *, server: bool) -> tuple[Preset, bool]:
        """Keep a preset; returns it, and whether it took the place of one of the same name."""
        preset = checked_preset(name, text, server=server)
        return preset, await self._store.save(_shelf(keeper, server=server), preset, keeper.user_id)

    async def delete(self, name: str, keeper: PresetEditor, *, server: bool) -> Preset:
        """Forget a preset and return it. Pictures that were ordered with it keep its words."""
        shelf = _shelf(keeper, server=server)
        preset = chosen(name, _of_kind(await self.of(keeper), server=server))
        await self._store.delete(shelf, preset.name)
        return preset


def _of_kind(presets: Sequence[Preset], *, server: bool) -> list[Preset]:
    return [preset for preset in presets if preset.server == server]


def _shelf(keeper: PresetEditor, *, server: bool) -> PresetOwner:
    """Where a preset of this kind belongs; raises Refusal for a server's that the member may not change."""
    if not server:
        return PresetOwner(owner_id=keeper.user_id, server=False)
    if keeper.guild_id is None:
        raise Refusal("no_server")
    if not keeper.manages:
        raise Refusal("not_manager")
    return PresetOwner(owner_id=keeper.guild_id, server=True)
