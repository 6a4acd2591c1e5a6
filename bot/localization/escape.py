"""The one escape function: texts of others (members, providers, files) are displayed as typed, and never obeyed."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import discord

from bot.domain.errors import Markup
from bot.domain.word_matching import cut

_MARKUP: Final = re.compile(
    r"""(?<=[a-zA-Z]):(?=//)|(?P<indent>^[ \t]*)(?=[#>-])|[\\*_~|`\[]|<(?=[@#:/]|a:|t:|id:)""", re.MULTILINE
)
"""The colon of an address; the start of a heading, quotation or list; a character that Discord's Markdown obeys."""
_BIDI_CONTROLS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""They would reverse whatever text of ours follows."""
_MOST_INLINE: Final = 200


def escaped(text: str) -> Markup:
    """A text whose markup, mentions and addresses are displayed rather than obeyed.

    discord.py's own `escape_markdown` leaves links whose text spans several lines, and takes a second for some texts.
    """
    return Markup(discord.utils.escape_mentions(_MARKUP.sub(_backslashed, _BIDI_CONTROLS.sub("", text))))


def escaped_inline(text: str) -> Markup:
    """The same as part of a sentence: on one line, of at most 200 characters."""
    if not any(character.isspace() and character != " " for character in text) and len(text) <= _MOST_INLINE:
        return escaped(text)
    return escaped(cut(" ".join(text.split()), _MOST_INLINE))


def mention(user_id: int) -> Markup:
    """A member by name; nobody is pinged, since every message allows no mentions."""
    return Markup(f"<@{user_id}>")


def role_mention(role_id: int) -> Markup:
    """A role by name."""
    return Markup(f"<@&{role_id}>")


def channel_mention(channel_id: int) -> Markup:
    """A channel as a link."""
    return Markup(f"<#{channel_id}>")


def timestamp(moment: datetime, style: discord.utils.TimestampStyle) -> Markup:
    """A moment in the reader's own time zone and language; `style` is Discord's, "R" counts down."""
    return Markup(discord.utils.format_dt(moment, style))


def _backslashed(found: re.Match[str]) -> str:
    indent = found["indent"]
    return f"\\{found[0]}" if indent is None else f"{indent}\\"
