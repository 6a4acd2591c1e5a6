"""Fields of forms: builds their selects, and reads the values that a member sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import discord
from discord import ui

from bot.domain.errors import Refusal
from bot.domain.job import NewReference
from bot.domain.policy import check_reference
from bot.interactions.offered import Kind
from bot.interactions.received_data import FormPart, form_values, surroundings_of

Part = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The values of each field by custom id: several in selects, attachment ids in uploads, one text elsewhere."""

    values: Mapping[str, Sequence[str]]
    attachments: Mapping[str, Part]

    @classmethod
    def of(cls, interaction: discord.Interaction[Any], parts: Mapping[str, FormPart]) -> Self:
        """The fields of a sent form, checked against its parts; raises Refusal."""
        values = form_values(interaction, parts)
        attachments = surroundings_of(interaction).resolved.get(Kind.FILE.value)
        return cls(
            values={name: tuple(map(str, chosen)) for name, chosen in values.items()},
            attachments=attachments if isinstance(attachments, Mapping) else {},
        )

    def one(self, name: str) -> str | None:
        """A field's text, or the first choice of a select; None if the field is missing or empty."""
        return next(iter(self.values.get(name, ())), None) or None

    def several(self, name: str) -> Sequence[str]:
        """Every choice of a select."""
        return self.values.get(name, ())

    def files(self, name: str, *, first: int) -> tuple[NewReference, ...]:
        """The pictures of an upload; raises Refusal, with the number counted from `first`, for an unusable one.

        Discord's data about the files decides; a file without any is refused too.
        """
        references = []
        # Attachment ids grow in upload order; Discord may list them in another order.
        for number, key in enumerate(sorted(self.several(name), key=lambda key: (len(key), key)), start=first):
            file = self.attachments.get(key)
            if file is None:
                raise Refusal("reference_gone", number=number, name=key)
            called = str(file["filename"])
            check_reference(number, name=called, size_bytes=file["size"], content_type=file.get("content_type"))
            references.append(NewReference(url=file["url"], name=called))
        return tuple(references)


def select(custom_id: str, values: Sequence[str], chosen: str) -> ui.Select[ui.Modal]:
    """A select of one among several values."""
    options = [discord.SelectOption(label=value, value=value, default=value == chosen) for value in values]
    return ui.Select(custom_id=custom_id, options=options)
