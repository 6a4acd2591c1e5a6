"""Whole words in a text, as people of any language read them: "ass" is not in "grass", "straße" is "STRASSE"."""

from __future__ import annotations

import unicodedata
from typing import Final

_WITHOUT_BLANKS: Final = ("CJK ", "HIRAGANA ", "KATAKANA", "THAI ", "LAO ", "KHMER ", "MYANMAR ")
"""Scripts that write no blanks between words: there, a word has no edges to look for."""
_IGNORED: Final = frozenset({"Cf", "Cc", "Cs", "Me"})
"""Categories of characters that are not seen, and of circles around the one before."""
_UNSEEN: Final = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10)})
"""Marks and letters without a shape, which Unicode lets everybody leave out; others are composed of these."""
_VARIANTS: Final = range(0xE0100, 0xE01F0)
_BLANK_PATTERN: Final = "\u2800"
"""A Braille pattern without a dot: a blank, though Unicode does not call it one."""
_JOINER: Final = "\u200d"
_SKIN_TONES: Final = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_FLAG_LETTERS: Final = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
_OVERLAY: Final = 1
"""The combining class of strokes through the letter before."""


def folded(text: str) -> str:
    """A text as it is compared: compatible forms, case, strokes through letters and kinds of blanks made equal.

    What cannot be seen is left out before letters and their marks are put together, or it would keep them apart.
    """
    letters = _seen(unicodedata.normalize("NFKD", text)).casefold()
    plain = _seen(unicodedata.normalize("NFKD", letters).casefold())
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def _seen(text: str) -> str:
    return "".join(" " if c == _BLANK_PATTERN else c for c in text if c.isspace() or not _ignored(c))


def _ignored(character: str) -> bool:
    number = ord(character)
    return (
        unicodedata.category(character) in _IGNORED
        or number in _UNSEEN
        or number in _VARIANTS
        or unicodedata.combining(character) == _OVERLAY
    )


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


def cut(text: str, most: int) -> str:
    """A text of at most `most` characters, with dots where it ends early: not amid what is seen as one character."""
    if len(text) <= most:
        return text
    end = most - 1
    while end > most // 2 and _seen_as_one(text, end):
        end -= 1
    return text[:end].rstrip() + "…"


def _seen_as_one(text: str, at: int) -> bool:
    """Whether the characters around this place make one: a letter with its marks, an emoji of several, a flag."""
    before, after = text[at - 1], text[at]
    if _JOINER in {before, after} or unicodedata.category(after)[0] == "M" or after in _SKIN_TONES:
        return True
    if not (before in _FLAG_LETTERS and after in _FLAG_LETTERS):
        return False
    start = at
    while start > 0 and text[start - 1] in _FLAG_LETTERS:
        start -= 1
    return (at - start) % 2 == 1
