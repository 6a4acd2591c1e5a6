"""Jobs that their member cancelled while they were running."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = ("ALTER TABLE jobs ADD COLUMN withdrawn_at INTEGER",)
