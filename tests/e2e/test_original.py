"""The button Original: the untouched file of a picture that was made smaller for its message."""

from __future__ import annotations

import pytest

from sandbox.driver import Interaction, Message
from tests.e2e.harness import House


@pytest.fixture
def house(house: House) -> House:
    """With pictures of the size that the real ones have."""
    house.knobs.plain_pictures = False
    return house


async def shrunk(house: House, prompt: str = "a mountain of detail", *, limit_bytes: int = 300_000) -> Message:
    """A picture whose message shows it made smaller."""
    house.knobs.picture_format = "png"
    house.faults.upload_limit = limit_bytes
    await house.imagine(prompt, resolution="2K")
    message = await house.picture(prompt)
    await house.until(lambda: house.states() == ["delivered"])
    return message


def original(house: House, job_id: int = 1) -> bytes:
    """The file as it lies on the bot's disk."""
    return (house.data_dir / "spool" / f"{job_id}.png").read_bytes()


async def press(house: House, member: str, message: Message) -> Interaction:
    """Press Original and see that it is acknowledged in time."""
    interaction = await house.driver.click(member, message.id, message.button("Original").custom_id)
    assert await interaction.acknowledged() < 3
    return interaction


async def told(house: House, member: str, words: str) -> Message:
    """Wait for a private sentence."""
    message = await house.driver.wait_message(lambda m: words in m.text(), viewer=member)
    assert message.ephemeral_to == member
    return message


async def test_whoever_sees_the_picture_gets_the_untouched_file_privately(house: House) -> None:
    """Bob presses under Alice's picture where Discord takes the whole file: byte for byte what the model made."""
    message = await shrunk(house)
    house.faults.upload_limit = None
    await press(house, "bob", message)
    answer = await told(house, "bob", "The original, as the model made it.")
    assert [media.filename for media in answer.media()] == ["imagine-1.png"]
    assert await answer.read() == original(house)
    assert [m.id for m in house.driver.messages("alice")] == [message.id]


@pytest.mark.parametrize("told_limit", [True, False])
async def test_what_is_too_large_for_one_message_comes_in_parts(house: House, *, told_limit: bool) -> None:
    """Whether Discord said its limit or only refuses: at most five private parts, which joined are the file."""
    message = await shrunk(house)
    whole = original(house)
    house.faults.upload_limit = limit = len(whole) * 2 // 5
    house.world.reported_upload_limit = limit if told_limit else None
    interaction = await press(house, "alice", message)
    answer = await told(house, "alice", "join them")
    await house.until(lambda: len(interaction.followups) == 2)
    parts = [answer, *interaction.followups]
    names = ["imagine-1.png.001", "imagine-1.png.002", "imagine-1.png.003"]
    assert [part.media()[0].filename for part in parts] == names
    assert {part.ephemeral_to for part in parts} == {"alice"}
    assert all(part.media()[0].size <= limit for part in parts)
    assert b"".join([await part.read() for part in parts]) == whole
    assert f"cat {' '.join(names)} > imagine-1.png" in answer.text()
    assert f"copy /b {'+'.join(names)} imagine-1.png" in answer.text()


@pytest.mark.parametrize("told_limit", [True, False])
async def test_what_is_too_large_even_in_parts_is_told(house: House, *, told_limit: bool) -> None:
    """More than five parts are not sent, nor some of them."""
    message = await shrunk(house)
    house.faults.upload_limit = limit = len(original(house)) // 6
    house.world.reported_upload_limit = limit if told_limit else None
    interaction = await press(house, "alice", message)
    answer = await told(house, "alice", "too much for Discord here even in 5 parts")
    assert answer.media() == []
    assert all(not m.media() for m in [answer, *interaction.followups])


async def test_an_original_that_is_not_kept_any_more_is_told(house: House) -> None:
    """After KEEP_ORIGINALS_DAYS the row has no file; the button works after a restart and says so."""
    message = await shrunk(house)
    await house.bot.stop()
    house.write("UPDATE jobs SET picture_file = NULL")
    await house.start()
    await press(house, "alice", message)
    await told(house, "alice", "The original of no. 1 is gone: it is kept for 7 days")


async def test_of_several_pictures_the_chosen_one_has_it(house: House) -> None:
    """The private buttons of a choice have Original below them, for that picture."""
    house.knobs.picture_format = "png"
    house.faults.upload_limit = 300_000
    await house.imagine("two mountains", resolution="2K", count=2)
    await house.until(lambda: house.states() == ["delivered"] * 2)
    message = await house.shows("two mountains", "2 of 2 ready")
    await house.driver.select("bob", message.id, "choose:1", ["2"])
    buttons = await told(house, "bob", "Picture 2 of 2")
    house.faults.upload_limit = None
    await press(house, "bob", buttons)
    answer = await told(house, "bob", "The original, as the model made it.")
    assert await answer.read() == original(house, 2)


async def test_a_picture_that_was_not_made_smaller_has_no_such_button(house: House) -> None:
    """What is shown is the original."""
    await house.imagine("a red kite")
    message = await house.picture("a red kite")
    assert "Original" not in [button.label for button in message.buttons()]
