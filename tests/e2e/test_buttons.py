"""The buttons under a picture: Remix, Again, Edit prompt, Bigger, Details, Delete."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from sandbox.driver import DriverError, Interaction, Message
from tests.e2e.harness import Harness

_BUFFER = io.BytesIO()
Image.new("RGB", (64, 64), "gold").save(_BUFFER, "PNG")
PICTURE = ("gold.png", _BUFFER.getvalue())


async def press(harness: Harness, member: str, message: Message, label: str) -> Interaction:
    """Press a button and expect it to be acknowledged in time."""
    interaction = await harness.driver.click(member, message.id, message.button(label).custom_id)
    assert await interaction.acknowledged() < 3
    return interaction


async def delivered(harness: Harness, prompt: str, *, member: str = "alice", **options: object) -> Message:
    """A member's order that was delivered."""
    await harness.imagine(prompt, member=member, **options)
    message = await harness.picture(prompt, viewer=member)
    await harness.until(lambda: set(harness.states()) == {"delivered"})
    return message


def shown(harness: Harness, viewer: str = "alice") -> list[str]:
    """The ids of the messages that a member can see."""
    return [message.id for message in harness.driver.messages(viewer)]


def answers(interaction: Interaction) -> list[Message]:
    """The responses to a press or form, without the pressed message and without a bare "thinking"."""
    first = interaction.response if interaction.response and interaction.response.ephemeral_to else None
    return [message for message in (first, *interaction.followups) if message is not None and not message.loading]


def references_sent(harness: Harness) -> int:
    """The number of reference pictures of the last order."""
    sent = harness.apimaster.posts[-1].body.get("image_urls")
    return len(sent) if isinstance(sent, list) else 0


async def told(harness: Harness, member: str, words: str) -> Message:
    """Wait for a private message with this sentence."""
    message = await harness.driver.wait_message(lambda m: words in m.text(), viewer=member)
    assert message.ephemeral_to == member
    return message


async def test_finished_picture_has_buttons_and_a_waiting_one_does_not(harness: Harness) -> None:
    """Two rows that fit on a phone; Bigger shows the next resolution and its cost."""
    message = await delivered(harness, "a red kite")
    assert [button.label for button in message.buttons()] == [
        "Remix", "Again", "Edit prompt", "Bigger: 2K, 1.33 credits", "Details", "Delete",
    ]  # fmt: skip
    harness.knobs.latency_s = 30
    await harness.imagine("a slow kite")
    waiting = await harness.shows("a slow kite", "at work")
    assert [button.label for button in waiting.buttons()] == ["Cancel", "Move to private"]


async def test_again_orders_the_same_at_the_cost_of_the_member_who_presses(harness: Harness) -> None:
    """Bob presses under Alice's picture: a new message, Bob's own request, Bob's own reserve and charge."""
    message = await delivered(harness, "a red kite", size="16:9", google_search=True)
    await press(harness, "bob", message, "Again")
    await harness.until(lambda: harness.states() == ["delivered", "delivered"])
    assert len(shown(harness)) == 2
    alice, bob = (harness.world.user(name).id for name in ("alice", "bob"))
    asked = harness.rows("SELECT user_id, prompt, size, google_search, kind, parent_job_id FROM requests ORDER BY id")
    assert asked == [
        (int(alice), "a red kite", "16:9", 1, "imagine", None),
        (int(bob), "a red kite", "16:9", 1, "again", 1),
    ]
    assert harness.rows("SELECT user_id, kind FROM ledger WHERE job_id = 2 ORDER BY id") == [
        (int(bob), "reserve"), (int(bob), "charge"),
    ]  # fmt: skip
    assert [post.body["prompt"] for post in harness.apimaster.posts] == ["a red kite"] * 2


async def test_double_click_on_again_is_one_request_and_a_later_click_is_another(harness: Harness) -> None:
    """The second click of a double click is answered and costs nothing; a later click is a new order."""
    message = await delivered(harness, "a red kite")
    harness.knobs.latency_s = 1.2
    again = message.button("Again").custom_id
    for _ in range(2):
        await harness.driver.click("alice", message.id, again)
    await told(harness, "alice", "twice at once")
    await harness.until(lambda: harness.states() == ["delivered"] * 2)
    await harness.driver.click("alice", message.id, again)
    await harness.until(lambda: harness.states() == ["delivered"] * 3)
    assert [harness.ledger(job_id) for job_id in (2, 3)] == [[("reserve", 1_000_000), ("charge", 1_000_000)]] * 2


async def test_orders_from_a_private_picture_are_private(harness: Harness) -> None:
    """Again under a message that only Alice sees answers only to Alice."""
    message = await delivered(harness, "a secret garden", private=True)
    await press(harness, "alice", message, "Again")
    await harness.until(lambda: harness.states() == ["delivered", "delivered"])
    assert len(shown(harness)) == 2
    assert shown(harness, "bob") == []


async def test_edit_prompt_opens_a_prefilled_form_and_orders_its_values(harness: Harness) -> None:
    """Prompt, size and resolution are prefilled; unchanged values and the search option are kept."""
    message = await delivered(harness, "a red kite", size="16:9", google_search=True)
    opened = await press(harness, "bob", message, "Edit prompt")
    submitted = await harness.driver.submit_modal(opened, {"prompt": "a blue kite", "resolution": "2K"})
    assert await submitted.acknowledged() < 3
    await harness.picture("a blue kite")
    row = harness.rows("SELECT prompt, size, resolution, google_search, kind, parent_job_id FROM requests WHERE id = 2")
    assert row == [("a blue kite", "16:9", "2K", 1, "edit", 1)]


async def test_remix_uses_the_picture_as_first_reference_at_the_cost_of_the_presser(harness: Harness) -> None:
    """The picture comes first, then its references; count, style and the other options are set in the form."""
    await (await harness.driver.slash("bob", "style save", {"name": "oil", "text": "as an oil painting"})).answered()
    message = await delivered(harness, "a red kite", size="16:9")
    opened = await press(harness, "bob", message, "Remix")
    values = {"prompt": "in the rain", "files": [PICTURE], "resolution": "2x1K", "options": ["private", "style:oil"]}
    for _ in range(2):
        await harness.driver.submit_modal(opened, values)
    await told(harness, "bob", "sent already")
    card = await harness.picture("in the rain", viewer="bob")
    assert card.ephemeral_to == "bob"
    await harness.until(lambda: harness.states() == ["delivered"] * 3)
    bob = int(harness.world.user("bob").id)
    row = "SELECT user_id, size, resolution, kind, parent_job_id, style, private FROM requests WHERE id > 1"
    assert harness.rows(row) == [(bob, "16:9", "1K", "remix", 1, "oil", 1)]
    assert harness.rows("SELECT name FROM request_references ORDER BY position") == [("no. 1",), ("gold.png",)]
    assert references_sent(harness) == 2
    assert harness.rows("SELECT DISTINCT user_id FROM ledger WHERE job_id > 1") == [(bob,)]


async def test_an_old_picture_is_remixed_from_its_message_after_a_restart(harness: Harness) -> None:
    """Button and open form work after a restart, and the picture after our copy is gone.

    A picture gone everywhere is reported.
    """
    message = await delivered(harness, "a red kite")
    opened = await press(harness, "alice", message, "Remix")
    await harness.bot.stop()
    harness.write("UPDATE jobs SET picture_file = NULL")
    await harness.start()
    await harness.driver.submit_modal(opened, {"prompt": "in the rain"})
    await harness.picture("in the rain")
    assert references_sent(harness) == 1
    await harness.bot.stop()
    harness.write("UPDATE requests SET deleted_at = 1, shown_version = version WHERE id = 1")
    await harness.start()
    await press(harness, "alice", message, "Remix")
    await told(harness, "alice", "There is no picture no. 1 any more.")


async def test_a_form_sent_twice_is_ordered_once(harness: Harness) -> None:
    """The second submit of the same form is answered privately; nothing is charged for it."""
    message = await delivered(harness, "a red kite")
    opened = await press(harness, "alice", message, "Edit prompt")
    for _ in range(2):
        await harness.driver.submit_modal(opened, {"prompt": "a blue kite"})
    await told(harness, "alice", "sent already")
    await harness.picture("a blue kite")
    assert len(harness.rows("SELECT id FROM requests")) == 2


async def test_unacknowledged_form_is_submitted_again_and_ordered_once(harness: Harness) -> None:
    """Killed after storing the order: Discord shows an error, the form stays open, and the member submits it again."""
    await delivered(harness, "a red kite")
    message = harness.driver.send("bob", "look", files=[PICTURE])
    forms = {
        "a blue kite": await press(harness, "alice", await harness.picture("a red kite"), "Edit prompt"),
        "in the rain": await harness.driver.context_menu("alice", "Remix this", target_message_id=message.id),
    }
    await forms["in the rain"].acknowledged()
    stops = [harness.faults.stops.hold_next("before POST /interactions/*") for _ in forms]
    for prompt, opened in forms.items():
        await harness.driver.submit_modal(opened, {"prompt": prompt})
    for stop in stops:
        await stop.reached.wait()
    await harness.bot.kill()
    for stop in stops:
        stop.release()
    await harness.start()
    numbers = dict(harness.rows("SELECT prompt, jobs.id FROM requests JOIN jobs ON request_id = requests.id"))
    for prompt, opened in forms.items():
        await harness.driver.submit_modal(opened, {"prompt": prompt})
        await told(harness, "alice", f"This form was sent before: its picture is no. {numbers[prompt]}")
        await harness.picture(prompt)
    assert len(harness.rows("SELECT id FROM requests")) == 3
    assert len(harness.apimaster.posts) == 3


async def test_form_without_prompt_is_refused_and_may_be_submitted_again(harness: Harness) -> None:
    """A blank prompt is refused; the corrected form is accepted."""
    message = await delivered(harness, "a red kite")
    opened = await press(harness, "alice", message, "Edit prompt")
    await harness.driver.submit_modal(opened, {"prompt": "   "})
    await told(harness, "alice", "The prompt is empty")
    assert len(harness.rows("SELECT id FROM requests")) == 1
    again = await press(harness, "alice", message, "Edit prompt")
    await harness.driver.submit_modal(again, {"prompt": "a blue kite"})
    await harness.picture("a blue kite")


async def test_old_buttons_and_open_forms_work_after_a_restart(harness: Harness) -> None:
    """They carry their job's number and need no in-memory state."""
    message = await delivered(harness, "a red kite")
    opened = await press(harness, "alice", message, "Edit prompt")
    await harness.bot.stop()
    await harness.start()
    await harness.driver.submit_modal(opened, {"prompt": "a blue kite"})
    await harness.picture("a blue kite")
    await press(harness, "alice", message, "Again")
    await harness.until(lambda: harness.states() == ["delivered"] * 3)


async def test_bigger_orders_the_next_resolution_with_the_picture_as_reference(harness: Harness) -> None:
    """1K becomes 2K becomes 4K, each with the previous picture as its reference; 4K has no Bigger."""
    message = await delivered(harness, "a red kite")
    for number, resolution in ((2, "2K"), (3, "4K")):
        await press(harness, "alice", message, "Bigger")
        await harness.until(lambda: harness.states() == ["delivered"] * number)  # noqa: B023 - awaited in its turn
        message = await harness.shows("a red kite", f" · {resolution} · ")
        assert harness.rows("SELECT resolution, kind, parent_job_id FROM requests WHERE id = ?", number) == [
            (resolution, "bigger", number - 1)
        ]
        assert references_sent(harness) == 1
    assert "Bigger" not in [button.label.partition(":")[0] for button in message.buttons()]


async def test_bigger_takes_an_old_picture_from_its_message(harness: Harness) -> None:
    """Our copy is removed after a week: the picture is downloaded from the message whose button was pressed."""
    message = await delivered(harness, "a red kite")
    await harness.bot.stop()
    harness.write("UPDATE jobs SET picture_file = NULL")
    await harness.start()
    await press(harness, "alice", message, "Bigger")
    await harness.until(lambda: harness.states() == ["delivered"] * 2)
    assert references_sent(harness) == 1


async def test_details_are_shown_privately_to_any_member(harness: Harness) -> None:
    """Prompt, member, settings, cost, times, the model's file, and the ids."""
    message = await delivered(harness, "a red kite", resolution="2K")
    await press(harness, "bob", message, "Details")
    details = await told(harness, "bob", "picture no. 1 · request no. 1")
    for words in ("a red kite", "1:1 · 2K", "1.33 credits, charged", "2048 by 2048 px", "the model took"):
        assert words in details.text()
    assert len(shown(harness)) == 1


async def test_longest_prompt_is_shown_in_full(harness: Harness) -> None:
    """4,000 characters that don't fit a code block are sent as a file."""
    prompt = "```" * 1_333 + "x"
    await harness.imagine(prompt)
    message = await harness.driver.wait_message(lambda m: bool(m.media()), viewer="alice")
    await press(harness, "alice", message, "Details")
    details = await told(harness, "alice", "picture no. 1 · request no. 1")
    assert (await details.read()).decode() == prompt


async def test_delete_asks_for_confirmation_and_removes_message_and_file(harness: Harness) -> None:
    """Nothing happens before confirmation; then the message and our copy are removed, the ledger rows stay."""
    message = await delivered(harness, "a red kite")
    await press(harness, "alice", message, "Delete")
    question = await told(harness, "alice", "Delete no. 1?")
    assert message.id in shown(harness)
    assert list((harness.data_dir / "spool").glob("1.*"))
    await press(harness, "alice", question, "Delete for good")
    await harness.until(lambda: message.id not in shown(harness))
    await told(harness, "alice", "No. 1 is deleted.")
    await harness.until(lambda: not list((harness.data_dir / "spool").glob("1.*")))
    row = "SELECT deleted_at IS NOT NULL, shown_version = version FROM requests"
    await harness.until(lambda: harness.rows(row) == [(1, 1)])  # the row is updated last
    assert harness.ledger() == [("reserve", 1_000_000), ("charge", 1_000_000)]
    assert harness.rows("SELECT event FROM job_events ORDER BY id DESC LIMIT 1") == [("deleted",)]


async def test_a_moderator_may_delete_and_another_member_may_not(harness: Harness) -> None:
    """The permission is checked on every press, from the member's permissions that Discord sends with it."""
    message = await delivered(harness, "a red kite")
    await press(harness, "bob", message, "Delete")
    await told(harness, "bob", "belongs to another member")
    await press(harness, "mod", message, "Delete")
    question = await told(harness, "mod", "Delete no. 1?")
    await press(harness, "mod", question, "Delete for good")
    await harness.until(lambda: message.id not in shown(harness, "bob"))


async def test_private_picture_is_deleted_too(harness: Harness) -> None:
    """Only the press's own interaction token can delete an ephemeral message."""
    message = await delivered(harness, "a secret garden", private=True)
    await press(harness, "alice", message, "Delete")
    question = await told(harness, "alice", "Delete no. 1?")
    await press(harness, "alice", question, "Delete for good")
    await harness.until(lambda: message.id not in shown(harness))


async def test_buttons_work_in_direct_messages(harness: Harness) -> None:
    """Details answers there, Delete asks and deletes there; nothing is posted in a channel."""
    await (await harness.driver.slash("alice", "imagine", {"prompt": "a red kite"}, channel="dm")).acknowledged()
    message = await harness.picture("a red kite", channel="dm")
    await harness.until(lambda: harness.states() == ["delivered"])
    for label, words in (("Details", "picture no. 1"), ("Delete", "Delete no. 1?")):
        await press(harness, "alice", message, label)
        answer = await harness.driver.wait_message(lambda m: words in m.text(), viewer="alice", channel="dm")  # noqa: B023
    await press(harness, "alice", answer, "Delete for good")
    await harness.until(lambda: message.id not in [m.id for m in harness.driver.messages("alice", "dm")])
    assert shown(harness) == []


async def test_second_delete_and_buttons_of_a_deleted_request_say_so(harness: Harness) -> None:
    """Of two confirmations, the second, and any other button, is answered that the picture is gone."""
    message = await delivered(harness, "a red kite")
    questions = []
    for _ in range(2):
        interaction = await press(harness, "alice", message, "Delete")
        await harness.until(lambda: bool(interaction.followups))  # noqa: B023 - awaited in its turn
        questions.append(interaction.followups[0])
    await press(harness, "alice", questions[0], "Delete for good")
    await told(harness, "alice", "No. 1 is deleted.")
    await press(harness, "alice", questions[1], "Delete for good")
    await told(harness, "alice", "There is no picture no. 1 any more.")
    assert len(harness.rows("SELECT 1 FROM job_events WHERE event = 'deleted'")) == 1


async def test_every_button_and_form_of_a_deleted_picture_says_so(harness: Harness) -> None:
    """Its message may still be displayed somewhere; each press and each form gets one private sentence, at no cost."""
    message = await delivered(harness, "a red kite")
    forms = [await press(harness, "alice", message, label) for label in ("Edit prompt", "Remix")]
    await harness.bot.stop()
    harness.write("UPDATE requests SET deleted_at = 1, shown_version = version")
    await harness.start()
    pressed = [await press(harness, "alice", message, button.label) for button in message.buttons()]
    assert len(pressed) == 6
    sent = [await harness.driver.submit_modal(form, {"prompt": "a blue kite"}) for form in forms]
    for interaction in (*pressed, *sent):
        await harness.until(lambda: bool(answers(interaction)))  # noqa: B023 - awaited in its turn
        assert [answer.ephemeral_to for answer in answers(interaction)] == ["alice"]
        assert answers(interaction)[0].text() == "There is no picture no. 1 any more."
    assert len(harness.states()) == 1
    assert message.id in shown(harness)


async def test_a_deletion_survives_a_crash_between_row_and_message(harness: Harness) -> None:
    """The row is written first; a bot that is killed before deleting the message deletes it after the next start."""
    message = await delivered(harness, "a red kite")
    await harness.bot.stop()
    harness.write("UPDATE requests SET deleted_at = 1, version = version + 1")
    await harness.start()
    await harness.until(lambda: message.id not in shown(harness))
    with pytest.raises(DriverError):
        harness.driver.message("alice", message.id)


@pytest.mark.parametrize("private", [False, True])
async def test_choice_among_several_pictures_is_as_private_as_the_pictures(harness: Harness, private: bool) -> None:
    """The choice is asked privately; new orders are as private as the pictures.

    Delete says that all of them are removed.
    """
    await harness.imagine("two kites", count=2, private=private)
    await harness.until(lambda: harness.states() == ["delivered"] * 2)
    message = await harness.picture("two kites")
    await harness.driver.select("alice", message.id, "choose:1", ["2"])
    choice = await told(harness, "alice", "Picture 2 of 2")
    await press(harness, "alice", choice, "Again")
    await harness.until(lambda: harness.states() == ["delivered"] * 3)
    assert harness.rows("SELECT private, parent_job_id FROM requests WHERE id = 2") == [(int(private), 2)]
    await press(harness, "alice", choice, "Delete")
    await told(harness, "alice", "disappears with all 2 pictures")
