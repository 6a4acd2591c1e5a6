"""The Original button: the unmodified file of a picture that was shrunk for its message."""

from __future__ import annotations

import pytest

from sandbox.driver import Interaction, Message
from tests.e2e.harness import Harness


@pytest.fixture
def harness(harness: Harness) -> Harness:
    """A harness with pictures of realistic size."""
    harness.knobs.plain_pictures = False
    return harness


async def shrunk(harness: Harness, prompt: str = "a mountain of detail", *, limit_bytes: int = 300_000) -> Message:
    """A picture whose message shows a shrunk version."""
    harness.knobs.picture_format = "png"
    harness.faults.upload_limit = limit_bytes
    await harness.imagine(prompt, resolution="2K")
    message = await harness.picture(prompt)
    await harness.until(lambda: harness.states() == ["delivered"])
    return message


def original(harness: Harness, job_id: int = 1) -> bytes:
    """The file on the bot's disk."""
    return (harness.data_dir / "spool" / f"{job_id}.png").read_bytes()


async def press(harness: Harness, member: str, message: Message) -> Interaction:
    """Press Original and expect it to be acknowledged in time."""
    interaction = await harness.driver.click(member, message.id, message.button("Original").custom_id)
    assert await interaction.acknowledged() < 3
    return interaction


async def told(harness: Harness, member: str, words: str) -> Message:
    """Wait for a private message with this sentence."""
    message = await harness.driver.wait_message(lambda m: words in m.text(), viewer=member)
    assert message.ephemeral_to == member
    return message


async def test_any_member_who_sees_the_picture_gets_the_original_privately(harness: Harness) -> None:
    """Bob presses under Alice's picture where Discord accepts the full file: byte-identical to the model's output."""
    message = await shrunk(harness)
    harness.faults.upload_limit = None
    await press(harness, "bob", message)
    answer = await told(harness, "bob", "The original, as the model made it.")
    assert [media.filename for media in answer.media()] == ["imagine-1.png"]
    assert await answer.read() == original(harness)
    assert [m.id for m in harness.driver.messages("alice")] == [message.id]


@pytest.mark.parametrize("told_limit", [True, False])
async def test_original_too_large_for_one_message_is_sent_in_parts(harness: Harness, *, told_limit: bool) -> None:
    """Whether Discord states its limit or only rejects: at most five private parts, which concatenated are the file."""
    message = await shrunk(harness)
    whole = original(harness)
    harness.faults.upload_limit = limit = len(whole) * 2 // 5
    harness.world.reported_upload_limit = limit if told_limit else None
    interaction = await press(harness, "alice", message)
    answer = await told(harness, "alice", "join them")
    await harness.until(lambda: len(interaction.followups) == 2)
    parts = [answer, *interaction.followups]
    names = ["imagine-1.png.001", "imagine-1.png.002", "imagine-1.png.003"]
    assert [part.media()[0].filename for part in parts] == names
    assert {part.ephemeral_to for part in parts} == {"alice"}
    assert all(part.media()[0].size <= limit for part in parts)
    assert b"".join([await part.read() for part in parts]) == whole
    assert f"cat {' '.join(names)} > imagine-1.png" in answer.text()
    assert f"copy /b {'+'.join(names)} imagine-1.png" in answer.text()


@pytest.mark.parametrize("told_limit", [True, False])
async def test_original_too_large_even_in_parts_is_refused(harness: Harness, *, told_limit: bool) -> None:
    """If it would take more than five parts, none is sent."""
    message = await shrunk(harness)
    harness.faults.upload_limit = limit = len(original(harness)) // 6
    harness.world.reported_upload_limit = limit if told_limit else None
    interaction = await press(harness, "alice", message)
    answer = await told(harness, "alice", "too much for Discord here even in 5 parts")
    assert answer.media() == []
    assert all(not m.media() for m in [answer, *interaction.followups])


async def test_original_that_is_no_longer_kept_is_reported(harness: Harness) -> None:
    """After KEEP_ORIGINALS_DAYS the row has no file; the button works after a restart and says so."""
    message = await shrunk(harness)
    await harness.bot.stop()
    harness.write("UPDATE jobs SET picture_file = NULL")
    await harness.start()
    await press(harness, "alice", message)
    await told(harness, "alice", "The original of no. 1 is gone: it is kept for 7 days")


async def test_original_of_the_chosen_picture_among_several(harness: Harness) -> None:
    """The private buttons of a choice include Original for that picture."""
    harness.knobs.picture_format = "png"
    harness.faults.upload_limit = 300_000
    await harness.imagine("two mountains", resolution="2K", count=2)
    await harness.until(lambda: harness.states() == ["delivered"] * 2)
    message = await harness.shows("two mountains", "2 of 2 ready")
    await harness.driver.select("bob", message.id, "choose:1", ["2"])
    buttons = await told(harness, "bob", "Picture 2 of 2")
    harness.faults.upload_limit = None
    await press(harness, "bob", buttons)
    answer = await told(harness, "bob", "The original, as the model made it.")
    assert await answer.read() == original(harness, 2)


async def test_unshrunk_picture_has_no_original_button(harness: Harness) -> None:
    """What is shown is the original."""
    await harness.imagine("a red kite")
    message = await harness.picture("a red kite")
    assert "Original" not in [button.label for button in message.buttons()]
