"""Spoilers; places where the app is only user-installed."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    "ALTER TABLE requests ADD COLUMN spoiler INTEGER NOT NULL DEFAULT 0",
    # 0 where only a member brought the bot along: nothing but the interaction reaches that channel.
    "ALTER TABLE requests ADD COLUMN bot_present INTEGER NOT NULL DEFAULT 1",
)
