"""Discord's upload limits where its API does not report them in advance."""

from __future__ import annotations

from typing import Final

import discord

CERTAIN_BYTES: Final = 8 * 1024 * 1024
"""Files of this size are accepted everywhere; Discord's reported limits for larger ones are not always right."""
_STATUS: Final = 413
_CODE: Final = 40005


def is_too_large(error: discord.HTTPException) -> bool:
    """Whether Discord rejected a request because its files are too large."""
    return error.status == _STATUS or error.code == _CODE
