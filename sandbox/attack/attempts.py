"""Helpers for scenarios: send a forged interaction, expect one private sentence and no stored rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sandbox.attack.scenario import Report
from sandbox.attack.target import Target
from sandbox.discord.model import Json
from sandbox.driver import DriverError, Interaction

STRING: Final = 3
INTEGER: Final = 4
BOOLEAN: Final = 5
USER: Final = 6
_MOST_SENTENCES: Final = 400


def field(custom_id: str, kind: int, **value: object) -> Json:
    """A field of a form in its label, as a client sends it."""
    return {"type": 18, "id": 1, "component": {"type": kind, "id": 2, "custom_id": custom_id, **value}}


def option(name: str, kind: int, value: object, **more: Any) -> Json:
    """An option of a command, as a client sends it."""
    return {"name": name, "type": kind, "value": value, **more}


def select(custom_id: str, values: object, kind: int = STRING, **resolved: Any) -> Json:
    """A submitted select, as a client sends it."""
    data: Json = {"custom_id": custom_id, "component_type": kind, "values": values}
    return {**data, "resolved": resolved} if resolved else data


async def expect_refusal(
    target: Target,
    report: Report,
    what: str,
    interaction: Interaction,
    before: dict[str, int],
    *,
    ignored: Collection[str] = (),
) -> str:
    """Check that the sender gets one private sentence and that row counts are unchanged; returns the sentence.

    `before` is updated, so that each attempt is judged separately.
    """
    report.attempt()
    said = await target.answer(interaction)
    after = target.counts(ignored)
    if changed := [table for table in after if after[table] != before[table]]:
        report.hole(f"{what}: stored in {', '.join(changed)}")
        before.update(after)
    if interaction.modal is not None:
        report.hole(f"{what}: a form opened")
    elif said is None:
        report.weak(f"{what}: no answer")
    elif said.ephemeral_to != interaction.member and interaction.record.channel.recipient is None:
        report.weak(f"{what}: answered in public")
    elif len(said.text()) > _MOST_SENTENCES:
        report.weak(f"{what}: the answer is long ({len(said.text())} characters)")
    return said.text() if said else ""


async def opened_settings(target: Target) -> Any:
    """Open the settings screen as the moderator."""
    said = await target.answer(await target.driver.slash("mod", "settings show"))
    if said is None:
        raise DriverError("the settings were not shown")
    return said
