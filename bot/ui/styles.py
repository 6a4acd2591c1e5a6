"""Lists of presets: proposals in autocompletes, and the list of `/style show`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import discord
from discord import app_commands

from bot.domain.preset import Preset
from bot.domain.word_matching import cut
from bot.localization.catalogue import Words
from bot.localization.escape import escaped

_MOST_PROPOSALS: Final = 25
_PROPOSAL: Final = 100
_MOST_DESCRIPTION: Final = 4_096
_CUTS: Final = (500, 200, 100, 50, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleList:
    """An embed, and all texts in full as a file if the embed has no room for them, else an empty file."""

    embed: discord.Embed
    file: bytes = b""


def proposals(presets: Sequence[Preset]) -> list[app_commands.Choice[str]]:
    """The first 25, each with the beginning of its text; the value is the name."""
    return [
        app_commands.Choice(name=cut(f"{preset.name}: {' '.join(preset.text.split())}", _PROPOSAL), value=preset.name)
        for preset in presets[:_MOST_PROPOSALS]
    ]


def style_list(presets: Sequence[Preset], words: Words) -> StyleList:
    """All presets that a member can use, shortened as little as possible."""
    if not presets:
        return StyleList(embed=_embed(words("styles.none"), words))
    for most in _CUTS:
        told = _lines(presets, most, words)
        if len(told) <= _MOST_DESCRIPTION:
            cut = any(len(preset.text) > most for preset in presets)
            return StyleList(embed=_embed(told, words), file=_whole(presets, words) if cut else b"")
    return StyleList(embed=_embed(words("styles.in_file"), words), file=_whole(presets, words))


def _embed(told: str, words: Words) -> discord.Embed:
    return discord.Embed(title=words("styles.title"), description=told)


def _lines(presets: Sequence[Preset], most: int, words: Words) -> str:
    own = [_line(preset, most) for preset in presets if not preset.server]
    of_server = [_line(preset, most) for preset in presets if preset.server]
    parts = [f"**{words('styles.own')}**", *own] if own else []
    parts += [f"**{words('styles.of_server')}**", *of_server] if of_server else []
    return "\n".join(parts)


def _line(preset: Preset, most: int) -> str:
    text = cut(" ".join(preset.text.split()), most)
    return f"- **{escaped(preset.name)}** {escaped(text)}"


def _whole(presets: Sequence[Preset], words: Words) -> bytes:
    kinds = {False: words("styles.own"), True: words("styles.of_server")}
    return "\n\n".join(f"{preset.name} ({kinds[preset.server]})\n{preset.text}" for preset in presets).encode()
