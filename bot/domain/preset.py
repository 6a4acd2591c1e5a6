"""Presets: named texts that are added to a prompt. A preset belongs to a member, or to a server for all its members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from bot.domain.errors import Refusal
from bot.domain.policy import without_controls
from bot.domain.word_matching import cut

MAX_NAME_CHARACTERS: Final = 32
MAX_TEXT_CHARACTERS: Final = 500
MOST_OF_A_MEMBER: Final = 25
MOST_OF_A_SERVER: Final = 50
_NEAR: Final = 3
_ALIKE: Final = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetOwner:
    """The owner of presets: a member or a server."""

    owner_id: int
    server: bool

    @property
    def most(self) -> int:
        """How many presets the owner may have."""
        return MOST_OF_A_SERVER if self.server else MOST_OF_A_MEMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A style by name; `server` tells whether it is the server's. Names are compared case-insensitively."""

    name: str
    text: str
    server: bool = False

    @property
    def key(self) -> str:
        """The key by which names are compared."""
        return key_of(self.name)


def key_of(name: str) -> str:
    """A name normalized for comparison: case-folded, with single spaces."""
    return " ".join(name.split()).casefold()


def checked_preset(name: str, text: str, *, server: bool) -> Preset:
    """A preset from a member's input; raises Refusal."""
    called = " ".join(without_controls(name).split())
    words = without_controls(text).strip()
    if not called or not words:
        raise Refusal("empty_style")
    if len(called) > MAX_NAME_CHARACTERS or len(words) > MAX_TEXT_CHARACTERS:
        raise Refusal("long_style", name_limit=MAX_NAME_CHARACTERS, text_limit=MAX_TEXT_CHARACTERS)
    return Preset(name=called, text=words, server=server)


def reachable(presets: Sequence[Preset]) -> list[Preset]:
    """The presets that a name can select: a member's own hides the server's of the same name. Sorted by name."""
    by_key = {preset.key: preset for preset in sorted(presets, key=lambda preset: not preset.server)}
    return [by_key[key] for key in sorted(by_key)]


def chosen(name: str, presets: Sequence[Preset]) -> Preset:
    """The preset of this name; raises a Refusal that suggests similar names."""
    found = {preset.key: preset for preset in reachable(presets)}
    wanted = key_of(name)
    if wanted in found:
        return found[wanted]
    near = [key for key in found if wanted and wanted in key]
    near += [key for key in get_close_matches(wanted, list(found), n=_NEAR, cutoff=_ALIKE) if key not in near]
    shown = cut(" ".join(name.split()), MAX_NAME_CHARACTERS)
    if not near:
        raise Refusal("no_such_style", name=shown)
    raise Refusal("no_such_style_but", name=shown, near=tuple(found[key].name for key in near[:_NEAR]))


def offered(typed: str, presets: Sequence[Preset]) -> list[Preset]:
    """Autocomplete suggestions for a partial name: names that start with it first, then those that contain it."""
    wanted = key_of(typed)
    matching = [preset for preset in reachable(presets) if wanted in preset.key]
    return sorted(matching, key=lambda preset: not preset.key.startswith(wanted))
