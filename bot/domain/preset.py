"""Presets: words under a name, which a member adds to a prompt. Members have their own; servers have some for all."""

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
    """Whose presets: a member's own, or a server's."""

    owner_id: int
    server: bool

    @property
    def most(self) -> int:
        """How many presets fit on it."""
        return MOST_OF_A_SERVER if self.server else MOST_OF_A_MEMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A style by its name; `server` tells whether it is the server's. Names differ by more than their case."""

    name: str
    text: str
    server: bool = False

    @property
    def key(self) -> str:
        """What the name is compared by."""
        return key_of(self.name)


def key_of(name: str) -> str:
    """A name as it is compared: in one case, with single blanks."""
    return " ".join(name.split()).casefold()


def checked_preset(name: str, text: str, *, server: bool) -> Preset:
    """A preset from what a member typed; raises Refusal."""
    called = " ".join(without_controls(name).split())
    words = without_controls(text).strip()
    if not called or not words:
        raise Refusal("empty_style")
    if len(called) > MAX_NAME_CHARACTERS or len(words) > MAX_TEXT_CHARACTERS:
        raise Refusal("long_style", name_limit=MAX_NAME_CHARACTERS, text_limit=MAX_TEXT_CHARACTERS)
    return Preset(name=called, text=words, server=server)


def reachable(presets: Sequence[Preset]) -> list[Preset]:
    """Those that a name finds: a member's own goes before the server's of the same name. Sorted by name."""
    by_key = {preset.key: preset for preset in sorted(presets, key=lambda preset: not preset.server)}
    return [by_key[key] for key in sorted(by_key)]


def chosen(name: str, presets: Sequence[Preset]) -> Preset:
    """The preset of this name; raises Refusal that names those which are nearly called so."""
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
    """What may be meant by what was typed so far: names that begin with it first, then those that contain it."""
    wanted = key_of(typed)
    matching = [preset for preset in reachable(presets) if wanted in preset.key]
    return sorted(matching, key=lambda preset: not preset.key.startswith(wanted))
