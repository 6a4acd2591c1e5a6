"""The owner's pause, separate from closings by the provider's answers; and whether the owners were notified."""

from __future__ import annotations

STATEMENTS = (
    "ALTER TABLE gate ADD COLUMN paused_at INTEGER",
    "ALTER TABLE gate ADD COLUMN told INTEGER NOT NULL DEFAULT 0",
    # Earlier versions notified the owners of each closing as it happened.
    "UPDATE gate SET told = closed",
)
