"""What later checks need of an order: its member's roles (a JSON list), and the channel that a question was asked in.

NULL in rows of older versions: there only the quota of everyone is known to apply, and no channel is.
"""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    "ALTER TABLE requests ADD COLUMN role_ids TEXT",
    "ALTER TABLE drafts ADD COLUMN channel_id INTEGER",
)
