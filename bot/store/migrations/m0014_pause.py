"""Submission paused by the owner, beside what the provider's answers closed; and whether its owners were told."""

from __future__ import annotations

STATEMENTS = (
    "ALTER TABLE gate ADD COLUMN paused_at INTEGER",
    "ALTER TABLE gate ADD COLUMN told INTEGER NOT NULL DEFAULT 0",
    # Earlier versions told of each closing as it happened.
    "UPDATE gate SET told = closed",
)
