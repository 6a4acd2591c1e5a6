"""The button Original: sends the unchanged file of a picture that was shrunk, privately."""

from __future__ import annotations

import io
import logging
import math
from collections.abc import Sequence
from typing import Any

import discord

from bot.domain.errors import Markup, Refusal
from bot.domain.limits import FOLLOW_UPS_ELSEWHERE, MAX_TOGETHER_BYTES
from bot.interactions.responses import begin_answer, edit_answer
from bot.localization.catalogue import Words
from bot.localization.discord_locale import words_of
from bot.services.originals import Original, Originals
from bot.ui.access import Audience
from bot.ui.job_button import JobButton, presser_of, services_of
from bot.ui.text import file_stem
from bot.ui.upload_limits import is_too_large

log = logging.getLogger(__name__)


class OriginalButton(JobButton, template=r"original:(?P<job>[0-9]{1,18})"):
    """Sends the presser the original file, in parts if it is too large for one message."""

    audience = Audience.EVERYONE
    action = "original"

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        """Answer privately; in more and smaller parts each time that Discord rejects them as too large."""
        await begin_answer(interaction)
        originals = services_of(interaction).originals
        original = await originals.find(self.job_id, presser_of(interaction))
        limit_bytes = min(interaction.filesize_limit, MAX_TOGETHER_BYTES)
        fewest = math.ceil(original.size_bytes / limit_bytes)
        for count in range(fewest, FOLLOW_UPS_ELSEWHERE + 1):
            if await _sent(interaction, originals, original, count):
                log.info("original_sent", extra={"job_id": self.job_id, "parts": count})
                return
        raise Refusal(
            "original_too_large",
            number=original.job_id,
            megabytes=original.size_bytes / 1e6,
            parts=FOLLOW_UPS_ELSEWHERE,
        )


async def _sent(interaction: discord.Interaction[Any], originals: Originals, original: Original, count: int) -> bool:
    """Send the file in `count` parts; False, with nothing sent, if Discord rejects the first one as too large."""
    name = file_stem(original.job_id) + original.extension
    names = [name] if count == 1 else [f"{name}.{number:03}" for number in range(1, count + 1)]
    part_bytes = math.ceil(original.size_bytes / count)
    for number, part_name in enumerate(names):
        try:
            async with originals.part(original, number * part_bytes, part_bytes) as data:
                await _send(interaction, discord.File(io.BytesIO(data), part_name), name, names, first=number == 0)
        except discord.Forbidden:
            raise Refusal("no_files_here") from None
        except discord.HTTPException as error:
            if number > 0 or not is_too_large(error):
                raise
            return False
    return True


async def _send(
    interaction: discord.Interaction[Any], file: discord.File, name: str, names: Sequence[str], *, first: bool
) -> None:
    """Complete the deferred answer with the first part, and send the others as follow-ups."""
    if first:
        await edit_answer(interaction, content=_told(name, names, words_of(interaction)), attachments=[file])
    else:
        await interaction.followup.send(file=file, ephemeral=True)


def _told(name: str, names: Sequence[str], words: Words) -> str:
    """The text that comes with the file; for parts, the commands that join them."""
    if len(names) == 1:
        return words("original.whole")
    windows = f"cmd /c copy /b {'+'.join(names)} {name}"
    unix = f"cat {' '.join(names)} > {name}"
    return words("original.parts", count=len(names), windows=Markup(windows), unix=Markup(unix))
