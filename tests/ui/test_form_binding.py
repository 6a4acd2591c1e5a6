"""Forms are accepted only from the member, server, channel and message that they were opened for."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.domain.credits import MICRO
from bot.domain.errors import Refusal
from bot.interactions.dedupe import SeenInteractions
from bot.localization.catalogue import ENGLISH
from bot.ui import form_binding, modals, remix_modal
from bot.ui.declared import FORMS
from bot.ui.form_binding import Binding, OpenForms, answer_form
from bot.ui.message_media import PostedPicture
from bot.ui.modal_ids import OF_JOB
from bot.ui.modals import Forms
from bot.ui.moderation import REMOVE_FORM
from bot.ui.remix_modal import Filled, Offer, RemixForm
from bot.ui.word_rules import WORDS_FORM
from tests.interactions.test_permissions import ALICE, channel, interaction

OPENED_BY = 1_000
BOB = {**ALICE, "id": "22", "username": "bob"}
STRANGERS: dict[str, dict[str, Any]] = {
    "another member": {"user": BOB, "member": {"user": BOB, "roles": [], "permissions": "8", "flags": 0}},
    "another channel": {"channel_id": "33", "channel": channel(id="33")},
    "another server": {"guild_id": "6"},
    "direct messages": {"guild_id": None, "guild": None, "member": None},
    "another message": {"message": "98"},
}
_numbers = iter(range(5_000, 9_000))


def message(number: str) -> dict[str, Any]:
    """A message of the bot."""
    return {
        "id": number, "channel_id": "3", "author": ALICE, "content": "", "attachments": [], "embeds": [],
        "mentions": [], "mention_roles": [], "mention_everyone": False, "pinned": False, "tts": False, "type": 0,
        "timestamp": "2026-03-14T15:09:26+00:00", "edited_timestamp": None, "flags": 0, "components": [],
    }  # fmt: skip


def sent(custom_id: str, open_forms: OpenForms, **elsewhere: Any) -> discord.Interaction[Any]:
    """A form submit, from Alice and from where it was opened unless specified otherwise."""
    fields: dict[str, Any] = {"message": "99", **elsewhere}
    fields["message"] = message(fields["message"])
    made = interaction(
        id=str(next(_numbers)), type=5, data={"custom_id": custom_id, "components": []}, **fields
    )  # fmt: skip
    client = cast(Any, made.client)
    client.seen = SeenInteractions()
    client.services = SimpleNamespace(open_forms=open_forms)
    return made


def opened(custom_id: str) -> OpenForms:
    """The bindings after Alice opened a form on message 99."""
    forms = OpenForms()
    opener = sent(custom_id, forms)
    forms.add(OPENED_BY, Binding.of(opener, custom_id))
    return forms


@pytest.fixture
def refusals(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The error codes of the refusals."""
    codes: list[str] = []

    async def answer(_: object, error: Exception) -> None:
        codes.append(error.code if isinstance(error, Refusal) else repr(error))

    for module in (form_binding, remix_modal):
        monkeypatch.setattr(module, "answer_error", answer)
    return codes


PATTERNS = {"edit": OF_JOB, "remix": OF_JOB, "take_down": REMOVE_FORM, "word_rule": WORDS_FORM}


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("kind", PATTERNS)
async def test_form_is_accepted_only_from_its_member(kind: str, stranger: str, refusals: list[str]) -> None:
    """Every kind of form but the one below, which is held in memory; then its own member submits it."""
    custom_id = FORMS[kind].custom_id.rpartition(":")[0] + f":{OPENED_BY}"
    open_forms, taken = opened(custom_id), []

    async def take(match: Any) -> None:
        taken.append(match)

    await answer_form(sent(custom_id, open_forms, **STRANGERS[stranger]), PATTERNS[kind], take)
    assert (taken, refusals) == ([], ["opened_elsewhere"])
    await answer_form(sent(custom_id, open_forms), PATTERNS[kind], take)
    assert len(taken) == 1


def test_every_kind_of_form_is_tested_here() -> None:
    """A new one must be bound as well, or this fails."""
    assert set(FORMS) == {*PATTERNS, "posted"}


async def test_form_is_bound_to_its_picture(refusals: list[str]) -> None:
    """Its own member cannot submit it for another picture."""
    open_forms = opened(f"edit:1:{OPENED_BY}")
    await answer_form(sent(f"edit:2:{OPENED_BY}", open_forms), OF_JOB, never)
    assert refusals == ["opened_elsewhere"]


async def test_form_opened_before_a_restart_is_checked_by_current_permissions(refusals: list[str]) -> None:
    """Its binding is unknown, so the service decides."""
    taken: list[Any] = []

    async def take(match: Any) -> None:
        taken.append(match)

    await answer_form(sent(f"edit:1:{OPENED_BY}", OpenForms()), OF_JOB, take)
    assert (len(taken), refusals) == (1, [])


async def never(*_: object) -> None:
    """Must not be called."""
    raise AssertionError(_)


async def test_submitting_anothers_custom_id_first_takes_nothing_from_them(
    refusals: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after a restart, and concurrently: each has their own reservation."""
    ordered: list[int] = []

    async def order(interaction: discord.Interaction[Any], _: int) -> None:
        await asyncio.sleep(0)
        ordered.append(interaction.user.id)

    monkeypatch.setattr(modals, "_edited", order)
    forms, custom_id = Forms(), f"edit:1:{OPENED_BY}"
    both = [sent(custom_id, OpenForms(), **STRANGERS["another member"]), sent(custom_id, OpenForms())]
    await asyncio.gather(*map(forms.answer, both))
    assert (sorted(ordered), refusals) == ([11, 22], [])


def posted(submitted: list[discord.Interaction[Any]]) -> RemixForm:
    """The form of a posted picture that Alice opened on message 99."""
    pictures = [PostedPicture(url="https://cdn.discordapp.com/1", name="cat.png", content_type=None)]
    custom_id = f"remix-form:{OPENED_BY}"

    async def submit(interaction: discord.Interaction[Any], _: Filled) -> None:
        submitted.append(interaction)

    return RemixForm(
        "Remix this", pictures, binding=Binding.of(sent(custom_id, OpenForms()), custom_id),
        offer=Offer(price=lambda _: MICRO), submit=submit, words=ENGLISH,
    )  # fmt: skip


def filled_in(**elsewhere: Any) -> discord.Interaction[Any]:
    """That form with a prompt."""
    made = sent(f"remix-form:{OPENED_BY}", OpenForms(), **elsewhere)
    prompt = {"type": 4, "custom_id": "prompt", "value": "in oil"}
    size, resolution = ({"type": 3, "custom_id": name, "values": [value]} for name, value in
                        (("size", "1:1"), ("resolution", "1K")))  # fmt: skip
    cast(Any, made).data["components"] = [
        {"type": 18, "id": 1, "component": part} for part in (prompt, size, resolution)
    ]
    return made


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_posted_picture_is_remixed_only_by_the_member_who_opened_the_form(
    stranger: str, refusals: list[str]
) -> None:
    """A first submit from elsewhere gets no picture as a reference, and does not close the form."""
    submitted: list[discord.Interaction[Any]] = []
    form = posted(submitted)
    await form._dispatch_submit(filled_in(**STRANGERS[stranger]), [], cast(Any, {}))
    assert (submitted, refusals, form.is_finished()) == ([], ["opened_elsewhere"], False)
    await form._dispatch_submit(filled_in(), [], cast(Any, {}))
    assert (len(submitted), form.is_finished()) == (1, True)


async def test_concurrent_submits_of_two_members_are_one_order_of_the_owner(refusals: list[str]) -> None:
    """Whichever arrives first."""
    submitted: list[discord.Interaction[Any]] = []
    form = posted(submitted)
    both = [filled_in(**STRANGERS["another member"]), filled_in()]
    await asyncio.gather(*[form._dispatch_submit(one, [], cast(Any, {})) for one in both])
    assert [one.user.id for one in submitted] == [11]
    assert refusals == ["opened_elsewhere"]


def test_number_of_bindings_is_bounded() -> None:
    """The oldest form is forgotten first."""
    forms, binding = OpenForms(), Binding.of(sent("edit:1:1", OpenForms()), "edit:1:1")
    for number in range(10_002):
        forms.add(number, binding)
    assert (len(forms._open), min(forms._open)) == (10_000, 2)
