"""What Discord takes of files, where it does not say so beforehand."""

from __future__ import annotations

from typing import Final

import discord

CERTAIN_BYTES: Final = 8 * 1024 * 1024
"""Every place takes files of this size; what Discord says of larger ones is not always so."""
_STATUS: Final = 413
_CODE: Final = 40005


def is_too_large(error: discord.HTTPException) -> bool:
    """Whether Discord found the files of a request too large."""
    return error.status == _STATUS or error.code == _CODE
