"""Finds whole words in text of any language: "ass" is not in "grass", "straße" equals "STRASSE"."""

from __future__ import annotations

import unicodedata
from typing import Final

_WITHOUT_BLANKS: Final = ("CJK ", "HIRAGANA ", "KATAKANA", "THAI ", "LAO ", "KHMER ", "MYANMAR ")
"""Scripts without spaces between words: word boundaries can't be determined there."""
_IGNORED: Final = frozenset({"Cf", "Cc", "Cs", "Me"})
"""Categories of invisible characters, and of enclosing marks."""
_UNSEEN: Final = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10)})
"""Default-ignorable marks and letters without a glyph; others are composed of these."""
_VARIANTS: Final = range(0xE0100, 0xE01F0)
_BLANK_PATTERN: Final = "\u2800"
"""The blank Braille pattern: invisible, though Unicode doesn't classify it as a space."""
_JOINER: Final = "\u200d"
_SKIN_TONES: Final = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_FLAG_LETTERS: Final = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
_OVERLAY: Final = 1
"""The combining class of overlay strokes."""
MAX_FOLDED_CHARACTERS: Final = 16_000
"""Maximum length after decomposition: four times a prompt.

No letter of any script decomposes to more than four characters, but symbols do, to up to eighteen (U+FDFA).
"""
MAX_MARKS: Final = 64
"""Maximum run of marks after decomposition. Unicode's stream-safe format allows 30."""
_MARK: Final = "m"
_NO_MARK: Final = "x"
_TOO_MANY_MARKS: Final = _MARK * (MAX_MARKS + 1)
_EDGE: Final = "\0"
"""Occurs in no folded text: control characters are removed."""


class UnfoldableError(ValueError):
    """A text too expensive to compare: it expands too far, or stacks too many marks on one letter."""


def folded(text: str) -> str:
    """A text normalized for comparison: compatibility forms, case, overlay strokes and kinds of spaces are unified.

    Invisible characters are removed before composition, since they would keep letters and marks apart. Raises
    UnfoldableError for a text that would take more than a few milliseconds.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.lower().split())
    _check_foldable(text)
    letters = _seen(unicodedata.normalize("NFKD", text)).casefold()
    plain = _seen(unicodedata.normalize("NFKD", letters).casefold())
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def _check_foldable(text: str) -> None:
    """Raise UnfoldableError if a text is too long after decomposition, or has too many marks in a row.

    Characters are decomposed one by one: decomposing the whole text sorts its marks, which is quadratic in their run
    length.
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
    """The kind of a character: a mark, one that ends a run of marks, or "" if it is removed and separates no marks."""
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
    """A folded text with a separator at each word boundary, including its two ends.

    Words are whole words of a text exactly if their marked form is a substring of the text's. A single substring search
    is fast even for a text full of near matches, where checking each position is slow.
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
    """Whether a text contains these words as whole words; both are already `folded`."""
    return bool(words) and with_edges(words) in with_edges(text)


def _in_word(character: str) -> bool:
    """Letters, digits, marks that belong to a letter, and characters that join words."""
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def _without_blanks(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_WITHOUT_BLANKS)


def cut(text: str, most: int) -> str:
    """A text shortened to `most` characters, with an ellipsis if cut; never inside a grapheme cluster."""
    if len(text) <= most:
        return text
    end = most - 1
    while end > most // 2 and _seen_as_one(text, end):
        end -= 1
    return text[:end].rstrip() + "…"


def _seen_as_one(text: str, at: int) -> bool:
    """Whether the characters around this position form one grapheme: a letter with marks, a joined emoji, a flag."""
    before, after = text[at - 1], text[at]
    if _JOINER in {before, after} or unicodedata.category(after)[0] == "M" or after in _SKIN_TONES:
        return True
    if not (before in _FLAG_LETTERS and after in _FLAG_LETTERS):
        return False
    start = at
    while start > 0 and text[start - 1] in _FLAG_LETTERS:
        start -= 1
    return (at - start) % 2 == 1
