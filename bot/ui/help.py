"""The screen of `/help`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from discord import ui

from bot.domain.errors import Markup
from bot.domain.limits import Limits
from bot.domain.picture import MAX_PROMPT_CHARACTERS, Resolution
from bot.localization.catalogue import Words
from bot.ui.dynamic_items import message_of


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A registered command; `description` is empty for entries of the Apps menu."""

    name: str
    description: str = ""


def guide_view(
    commands: Sequence[CommandLine], prices: Mapping[Resolution, int], limits: Limits, words: Words
) -> ui.LayoutView:
    """What the commands do, what a picture costs, the limits, and what is stored."""
    lines = [f"### {words('guide.commands')}"]
    lines += [f"`/{command.name}` {command.description}" for command in commands if command.description]
    in_menus = [Markup(f"*{command.name}*") for command in commands if not command.description]
    if in_menus:
        lines.append(words("guide.menus", names=words.listed(in_menus)))
    lines.append(words("guide.choices"))
    labels = {name: words(f"button.{name}") for name in ("remix", "again", "edit", "bigger", "hide")}
    lines.append(words("guide.buttons", **labels))
    lines.append(f"### {words('guide.prices')}")
    lines.append(" · ".join(f"{resolution.value} {words.credits(price)}" for resolution, price in prices.items()))
    lines.append(words("guide.free"))
    lines.append(f"### {words('guide.limits')}")
    lines.append(
        words(
            "guide.limited",
            running=limits.running,
            pending=limits.pending,
            characters=MAX_PROMPT_CHARACTERS,
            days=limits.keep_days,
        )
    )
    lines.append(f"### {words('guide.privacy')}")
    lines.append(words("guide.kept"))
    return message_of(ui.Container(ui.TextDisplay("\n".join(lines))))
