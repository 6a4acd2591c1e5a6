"""The table of every command, menu, component and form: who may use it, where, and with which values.

`python -m tests.support.access_table` writes it to `docs/access.md`; a test fails if that file is out of date.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import discord
from discord import app_commands
from discord.http import Route

from bot.client import EXTENSIONS, ImagineBot
from bot.interactions.command_options import offered_by_parameter
from bot.interactions.offered import Choices, Files, Kind, Named, Nothing, Number, Offered, Switch, Text
from bot.interactions.received_data import offered_by
from bot.ui.access import Audience, Scope, audience_of, scope_of
from bot.ui.declared import FORMS
from tests.properties.parts import Part, all_parts, pattern_of

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "access.md"
_MOST_NAMED: Final = 16
_CHANNEL_TYPES: Final = {kind.value: kind.name.replace("_", " ") for kind in discord.ChannelType}
_WHO: Final = {
    Audience.EVERYONE: "everyone who sees it",
    Audience.REQUESTER: "its own member",
    Audience.REQUESTER_OR_MODERATOR: "its own member, or Manage Messages",
    Audience.MODERATORS: "Manage Messages",
    Audience.MANAGERS: "Manage Server",
    Audience.OWNERS: "the bot's owners",
}
_WHERE: Final = {
    Scope.ANYWHERE: "anywhere",
    Scope.SERVER: "in a server, for that server",
    Scope.PICTURE_CHANNEL: "in a server; the permission is asked for the picture's channel",
}
_INTRODUCTION: Final = """\
# Who may use what

Made from the code by `make access`; a test fails where it is out of date. `tests/e2e/test_access.py` sends everything
here as the wrong member and from the wrong place, `tests/properties/test_access.py` with values that were not offered.

"Everyone who sees it" means for private pictures: only the member who ordered them. Who may use commands for Manage
Messages is decided by Discord, since a server can choose others in its own settings (Integrations). Everything else
here is checked by the bot with every use. An option with proposals (autocomplete) has the audience of its command.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A component, form, menu or command, with the allowed values of each field."""

    name: str
    custom_id: str = ""
    audience: Audience
    scope: Scope
    values: tuple[tuple[str, Offered], ...] = ()
    proposals: tuple[str, ...] = ()
    """Options with autocomplete."""
    part: Part | None = None
    component_type: int = 0


class _Anything:
    """Services that are never called: the commands are inspected, not run."""

    def __getattr__(self, name: str) -> Any:
        return True


async def loaded_bot() -> ImagineBot:
    """The bot with all its commands, not connected."""

    async def nothing(*_: object) -> None:
        pass

    components: Any = SimpleNamespace(services=_Anything())
    made = ImagineBot(api_url=Route.BASE, build=lambda _: components, last_synced=nothing, remember_synced=nothing)
    for extension in EXTENSIONS:
        await made.load_extension(extension)
    return made


def command_rows(bot: ImagineBot) -> Iterator[Row]:
    """Slash commands and menus."""
    for command in bot.tree.walk_commands():
        if isinstance(command, app_commands.Command):
            yield Row(
                name=f"/{command.qualified_name}",
                audience=audience_of(command),
                scope=scope_of(command),
                values=tuple((p.display_name, offered_by_parameter(p)) for p in command.parameters),
                proposals=tuple(p.display_name for p in command.parameters if p.autocomplete),
            )
    for kind in (discord.AppCommandType.message, discord.AppCommandType.user):
        for menu in bot.tree.get_commands(type=kind):
            yield Row(name=f"{menu.name} ({kind.name} menu)", audience=audience_of(menu), scope=scope_of(menu))


def component_rows() -> Iterator[Row]:
    """Buttons and selects that are dispatched by their custom id, with a row for each setting."""
    for part in all_parts():
        pattern = pattern_of(part)
        for custom_id in samples(pattern.pattern):
            match = pattern.fullmatch(custom_id)
            assert match is not None, f"{custom_id} is no sample of {pattern.pattern}"
            item = part.rebuilt(match).item
            yield Row(
                name=part.__name__,
                custom_id=custom_id,
                audience=part.audience,
                scope=part.scope,
                values=(("", offered_by(item)),),
                part=part,
                component_type=item.type.value,
            )


def form_rows() -> Iterator[Row]:
    """Forms with their fields."""
    for name, form in FORMS.items():
        fields = tuple((custom_id, part.offered) for custom_id, part in form.parts.items())
        yield Row(name=name, custom_id=form.custom_id, audience=form.audience, scope=form.scope, values=fields)


def samples(pattern: str) -> list[str]:
    """Custom ids that match a pattern: numbers are 1, texts empty; alternatives yield one sample each."""
    from re import _parser  # type: ignore[attr-defined]  # noqa: PLC0415 - only here

    return list(_samples(_parser.parse(pattern)))


def _samples(parsed: Any) -> Iterator[str]:
    for pieces in itertools.product(*(list(_piece(str(op), value)) for op, value in parsed)):
        yield "".join(pieces)


def _piece(op: str, value: Any) -> Iterator[str]:
    match op:
        case "LITERAL":
            yield chr(value)
        case "IN":
            kind, first = value[0]
            start = first if str(kind) == "LITERAL" else first[0]
            # 0 is not a valid number in a custom id: use 1.
            yield "1" if chr(start) == "0" else chr(start)
        case "BRANCH":
            branches = [list(_samples(branch)) for branch in value[1]]
            are_words = all(str(op) == "LITERAL" for branch in value[1] for op, _ in branch)
            yield from (branch[0] for branch in (branches if are_words else branches[:1]))
        case "SUBPATTERN":
            yield from _samples(value[3])
        case "MAX_REPEAT" | "MIN_REPEAT":
            yield next(_samples(value[2])) * value[0]
        case _:
            yield "x"


def described(offered: Offered) -> str:
    """The values that may be sent, as text."""
    match offered:
        case Nothing():
            return "a press"
        case Choices(values=()):
            return "a choice that its own message shows"
        case Choices(values=values):
            named = [f"`{value}`" for value in values]
            shown = named if len(named) <= _MOST_NAMED else [*named[:3], "…", named[-1]]
            more = f", or `{offered.prefix}` and a name" if offered.prefix else ""
            return f"{_amount(offered.least, offered.most)} of {', '.join(shown)}{more}"
        case Text():
            return f"text, {offered.least} to {offered.most:,} characters"
        case Number():
            return f"a {'whole ' if offered.whole else ''}number, {offered.least:,} to {offered.most:,}"
        case Switch():
            return "true or false"
        case Files():
            return f"{_amount(offered.least, offered.most)} files"
        case Named(kind=kind):
            where = " of the server" if kind in (Kind.CHANNEL, Kind.ROLE) else ""
            types = ", ".join(sorted(_CHANNEL_TYPES[number] for number in offered.types))
            return f"{_amount(offered.least, offered.most)} {kind.value}{where}{f' ({types})' if types else ''}"


def _amount(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} to {most}"


def page(bot: ImagineBot) -> str:
    """The whole of `docs/access.md`."""
    commands = sorted(command_rows(bot), key=lambda row: row.name)
    parts = [
        _INTRODUCTION,
        _table("Commands and menus", commands),
        _table("Buttons and selects", sorted(component_rows(), key=lambda row: row.custom_id)),
        _table("Forms", sorted(form_rows(), key=lambda row: row.custom_id)),
    ]
    return "\n".join(parts)


def _table(title: str, rows: list[Row]) -> str:
    lines = [f"## {title}", "", "| what | who | from where | values |", "|---|---|---|---|"]
    for row in rows:
        name = f"`{row.custom_id}`" if row.custom_id else row.name
        values = "; ".join(_value(row, field, offered) for field, offered in row.values) or "none"
        cells = (name, _WHO[row.audience], _WHERE[row.scope], values)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join([*lines, ""])


def _value(row: Row, field: str, offered: Offered) -> str:
    proposed = " (with proposals)" if field in row.proposals else ""
    return f"**{field}**: {described(offered)}{proposed}" if field else described(offered)


async def made_page() -> str:
    """The page, generated from a bot that is not connected."""
    bot = await loaded_bot()
    async with bot:
        return page(bot)


if __name__ == "__main__":
    PAGE.write_text(re.sub(r"\n+$", "\n", asyncio.run(made_page())), encoding="utf-8")
