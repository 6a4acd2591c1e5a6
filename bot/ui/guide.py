"""The one screen of `/help`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from discord import ui

from bot.domain.credits import credits_text
from bot.domain.limits import Limits
from bot.domain.picture import MAX_PROMPT_CHARACTERS, Resolution


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A registered command; one of a message's or member's Apps menu has no description."""

    name: str
    description: str = ""


def guide_view(commands: Sequence[CommandLine], prices: Mapping[Resolution, int], limits: Limits) -> ui.LayoutView:
    """What the commands do, what a picture costs, what is limited, what is kept."""
    lines = ["### Commands"]
    lines += [f"`/{command.name}` {command.description}" for command in commands if command.description]
    in_menus = [f"*{command.name}*" for command in commands if not command.description]
    if in_menus:
        lines.append(f"Press and hold (or right-click), then Apps: {', '.join(in_menus)}")
    lines.append("### What a picture costs here")
    lines.append(" · ".join(f"{resolution.value} {credits_text(price)}" for resolution, price in prices.items()))
    lines.append("Cancelling is free while a picture waits. Its message says what a failed one cost.")
    lines.append("### Limits")
    lines.append(
        f"{limits.running} of your pictures are made at the same time, and {limits.pending} more may wait. "
        f"A prompt has at most {MAX_PROMPT_CHARACTERS:,} characters. "
        f"`/collect` can show a picture again for {limits.keep_days:g} days."
    )
    lines.append("### Privacy")
    lines.append(
        "Your prompts, settings and costs are kept in this bot's own database; prompts and reference pictures "
        "are sent to the image provider. `private` shows a picture to you alone."
    )
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(ui.TextDisplay("\n".join(lines))))
    view.stop()
    return view
