"""Submission held back while the disk is nearly full, and whether the owners were told."""

from __future__ import annotations

STATEMENTS = (
    "ALTER TABLE gate ADD COLUMN full_since INTEGER",
    "ALTER TABLE gate ADD COLUMN full_told INTEGER NOT NULL DEFAULT 0",
)
