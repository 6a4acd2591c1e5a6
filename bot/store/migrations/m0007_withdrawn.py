"""Jobs that their member cancelled while they were being made."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = ("ALTER TABLE jobs ADD COLUMN withdrawn_at INTEGER",)
