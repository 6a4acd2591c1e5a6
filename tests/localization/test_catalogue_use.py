"""The catalogue matches the code: every used key exists, every entry is used, no user text is outside it."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bot.localization.catalogue import Entry, entries_of
from tests.support.source import ROOT, called_in, nodes_of, sources

ENGLISH = entries_of("en")
READ_BY_MEMBERS = (
    "bot/ui", "bot/interactions", "bot/messages", "bot/notifications", "bot/localization", "bot/services", "bot/queue",
    "bot/domain", "cogs",
)  # fmt: skip
WORDS = re.compile(r"[^\W\d_]{2,} |^[A-Z][a-z]+| [^\W\d_]{2,}|[^\W\d_]{2,}[.!?]$")
"""What looks like something to be read: several words, a capital, the end of a sentence."""
NOT_READ = re.compile(r"(log|re)\..+|\w*Error|\w*Trouble|TypeVar|.*\.(ready|lost)")
"""Calls whose texts go to the log, a pattern or a row."""
LEFT_OUT = {
    "bot/domain/ledger_rules.py": "the findings of `doctor`, read in a terminal",
    "bot/domain/disk.py": "what the people who run the bot read, and their monitors",
    "bot/domain/draft.py": "an error that is answered with a question, never told",
    "bot/domain/chart.py": "the title of a picture for those who look after a server, drawn in English",
    "bot/domain/word_matching.py": "names of scripts as Unicode has them",
    "bot/domain/policy.py": "categories of characters as Unicode has them",
    "bot/services/moderation.py": "entries of the audit, which are data",
    "bot/services/export.py": "entries of the audit, which are data",
    "bot/services/guild_rules.py": "entries of the audit, which are data",
    "bot/services/quotas.py": "entries of the audit, which are data",
    "bot/domain/quota.py": "entries of the audit, which are data",
    "bot/ui/original_button.py": "commands of Windows and Unix",
    "bot/ui/charts.py": "names of the drawing library",
}
"""Files with other words, and why nobody reads them in a message."""
LITERALS = {
    "first frame of the animation": "as rows have it; details translate it",
    "the picture before it": "as rows have it; details translate it",
    "the provider gives no reason": "an event of a job, read in the database",
    "delivering it raised an unforeseen error each time": "an event of a job, read in the database",
    "no way to post it: token, message, channel and direct messages failed": "an event of a job, read in the database",
    **dict.fromkeys(("1 hour", "1 day", "7 days", "30 days"), "durations as moderators type them"),
    "`/collect ": "a command as it is typed in every language",
}


def files() -> dict[str, Path]:
    """Every file of the bot."""
    return {str(path.relative_to(ROOT)): path for path in sources("bot", "cogs")}


def constants(node: ast.AST) -> Iterator[str]:
    """The strings that an expression may be: both branches of a conditional."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from constants(body)
            yield from constants(orelse)


def area_of(name: str) -> str:
    """The catalogue area of a function's first argument: "" for whole keys, "-" if it takes none."""
    if name in {"words", "ENGLISH", "phrase", "_menu"} or name.startswith(("words_of(", "words_for(")):
        return ""
    return {"Refusal": "refusal.", "option": "option.", "Phrase": "", "self._alerts.tell": "alert."}.get(name, "-")


@cache
def looked_up() -> tuple[tuple[str, ast.Call, str], ...]:
    """Each call with a literal key: its location, the call, the key."""
    return tuple(
        (f"{name}:{call.lineno}", call, area + text)
        for name, path in files().items()
        for call, called in called_in(path)
        if call.args and (area := area_of(called)) != "-"
        for text in constants(call.args[0])
    )


def values_of(entry: Entry) -> set[str]:
    """The names of the placeholders in the texts of an entry."""
    forms = [entry] if isinstance(entry, str) else entry.values()
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name}


def test_every_key_that_is_used_exists() -> None:
    """A missing key would otherwise be found by the member who needed the text."""
    missing = [
        f"{place}: {key}"
        for place, _, key in looked_up()
        if key not in ENGLISH and not (key.startswith("option.") and f"{key}.name" in ENGLISH)
    ]
    assert missing == []


def test_every_text_gets_its_values() -> None:
    """A missing value would raise when the text is formatted."""
    incomplete = []
    for place, call, key in looked_up():
        given = {keyword.arg for keyword in call.keywords}
        if None not in given and key in ENGLISH:
            needed = values_of(ENGLISH[key]) | (set() if isinstance(ENGLISH[key], str) else {"count"})
            incomplete += [f"{place}: {key} lacks {name}" for name in needed - given]
    assert incomplete == []


def test_every_entry_is_used() -> None:
    """An unused text need not be translated. A key may be built from a literal prefix."""
    literal: set[str] = set()
    beginnings: set[str] = set()
    for path in files().values():
        for node in nodes_of(path):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literal |= {node.value, f"refusal.{node.value}", f"alert.{node.value}"}
                literal |= {f"option.{node.value}.name", f"option.{node.value}.hint"}
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                beginnings.add(str(node.values[0].value))
    areas = {key.split(".")[0] for key in ENGLISH}
    parts = tuple(b for b in beginnings if b.split(".")[0] in areas and "." in b and b not in {"refusal.", "alert."})
    parts += tuple(f"{area}.{b}" for b in beginnings if b.endswith("_") for area in ("refusal", "alert"))
    inside = ("number.", "command.", "option.", "choice.", "menu.")  # the catalogue's own, and those of test_commands
    unused = [key for key in ENGLISH if key not in literal and not key.startswith((*parts, *inside))]
    assert unused == []


def test_user_texts_are_only_in_the_catalogue() -> None:
    """No text in the source of user-facing modules, except docstrings, logs and the list above."""
    found = [
        f"{name}:{line} {text!r}"
        for name, path in files().items()
        if name.startswith(READ_BY_MEMBERS) and name not in LEFT_OUT
        for line, text in words_in(path)
        if text not in LITERALS
    ]
    assert found == []


def test_every_exception_is_needed() -> None:
    """An unneeded exception would hide the next violation."""
    texts = {name: [text for _, text in words_in(path)] for name, path in files().items()}
    assert [name for name in LEFT_OUT if not texts.get(name)] == []
    everything = {text for found in texts.values() for text in found}
    assert [text for text in LITERALS if text not in everything] == []


@cache
def words_in(path: Path) -> tuple[tuple[int, str], ...]:
    """Strings that look like user text, and are no docstring, annotation, log, pattern or key."""
    tops: list[ast.AST | None] = [call for call, called in called_in(path) if NOT_READ.fullmatch(called)]
    skipped: set[int] = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        tops += [getattr(node, "annotation", None), getattr(node, "returns", None)]
    skipped |= {id(part) for top in tops if isinstance(top, ast.AST) for part in ast.walk(top)}
    return tuple(
        (node.lineno, node.value)
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped
        if WORDS.search(node.value) and not re.fullmatch(r"[a-z_]+(\.[a-z_]+)*\.", node.value)  # the latter is a key
    )
