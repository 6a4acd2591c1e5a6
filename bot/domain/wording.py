"""Whole words in a text, as people of any language read them: "ass" is not in "grass", "straße" is "STRASSE"."""

from __future__ import annotations

import unicodedata
from typing import Final

_WITHOUT_BLANKS: Final = ("CJK ", "HIRAGANA ", "KATAKANA", "THAI ", "LAO ", "KHMER ", "MYANMAR ")
"""Scripts that write no blanks between words: there, a word has no edges to look for."""
_IGNORED: Final = frozenset({"Cf", "Cc", "Cs"})


def folded(text: str) -> str:
    """A text as it is compared: compatible forms, case, invisible characters and kinds of blanks made equal."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = "".join(c for c in plain if c.isspace() or unicodedata.category(c) not in _IGNORED)
    return " ".join(seen.split())


def has_words(text: str, words: str) -> bool:
    """Whether a text has these words as whole words; both are `folded` already."""
    start = text.find(words) if words else -1
    while start >= 0:
        end = start + len(words)
        if _edge(text[start - 1 : start], words[0]) and _edge(words[-1], text[end : end + 1]):
            return True
        start = text.find(words, start + 1)
    return False


def _edge(before: str, after: str) -> bool:
    """Whether a word ends between these two characters; "" is the text's own end."""
    if not (_in_word(before) and _in_word(after)):
        return True
    return _without_blanks(before) or _without_blanks(after)


def _in_word(character: str) -> bool:
    """Letters, digits, the marks that belong to a letter, and what joins words into one."""
    return bool(character) and (character == "_" or unicodedata.category(character)[0] in "LMN")


def _without_blanks(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_WITHOUT_BLANKS)
