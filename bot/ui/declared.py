"""Lists every form with its parts, who may send it and from where; components declare that on their classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from discord import ui

from bot.domain.picture import MAX_REFERENCES
from bot.interactions.received_data import FormPart, form_parts
from bot.localization.catalogue import ENGLISH
from bot.ui.access import Audience, Scope
from bot.ui.modals import EDIT_PARTS, REMIX_PARTS
from bot.ui.moderation import REMOVE_PARTS
from bot.ui.remix_modal import STYLES, Offer, add_parts
from bot.ui.word_rules import WORDS_PARTS


@dataclass(frozen=True, slots=True, kw_only=True)
class FormKind:
    """A kind of form: an example of its custom id, its parts, who may send it and from where."""

    custom_id: str
    audience: Audience
    parts: Mapping[str, FormPart]
    scope: Scope = Scope.ANYWHERE


def _posted_parts() -> dict[str, FormPart]:
    """The parts for messages with one and with several pictures; only the open form knows which pictures there are."""
    one, several = (ui.Modal(title="-") for _ in range(2))
    add_parts(one, Offer(price=lambda _: 0), ENGLISH)
    choice: ui.Select[Any] = ui.Select(custom_id="pictures", max_values=MAX_REFERENCES)
    add_parts(several, Offer(price=lambda _: 0), ENGLISH, choice=choice)
    return form_parts(one, named=STYLES) | form_parts(several, named=STYLES)


FORMS: Final = {
    "edit": FormKind(custom_id="edit:1:1", audience=Audience.EVERYONE, parts=EDIT_PARTS),
    "remix": FormKind(custom_id="remix:1:1", audience=Audience.EVERYONE, parts=REMIX_PARTS),
    "posted": FormKind(custom_id="remix-form:1", audience=Audience.REQUESTER, parts=_posted_parts()),
    "take_down": FormKind(
        custom_id="takedown:1:1", audience=Audience.MODERATORS, scope=Scope.PICTURE_CHANNEL, parts=REMOVE_PARTS
    ),
    "word_rule": FormKind(
        custom_id="settings_words:1", audience=Audience.MANAGERS, scope=Scope.SERVER, parts=WORDS_PARTS
    ),
}
"""By purpose."""
