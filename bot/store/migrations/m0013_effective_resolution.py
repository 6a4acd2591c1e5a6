"""The resolution that the provider reports it made."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = ("ALTER TABLE jobs ADD COLUMN effective_resolution TEXT NOT NULL DEFAULT ''",)
