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
MAX_FOLDED_CHARACTERS: Final = 16_000
"""Of a text once it is decomposed: four times a prompt. No letter of any script becomes more than four characters,
but symbols do, up to eighteen (U+FDFA)."""
MAX_MARKS: Final = 64
"""In a row, once a text is decomposed. Unicode's stream-safe format allows 30."""
_MARK: Final = "m"
_NO_MARK: Final = "x"
_TOO_MANY_MARKS: Final = _MARK * (MAX_MARKS + 1)
_EDGE: Final = "\0"
"""In no folded text: control characters are left out of it."""


class UnfoldableError(ValueError):
    """A text that takes too long to compare: it expands too far, or stacks too many marks on one letter."""


def folded(text: str) -> str:
    """A text as it is compared: compatible forms, case, strokes through letters and kinds of blanks made equal.

    What cannot be seen is left out before letters and their marks are put together, or it would keep them apart.
    Raises UnfoldableError for a text that would take more than a few milliseconds.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.lower().split())
    _check_foldable(text)
    letters = _seen(unicodedata.normalize("NFKD", text)).casefold()
    plain = _seen(unicodedata.normalize("NFKD", letters).casefold())
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def _check_foldable(text: str) -> None:
    """Raise UnfoldableError for a text that is too long once decomposed, or has too many marks in a row.

    Characters are decomposed one by one: decomposing the text sorts its marks, which is quadratic in a run of them.
    """
    if len(text) > MAX_FOLDED_CHARACTERS:
        raise UnfoldableError("too long")
    decomposed = {character: unicodedata.normalize("NFKD", character) for character in set(text)}
    if sum(map(len, map(decomposed.__getitem__, text))) > MAX_FOLDED_CHARACTERS:
        raise UnfoldableError("too long once decomposed")
    shapes = {character: "".join(map(_shape, parts)) for character, parts in decomposed.items()}
    if _TOO_MANY_MARKS in "".join(map(shapes.__getitem__, text)):
        raise UnfoldableError("too many marks in a row")


def _shape(character: str) -> str:
    """A mark, something that ends a run of marks, or "" for what is left out, which keeps no marks apart."""
    if unicodedata.combining(character):
        return _MARK
    return "" if not character.isspace() and _ignored(character) else _NO_MARK


def _seen(text: str) -> str:
    unseen = {character for character in set(text) if not character.isspace() and _ignored(character)}
    if unseen:
        text = "".join(character for character in text if character not in unseen)
    return text.replace(_BLANK_PATTERN, " ")


def _ignored(character: str) -> bool:
    number = ord(character)
    return (
        unicodedata.category(character) in _IGNORED
        or number in _UNSEEN
        or number in _VARIANTS
        or unicodedata.combining(character) == _OVERLAY
    )


def with_edges(text: str) -> str:
    """A folded text with a sign at each place where a word may begin or end, its own two ends included.

    Words are whole words of a text exactly where theirs is a part of the text's. One search then answers for all
    places at once: looking at each place alone takes long in a text that is nothing but near hits.
    """
    joins = {character for character in set(text) if _in_word(character) and not _without_blanks(character)}
    pieces, joined = [], False
    for character in text:
        if character in joins:
            pieces.append(character if joined else _EDGE + character)
            joined = True
        else:
            pieces.append(_EDGE + character)
            joined = False
    return "".join(pieces) + _EDGE


def has_words(text: str, words: str) -> bool:
    """Whether a text has these words as whole words; both are `folded` already."""
    return bool(words) and with_edges(words) in with_edges(text)


def _in_word(character: str) -> bool:
    """Letters, digits, the marks that belong to a letter, and what joins words into one."""
    return character == "_" or unicodedata.category(character)[0] in "LMN"


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
