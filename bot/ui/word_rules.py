"""A server's word rules as its managers see them: the form, the list, the dry run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import discord
from discord import app_commands, ui

from bot.domain.errors import Markup
from bot.domain.rules import MAX_PATTERN_CHARACTERS, Where, WordRule
from bot.domain.word_matching import cut
from bot.interactions.received_data import form_parts
from bot.localization.catalogue import ENGLISH
from bot.localization.escape import escaped, mention
from bot.ports.rules import PastPrompt
from bot.ui.modal_fields import Fields

WORDS_FORM: Final = re.compile(r"settings_words:(?P<opened_by>[0-9]{1,20})")
"""The custom ids of the form: the interaction that opened it."""
TRIED_ON: Final = 100
"""How many of a server's latest prompts a dry run looks at."""
_MOST_CHARACTERS: Final = 1_900
_MOST_PROPOSED: Final = 25
_SHOWN_PROMPT: Final = 100


def words_form(opened_by: int) -> ui.Modal:
    """The form for a new rule."""
    form = ui.Modal(title=ENGLISH("words.form"), custom_id=f"settings_words:{opened_by}")
    pattern: ui.TextInput[ui.Modal] = ui.TextInput(custom_id="pattern", max_length=MAX_PATTERN_CHARACTERS)
    form.add_item(ui.Label(text=ENGLISH("words.pattern"), component=pattern))
    kinds = {"words": ENGLISH("words.whole"), "regex": ENGLISH("words.regex")}
    places = {where.value: ENGLISH(f"words.{where.value}") for where in Where}
    form.add_item(ui.Label(text=ENGLISH("words.kind"), component=_select("kind", kinds)))
    form.add_item(ui.Label(text=ENGLISH("words.where"), component=_select("where", places)))
    # Its answer is found by its custom id, so discord.py need not keep the form in memory.
    form.stop()
    return form


def rule_of(fields: Fields) -> WordRule:
    """The rule in a sent form."""
    return WordRule(
        pattern=fields.one("pattern") or "",
        regex=fields.one("kind") == "regex",
        where=Where(fields.one("where") or Where.EVERYWHERE.value),
    )


def rule_list(rules: Sequence[WordRule]) -> str:
    """Every rule with its number."""
    if not rules:
        return ENGLISH("words.none")
    return "\n".join([ENGLISH("words.all", count=len(rules)), *(f"- {described(rule)}" for rule in rules)])


def described(rule: WordRule) -> Markup:
    """A rule on one line."""
    parts = [f"**{rule.id}**"] if rule.id else []
    parts.append(escaped(rule.pattern))
    if rule.regex:
        parts.append(ENGLISH("words.as_regex"))
    if rule.where is Where.NOT_AGE_RESTRICTED:
        parts.append(ENGLISH("words.but_there"))
    return Markup(" · ".join(parts))


def rule_proposals(rules: Sequence[WordRule], typed: str) -> list[app_commands.Choice[int]]:
    """The rules that match what is typed, by their number or a part of their text."""
    wanted = typed.strip().casefold()
    meant = [rule for rule in rules if not wanted or wanted in rule.pattern.casefold() or wanted == str(rule.id)]
    return [
        app_commands.Choice(name=f"{rule.id} · {rule.pattern}"[:100], value=rule.id) for rule in meant[:_MOST_PROPOSED]
    ]


def dry_run(
    text: str, matching: Sequence[WordRule], refused: Sequence[tuple[PastPrompt, WordRule]], *, looked_at: int
) -> str:
    """Which rules match a text, and which of the latest prompts would have been refused."""
    lines = []
    if text:
        lines.append(ENGLISH("words.matching", count=len(matching)) if matching else ENGLISH("words.no_match"))
        lines += [f"- {described(rule)}" for rule in matching]
    count = len(refused)
    lines.append(ENGLISH("words.would_refuse" if count else "words.would_refuse_none", count=count, all=looked_at))
    for past, rule in refused:
        words = " ".join(past.prompt.split())
        told = ENGLISH("words.refused", number=past.job_id, member=mention(past.user_id), rule=escaped(rule.pattern))
        lines.append(f"- {told}: {escaped(cut(words, _SHOWN_PROMPT))}")
    return "\n".join(lines)


def fitting(told: str) -> tuple[str, bytes]:
    """A long answer as the part that fits into a message, and in full as a file; the file is empty if all fits."""
    if len(told) <= _MOST_CHARACTERS:
        return told, b""
    kept = told[:_MOST_CHARACTERS].rpartition("\n")[0] or told[:_MOST_CHARACTERS]
    return f"{kept}\n{ENGLISH('words.rest_in_file')}", told.encode()


def _select(custom_id: str, choices: dict[str, str]) -> ui.Select[Any]:
    options = [
        discord.SelectOption(label=label, value=value, default=number == 0)
        for number, (value, label) in enumerate(choices.items())
    ]
    return ui.Select(custom_id=custom_id, options=options)


WORDS_PARTS: Final = form_parts(words_form(0))
"""The fields of the form."""
