"""Short notes that the moderators' answers and the log lines share."""

from __future__ import annotations

from bot.domain.rules import Block
from bot.localization.catalogue import ENGLISH
from bot.localization.escape import timestamp


def until_text(block: Block) -> str:
    """When a block ends, as a date: with a relative time, "until in 2 hours" would be wrong English."""
    if block.until is None:
        return ENGLISH("moderation.for_good")
    return ENGLISH("moderation.until", until=timestamp(block.until, "f"))


def trouble_note(trouble: str | None) -> str:
    """The note that is added to a moderator's answer if the log channel cannot be written to."""
    return f"\n⚠️ {ENGLISH(f'log.trouble_{trouble}')}" if trouble else ""
