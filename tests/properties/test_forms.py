"""A submitted form may be forged: it is an order or a refusal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.errors import Refusal
from bot.domain.picture import MAX_PROMPT_CHARACTERS, SIZES, Resolution
from bot.ui.modal_fields import Fields
from bot.ui.modal_ids import form_id_of
from bot.ui.modals import REMIX_PARTS
from bot.ui.remix_modal import filled

_VALUE = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["2x4K", "99x1K", "-1x2K", "x1K", "\u0663x1K", "1K", "16:9", "private", "style:a", "7", "1" * 30]),
)
_NAMES = st.sampled_from(["prompt", "size", "resolution", "options", "files", "pictures", "other"])
_PART = st.one_of(
    st.fixed_dictionaries({"custom_id": _NAMES, "value": st.none() | _VALUE}),
    st.fixed_dictionaries({"custom_id": _NAMES, "values": st.lists(_VALUE, max_size=3)}),
)
_FORMS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"components": st.lists(_PART.map(lambda part: {"type": 18, "component": part}) | _PART, max_size=8)},
    optional={"resolved": st.sampled_from([None, {}, {"attachments": None}, {"attachments": {}}])},
)


def sent(data: dict[str, Any]) -> Fields:
    """The fields of a form that Discord hands on."""
    return Fields.of(cast("discord.Interaction[Any]", SimpleNamespace(data=data)), REMIX_PARTS)


@given(_FORMS)
@example({"components": [{"custom_id": "prompt", "value": "a"}, {"custom_id": "resolution", "value": "ax1K"}]})
@example({"components": [{"custom_id": "prompt", "value": "a"}, {"custom_id": "files", "values": ["12", "x"]}]})
def test_any_form_is_an_order_or_a_refusal(data: dict[str, Any]) -> None:
    """Missing and additional fields, invalid numbers, files that are missing: nothing else is raised."""
    try:
        order = filled(sent(data), (), first_file=2)
    except Refusal:
        return
    assert 1 <= len(order.spec.prompt) <= MAX_PROMPT_CHARACTERS
    assert order.spec.size in SIZES
    assert order.spec.resolution in Resolution
    assert 0 <= order.count <= 99
    assert order.references == ()


@given(st.from_regex(r"(edit:|remix:|remix-form:)?[0-9]{0,22}:?[0-9]{0,22}", fullmatch=True) | st.text(max_size=120))
@example("edit:1:99999999999999999999")
@example("remix-form:1574418953499836416")
def test_any_forms_number_fits_the_database_or_is_none(custom_id: str) -> None:
    """It identifies a form, and any client can send any."""
    interaction = SimpleNamespace(type=discord.InteractionType.modal_submit, data={"custom_id": custom_id})
    number = form_id_of(cast("discord.Interaction[Any]", interaction))
    assert number is None or (0 < number < 2**63 and custom_id.endswith(str(number)))
