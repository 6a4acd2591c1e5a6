"""What later checks need of an order: its member's roles (a JSON list), and the channel in which a draft was asked.

NULL in rows of older versions: for them only the quota for everyone is known to apply, and the channel is unknown.
"""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    "ALTER TABLE requests ADD COLUMN role_ids TEXT",
    "ALTER TABLE drafts ADD COLUMN channel_id INTEGER",
)
