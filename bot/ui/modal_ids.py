"""The custom ids of forms: the subject of a form, and the id of the interaction that opened it.

The latter identifies a form: one that gets no answer stays open and may be sent again, as another interaction.
"""

from __future__ import annotations

import re
from typing import Any, Final

import discord

from bot.interactions.received_data import custom_id_in

POSTED: Final = "remix-form:"
"""The start of the custom ids of forms about posted pictures."""
OF_JOB: Final = re.compile(r"(?P<kind>edit|remix):(?P<job>[0-9]{1,18}):(?P<opened_by>[0-9]{1,20})")
_OF_POSTED: Final = re.compile(rf"{POSTED}(?P<opened_by>[0-9]{{1,20}})")
_LARGEST_ID: Final = 2**63 - 1


def custom_id_of(interaction: discord.Interaction[Any]) -> str:
    """The custom id of the sent form; "" for anything else."""
    return custom_id_in(interaction) if interaction.type is discord.InteractionType.modal_submit else ""


def form_id_of(interaction: discord.Interaction[Any]) -> int | None:
    """The id of the interaction that opened the sent form; None for anything else, and for foreign custom ids."""
    custom_id = custom_id_of(interaction)
    match = OF_JOB.fullmatch(custom_id) or _OF_POSTED.fullmatch(custom_id)
    opened_by = int(match["opened_by"]) if match else 0
    return opened_by if 0 < opened_by <= _LARGEST_ID else None
