"""Words of members stand in messages as they were typed: nothing in them links, pings, points elsewhere or formats."""

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
def test_nothing_in_a_members_words_is_obeyed(words: str) -> None:
    """Links whose words go over lines and backslashes typed before a bracket included."""
    shown = escaped(words)
    assert LIVE.search(shown) is None
    assert shown.replace("\\", "").replace("\u200b", "") == words.replace("\\", "")


@pytest.mark.parametrize(
    "line", ["# large", "### large", "> a quotation", ">>> all of it", "- a list", "  - a list", "-# small"]
)
def test_no_line_of_a_members_words_is_a_heading_or_a_list(line: str) -> None:
    """They stand on the card among its own lines."""
    sign = line.lstrip()[0]
    assert escaped(f"{line}\n{line}") == f"{line}\n{line}".replace(line, line.replace(sign, f"\\{sign}", 1))


def test_no_line_of_a_members_words_is_a_numbered_list() -> None:
    """They have no sign before them."""
    assert escaped("1. a\n 22. b") == "1\\. a\n 22\\. b"


def test_no_invitation_in_a_members_words_is_shown_as_one() -> None:
    """Discord shows those without a scheme, too."""
    assert escaped("discord.gg/abc Discord.com/invite/abc") == "discord.gg\\/abc Discord.com\\/invite/abc"


@pytest.mark.parametrize("mark", "\x00\x1b\x9f\u200b\u202a\u202e\u2060\u2066\u2069\ufeff")
def test_invisible_characters_hide_nothing(mark: str) -> None:
    """Taken out before anything is looked for, they can't keep the parts of a mention or an address apart."""
    assert escaped(f"a{mark}b") == "ab"
    assert escaped(f"@{mark}everyone ht{mark}tps:{mark}//evil.example") == "@\u200beveryone https\\://evil.example"


@pytest.mark.parametrize("end", ["\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\r\n"])
def test_every_kind_of_line_break_starts_a_line(end: str) -> None:
    """Texts are quoted line by line, and no line may get there unescaped."""
    assert escaped(f"a{end}# large{end}> b") == "a\n\\# large\n\\> b"


@pytest.mark.parametrize("part", ["[", "](", "[](", "[x](", "http://", "<", "*", "\\", "https://[", "\n ", "\n#"])
def test_no_words_of_a_member_keep_the_bot_busy(part: str) -> None:
    """A text is looked through once, whatever its signs."""
    began = process_time()
    escaped(part * 4_000)
    assert process_time() - began < 5


@pytest.mark.parametrize(
    "words", ["a < b > c", "50 % of 3 <4", "naïve café, 日本語", "16:9 at 4:30", "a-b #1", "2.5 cats"]
)
def test_plain_words_stay_as_they_are(words: str) -> None:
    """Not every sign means something."""
    assert escaped(words) == words
