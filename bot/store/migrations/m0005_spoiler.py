"""Spoilers; places where the app is only user-installed."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    "ALTER TABLE requests ADD COLUMN spoiler INTEGER NOT NULL DEFAULT 0",
    # 0 where the app is only user-installed: the bot reaches that channel only through the interaction.
    "ALTER TABLE requests ADD COLUMN bot_present INTEGER NOT NULL DEFAULT 1",
)
