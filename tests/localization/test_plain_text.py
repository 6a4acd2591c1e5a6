"""Members' text is shown as typed: nothing in it becomes a link, mention, timestamp or format."""

from __future__ import annotations

import re
from time import process_time

import pytest

from bot.localization.escape import escaped

LIVE = re.compile(r"(?:[^\\]|^)(?:\\\\)*[\[*_~|`]|(?:[^\\]|^)(?:\\\\)*<[@#:/at]|@(?:everyone|here)|[a-zA-Z]://")
"""What Discord would obey: a sign with an even number of backslashes before it, or a ping."""


@pytest.mark.parametrize(
    "words",
    [
        "[win a prize](https://evil.example)",
        "[win\na prize](https://evil.example)",
        "[a [win a prize](https://evil.example) b](c)",
        "\\[win\na prize](https://evil.example)",
        "\\\\[win\na prize](https://evil.example)",
        "**bold** __under__ ~~gone~~ ||hidden|| `code` ```block```",
        "@everyone @here <@123456789012345678> <@&123456789012345678> <@!123456789012345678>",
        "<#123456789012345678> </settings show:123456789012345678> <:wave:123456789012345678> <a:w:123456789012345678>",
        "<t:0:R> is when it ends, <id:customize>",
        "see https://evil.example/a_b_c and <HTTP://evil.example> and (https://evil.example)",
        "http://evil.example:8080/ ftp://evil.example discord://-/settings",
    ],
)
def test_members_text_is_not_rendered_as_markup(words: str) -> None:
    """Including links over several lines and backslashes typed before a bracket."""
    shown = escaped(words)
    assert LIVE.search(shown) is None
    assert shown.replace("\\", "").replace("\u200b", "") == words.replace("\\", "")


@pytest.mark.parametrize(
    "line", ["# large", "### large", "> a quotation", ">>> all of it", "- a list", "  - a list", "-# small"]
)
def test_no_line_of_members_text_is_a_heading_or_a_list(line: str) -> None:
    """It is shown on the card among the card's own lines."""
    sign = line.lstrip()[0]
    assert escaped(f"{line}\n{line}") == f"{line}\n{line}".replace(line, line.replace(sign, f"\\{sign}", 1))


def test_no_line_of_members_text_is_a_numbered_list() -> None:
    """Numbered lists have no special character in front."""
    assert escaped("1. a\n 22. b") == "1\\. a\n 22\\. b"


def test_no_invite_in_members_text_is_rendered() -> None:
    """Discord renders invites without a scheme, too."""
    assert escaped("discord.gg/abc Discord.com/invite/abc") == "discord.gg\\/abc Discord.com\\/invite/abc"


@pytest.mark.parametrize("mark", "\x00\x1b\x9f\u200b\u202a\u202e\u2060\u2066\u2069\ufeff")
def test_invisible_characters_hide_nothing(mark: str) -> None:
    """They are removed before matching, so they can't split a mention or a URL."""
    assert escaped(f"a{mark}b") == "ab"
    assert escaped(f"@{mark}everyone ht{mark}tps:{mark}//evil.example") == "@\u200beveryone https\\://evil.example"


@pytest.mark.parametrize("end", ["\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\r\n"])
def test_every_kind_of_line_break_starts_a_line(end: str) -> None:
    """Texts are quoted line by line, and every line must be escaped."""
    assert escaped(f"a{end}# large{end}> b") == "a\n\\# large\n\\> b"


@pytest.mark.parametrize("part", ["[", "](", "[](", "[x](", "http://", "<", "*", "\\", "https://[", "\n ", "\n#"])
def test_no_members_text_blocks_the_bot(part: str) -> None:
    """A text is scanned once, whatever its characters."""
    began = process_time()
    escaped(part * 4_000)
    assert process_time() - began < 5


@pytest.mark.parametrize(
    "words", ["a < b > c", "50 % of 3 <4", "naïve café, 日本語", "16:9 at 4:30", "a-b #1", "2.5 cats"]
)
def test_plain_text_is_unchanged(words: str) -> None:
    """Not every special character is escaped."""
    assert escaped(words) == words
