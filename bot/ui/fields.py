"""The fields of forms: selects to build them from, and what a member filled in, read from what Discord sends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

import discord
from discord import ui

from bot.domain.errors import Refusal
from bot.domain.job import NewReference
from bot.domain.policy import check_reference

Part = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What stands in each field, by its custom id: several values in selects, ids in uploads, one text elsewhere."""

    values: Mapping[str, Sequence[str]]
    attachments: Mapping[str, Part]

    @classmethod
    def of(cls, interaction: discord.Interaction[Any]) -> Self:
        """The fields of a form that was sent."""
        data = cast(Part, interaction.data or {})
        resolved = cast(Part, data.get("resolved") or {})
        return cls(values=dict(_values(data.get("components", []))), attachments=resolved.get("attachments") or {})

    def one(self, name: str) -> str | None:
        """A field's text, or the first choice of a select; None where the form has no such field or it is empty."""
        return next(iter(self.values.get(name, ())), None) or None

    def several(self, name: str) -> Sequence[str]:
        """Every choice of a select."""
        return self.values.get(name, ())

    def files(self, name: str, *, first: int) -> tuple[NewReference, ...]:
        """The pictures of an upload; refused, by their number counted from `first`, for what Discord says of them.

        One of which Discord says nothing at all is refused as well.
        """
        references = []
        # Their ids grow in the order of the uploads; Discord may list them in another.
        for number, key in enumerate(sorted(self.several(name), key=lambda key: (len(key), key)), start=first):
            file = self.attachments.get(key)
            if file is None:
                raise Refusal("reference_gone", number=number, name=key)
            called = str(file["filename"])
            check_reference(number, name=called, size_bytes=file["size"], content_type=file.get("content_type"))
            references.append(NewReference(url=file["url"], name=called))
        return tuple(references)


def _values(components: Sequence[Part]) -> Iterator[tuple[str, Sequence[str]]]:
    for part in components:
        if "component" in part:
            yield from _values([part["component"]])
        yield from _values(part.get("components", []))
        if "custom_id" in part:
            values = part["values"] if "values" in part else [part.get("value") or ""]
            yield str(part["custom_id"]), [str(value) for value in values]


def select(custom_id: str, values: Sequence[str], chosen: str) -> ui.Select[ui.Modal]:
    """A select of one among some words."""
    options = [discord.SelectOption(label=value, value=value, default=value == chosen) for value in values]
    return ui.Select(custom_id=custom_id, options=options)
