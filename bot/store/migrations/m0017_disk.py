"""Submission suspended while the disk is nearly full, and whether the owners were notified."""

from __future__ import annotations

STATEMENTS = (
    "ALTER TABLE gate ADD COLUMN full_since INTEGER",
    "ALTER TABLE gate ADD COLUMN full_told INTEGER NOT NULL DEFAULT 0",
)
