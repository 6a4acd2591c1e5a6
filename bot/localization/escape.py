"""Escapes texts of others (members, providers, files), so that Discord displays them as typed and never as markup."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import discord

from bot.domain.errors import Markup
from bot.domain.word_matching import cut

_MARKUP: Final = re.compile(
    r"""(?P<indent>^[ \t]*)(?=[#>-])  # a heading, a quotation, a list
      | (?P<number>^[ \t]*[0-9]{1,9})(?=\.[ \t])  # a numbered list
      | [\\*_~|`\[] | <(?![\s0-9])  # format, the text of a link, anything in angle brackets
      | :(?=//)  # an address
      | (?<=discord\.gg)/ | (?<=discord\.com)/(?=invite/)  # an invitation needs no scheme
    """,
    re.MULTILINE | re.VERBOSE | re.IGNORECASE,
)
"""What Discord's Markdown interprets at the start of a line, or anywhere."""
_LINE_BREAK: Final = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE: Final = re.compile(
    r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
"""Control characters, zero-width characters that hide a mention or an address, and text direction overrides, which
would reverse the text that follows. Joiners, which emoji and Persian need, and plain direction marks are kept.
"""
_MOST_INLINE: Final = 200


def escaped(text: str) -> Markup:
    """A text whose markup, mentions and addresses are displayed as typed.

    Every kind of line break becomes a newline. discord.py's own `escape_markdown` misses links whose text spans several
    lines, and takes a second for some texts.
    """
    visible = _INVISIBLE.sub("", _LINE_BREAK.sub("\n", text))
    return Markup(discord.utils.escape_mentions(_MARKUP.sub(_backslashed, visible)))


def fitting(text: Markup, most: int) -> Markup:
    """An escaped text of at most `most` characters, which doesn't end inside an escape."""
    return text if len(text) <= most else Markup(text[: most - 1].rstrip("\\ ") + "…")


def escaped_inline(text: str) -> Markup:
    """The same for use within a sentence: on one line, of at most 200 characters."""
    if not any(character.isspace() and character != " " for character in text) and len(text) <= _MOST_INLINE:
        return escaped(text)
    return escaped(cut(" ".join(text.split()), _MOST_INLINE))


def mention(user_id: int) -> Markup:
    """A member's mention, shown as their name; nobody is notified, since every message disables mentions."""
    return Markup(f"<@{user_id}>")


def role_mention(role_id: int) -> Markup:
    """A role's mention, shown as its name."""
    return Markup(f"<@&{role_id}>")


def channel_mention(channel_id: int) -> Markup:
    """A channel as a link."""
    return Markup(f"<#{channel_id}>")


def timestamp(moment: datetime, style: discord.utils.TimestampStyle) -> Markup:
    """A time in the reader's own time zone and language; `style` is Discord's, "R" is relative and counts down."""
    return Markup(discord.utils.format_dt(moment, style))


def _backslashed(found: re.Match[str]) -> str:
    start = found["number"] if found["indent"] is None else found["indent"]
    return f"\\{found[0]}" if start is None else f"{start}\\"
