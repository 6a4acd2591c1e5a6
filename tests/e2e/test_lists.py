"""The lists of members: `/queue`, `/collect`, `/gallery` and `/help`."""

from __future__ import annotations

from sandbox.discord.faults import CUT
from sandbox.discord.permissions import Permission
from sandbox.driver import Message
from tests.e2e.harness import Harness


async def answer(
    harness: Harness, command: str, *, member: str = "alice", channel: str = "general", **options: object
) -> Message:
    """Type a command and wait for its full answer, which is private."""
    interaction = await harness.driver.slash(member, command, options, channel=channel)
    assert await interaction.acknowledged() < 3
    await harness.until(lambda: interaction.response is not None and not interaction.response.loading)
    assert interaction.response is not None
    assert interaction.response.ephemeral_to == member or channel == "dm"
    return interaction.response


async def make(harness: Harness, prompt: str, *, member: str = "alice", **options: object) -> int:
    """Make a picture and return its number, once it is delivered."""
    await harness.imagine(prompt, member=member, **options)
    await harness.picture(prompt, viewer=member)
    await harness.until(lambda: harness.states()[-1] == "delivered")
    return len(harness.states())


async def stranded(harness: Harness, prompt: str) -> None:
    """Make a picture that can be posted nowhere: no token, no access, no direct messages."""
    harness.knobs.latency_s = 1
    await harness.imagine(prompt)
    await harness.shows(prompt, "at work")
    harness.faults.expire_all_tokens()
    harness.faults.revoke_permission("general", Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES)
    harness.faults.fail_next("POST /users/@me/channels", 403, 50007)
    await harness.until(lambda: harness.states()[-1] == "ready")


async def test_queue_lists_running_pictures_and_cancels_waiting_ones(harness: Harness) -> None:
    """Two are running, two wait with their positions; Cancel frees one, and both list and card say so."""
    harness.knobs.latency_s = 30
    for number in range(4):
        await harness.imagine(f"*picture* {number}")
    await harness.until(lambda: harness.states().count("running") == 2)
    await harness.until(lambda: harness.rows("SELECT COUNT(message_id) FROM requests") == [(4,)])
    shown = await answer(harness, "queue")
    assert "under way** · 4" in shown.text()
    assert "\\*picture\\* 0" in shown.text()
    assert "ready about <t:" in shown.text()
    assert "2nd in line" in shown.text()
    cards = [message for message in harness.driver.messages("alice") if message.id != shown.id]
    assert all(f"/{card.id})" in shown.text() for card in cards)
    assert [button.custom_id for button in shown.buttons()] == [f"leave:{number}" for number in (1, 2, 3, 4)]
    await harness.driver.click("alice", shown.id, "leave:4")
    await harness.shows("picture\\* 3", "Cancelled")  # its card: the list no longer names it
    after = await harness.shows("under way** · 3")
    assert after.id == shown.id
    assert harness.ledger(4) == [("reserve", 1_000_000), ("release", 1_000_000)]
    await harness.driver.click("alice", shown.id, "leave:1")
    question = await harness.shows("No. 1 is being made already")
    await harness.driver.click("alice", question.id, "really_cancel:1")
    await harness.shows("picture\\* 0", "Cancelled while it was being made")
    assert harness.ledger(1) == [("reserve", 1_000_000), ("charge", 1_000_000)]


async def test_cancel_in_an_old_list_says_that_it_is_too_late(harness: Harness) -> None:
    """The picture has started since: a private sentence, and the list is refreshed."""
    harness.knobs.latency_s = 30
    for number in range(3):
        await harness.imagine(f"number {number}")
    await harness.until(lambda: harness.states().count("running") == 2)
    shown = await answer(harness, "queue")
    for _ in range(2):
        await harness.driver.click("alice", shown.id, "leave:3")
    message = await harness.driver.wait_message(lambda m: "cancelled already" in m.text(), viewer="alice")
    assert message.ephemeral_to == "alice"
    assert harness.ledger(3) == [("reserve", 1_000_000), ("release", 1_000_000)]


async def test_queue_shows_only_own_pictures(harness: Harness) -> None:
    """An empty queue is one sentence that says what to do instead."""
    harness.knobs.latency_s = 30
    await harness.imagine("alice's own")
    shown = await answer(harness, "queue", member="bob")
    assert "Nothing of yours is under way" in shown.text()


async def test_undeliverable_picture_is_collected_privately_and_once(harness: Harness) -> None:
    """The file and its card are sent only to the member; then the job is delivered, and nothing waits any more."""
    await stranded(harness, "message in a bottle")
    said = await answer(harness, "collect")
    assert "Handing over the picture" in said.text()
    message = await harness.driver.wait_message(lambda m: bool(m.media()), viewer="alice")
    assert message.ephemeral_to == "alice"
    assert "message in a bottle" in message.text()
    assert len(await message.read()) > 1_000
    await harness.until(lambda: harness.states() == ["delivered"])
    assert harness.ledger() == [("reserve", 1_000_000), ("charge", 1_000_000)]
    assert "No picture of yours waits" in (await answer(harness, "collect")).text()
    assert len(harness.apimaster.posts) == 1


async def test_collect_falls_back_to_direct_message_or_keeps_the_picture(harness: Harness) -> None:
    """If both are refused, the picture is kept and the member notified; the next try delivers it directly."""
    await stranded(harness, "rolling stone")
    harness.faults.fail_next("POST /webhooks/*", 403, 50013)
    harness.faults.fail_next("POST /users/@me/channels", 403, 50007)
    await answer(harness, "collect")
    told = await harness.driver.wait_message(lambda m: "It is kept" in m.text(), viewer="alice")
    assert told.ephemeral_to == "alice"
    assert harness.states() == ["ready"]
    harness.faults.fail_next("POST /webhooks/*", 403, 50013)
    await answer(harness, "collect")
    await harness.picture("rolling stone", channel="dm")
    await harness.until(lambda: harness.states() == ["delivered"])


async def test_interrupted_handover_is_one_known_message(harness: Harness) -> None:
    """Its upload is sent twice, the picture shown once; after a kill before that, the message is empty."""
    await stranded(harness, "rolling stone")
    stop = harness.faults.stops.hold_next("after POST /webhooks/*")
    await harness.driver.slash("alice", "collect")
    await stop.reached.wait()
    await harness.bot.kill()
    stop.release()
    await harness.start()
    assert harness.states() == ["ready"]
    harness.faults.fail_next("PATCH /webhooks/*", CUT, after=True, with_files=True)
    await harness.driver.slash("alice", "collect")
    await harness.until(lambda: harness.states() == ["delivered"])
    [shown] = [m for m in harness.driver.messages("alice") if m.media()]
    assert harness.rows("SELECT message_id FROM copies") == [(int(shown.id),)]


async def test_earlier_picture_is_shown_again_by_its_number(harness: Harness) -> None:
    """A new message with card and file, public as the first one was; nothing is charged for it."""
    number = await make(harness, "déjà vu")
    first = await harness.picture("déjà vu")
    await answer(harness, "collect", number=number)
    again = await harness.driver.wait_message(
        lambda m: "déjà vu" in m.text() and bool(m.media()) and m.id != first.id, viewer="bob"
    )
    assert await again.read() == await first.read()
    assert f"no. {number}" in again.text()
    assert harness.states() == ["delivered"]
    assert len(harness.ledger()) == 2
    await harness.until(lambda: bool(harness.rows("SELECT detail FROM job_events WHERE event = 'reposted'")))


async def test_deleting_a_picture_deletes_its_copies_too(harness: Harness) -> None:
    """Delete under a copy deletes the picture itself: the request's message and all others that show it."""
    number = await make(harness, "twice told")
    first = await harness.picture("twice told")
    await answer(harness, "collect", number=number)
    again = await harness.driver.wait_message(lambda m: bool(m.media()) and m.id != first.id, viewer="bob")
    await harness.until(lambda: len(harness.rows("SELECT * FROM copies")) == 1)
    await harness.driver.click("alice", again.id, again.button("Delete").custom_id)
    question = await harness.shows("Delete no. 1?")
    await harness.driver.click("alice", question.id, question.button("Delete for good").custom_id)
    await harness.until(lambda: harness.driver.messages("bob") == [])
    assert "deleted" in (await answer(harness, "collect", number=number)).text()


async def test_private_picture_is_shown_again_privately(harness: Harness) -> None:
    """A picture made for one member stays visible to that member only."""
    number = await make(harness, "diary", private=True)
    first = await harness.picture("diary")
    await answer(harness, "collect", number=number)
    again = await harness.driver.wait_message(
        lambda m: "diary" in m.text() and bool(m.media()) and m.id != first.id, viewer="alice"
    )
    assert again.ephemeral_to == "alice"


async def test_picture_too_large_for_here_is_collected_smaller(harness: Harness) -> None:
    """A 413 moves one step down, as in the first delivery."""
    harness.knobs.plain_pictures = False
    harness.knobs.picture_format = "png"
    number = await make(harness, "every leaf", resolution="2K")
    first = await harness.picture("every leaf")
    harness.faults.upload_limit = 300_000
    await answer(harness, "collect", number=number)
    again = await harness.driver.wait_message(
        lambda m: "shown as WebP" in m.text() and m.id != first.id, viewer="alice", timeout_s=20
    )
    assert again.media()[0].size <= 300_000


async def test_picture_too_large_for_its_message_is_announced_there_and_collected_later(harness: Harness) -> None:
    """The message says how to get it; `/collect` delivers it as soon as Discord accepts the file."""
    harness.knobs.plain_pictures = False
    harness.faults.upload_limit = 200
    await harness.imagine("no room at the inn")
    card = await harness.shows("no room at the inn", "`/collect` hands it over")
    assert card.media() == []
    assert harness.states() == ["ready"]
    await answer(harness, "collect")
    told = await harness.driver.wait_message(lambda m: "even made smaller" in m.text(), viewer="alice")
    assert told.ephemeral_to == "alice"
    harness.faults.upload_limit = None
    await answer(harness, "collect")
    await harness.picture("no room at the inn")
    await harness.until(lambda: harness.states() == ["delivered"])


async def test_numbers_that_cannot_be_collected_get_distinct_refusals(harness: Harness) -> None:
    """Unknown, another member's, unfinished, cancelled, and removed from disk: one private sentence each."""
    number = await make(harness, "here today")
    (kept,) = (harness.data_dir / "spool").glob(f"{number}.jpg")
    assert "no picture no. 99" in (await answer(harness, "collect", number=99)).text()
    assert "another member" in (await answer(harness, "collect", member="bob", number=number)).text()
    kept.unlink()
    assert "kept for 7 days" in (await answer(harness, "collect", number=number)).text()
    harness.knobs.latency_s = 30
    for prompt in ("two", "three", "four"):
        await harness.imagine(prompt)
    await harness.until(lambda: harness.states().count("running") == 2)
    assert "not finished yet" in (await answer(harness, "collect", number=2)).text()
    shown = await answer(harness, "queue")
    await harness.driver.click("alice", shown.id, "leave:4")
    await harness.until(lambda: harness.states()[-1] == "cancelled")
    assert "without a picture" in (await answer(harness, "collect", number=4)).text()


async def test_gallery_turns_pages_and_survives_a_restart(harness: Harness) -> None:
    """Five a page with thumbnails, newest first, settings and a message link; the buttons need no in-memory state."""
    for number in range(6):
        await make(harness, f"bird {number}.", size="16:9", spoiler=number == 5)
    await harness.until(lambda: harness.rows("SELECT COUNT(message_id) FROM requests") == [(6,)])
    last = await harness.picture("bird 5.")
    shown = await answer(harness, "gallery")
    assert "· 6 · page 1 of 2" in shown.text()
    assert f"/{last.id})" in shown.text()
    assert "16:9 · 1K" in shown.text()
    assert "bird 0." not in shown.text()
    small = shown.media()
    assert [media.filename for media in small] == [f"imagine-{number}.small.webp" for number in (6, 5, 4, 3, 2)]
    assert [media.spoiler for media in small] == [True, False, False, False, False]
    assert all(media.width == 256 and media.size < 30_000 for media in small)
    for left in (harness.data_dir / "spool").glob("1.jpg"):
        left.unlink()  # as retention removes it: the thumbnail stays
    await harness.bot.stop()
    await harness.start()
    await harness.driver.click("alice", shown.id, shown.button("Older").custom_id)
    older = await harness.shows("bird 0.", "page 2 of 2")
    assert older.id == shown.id
    assert [media.filename for media in older.media()] == ["imagine-1.small.webp"]
    await harness.driver.click("alice", older.id, older.button("Newer").custom_id)
    await harness.shows("bird 5.", "page 1 of 2")


async def test_gallery_filters_by_words_and_says_when_nothing_is_found(harness: Harness) -> None:
    """The words are searched in prompts, case-insensitively; other members' pictures are never found."""
    await make(harness, "A Red bird")
    await make(harness, "a blue bird")
    found = (await answer(harness, "gallery", words="red  BIRD")).text()
    assert "A Red bird" in found
    assert "blue" not in found
    assert "None of your pictures" in (await answer(harness, "gallery", words="horse")).text()
    assert "no picture yet" in (await answer(harness, "gallery", member="bob")).text()


async def test_help_fits_one_screen_with_prices_and_limits(harness: Harness) -> None:
    """The reader's commands are listed, with the server commands for a moderator, and the price of a picture."""
    assert "`/usage`" in (await answer(harness, "help", member="mod")).text()
    assert "`/usage`" not in (await answer(harness, "help", channel="dm")).text()
    text = (await answer(harness, "help")).text()
    assert "`/usage`" not in text
    assert "`/owner`" not in text
    for words in ("`/imagine`", "`/queue`", "`/collect`", "`/gallery`", "2K 1.33 credits", "4K 2 credits"):
        assert words in text
    assert "2 of your pictures are made at the same time, and 10 more may wait" in text
    assert len(text) < 2_500
