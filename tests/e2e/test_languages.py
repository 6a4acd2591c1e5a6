"""Private answers are in the reader's language; a public card is in the language of the member who ordered it."""

from __future__ import annotations

from tests.e2e.harness import Harness
from tests.e2e.test_buttons import delivered, press, told


async def test_a_german_member_reads_german(harness: Harness) -> None:
    """Card, buttons, refusal and details; another member's private answers are in that member's language."""
    harness.driver.set_locale("alice", "de")
    harness.driver.set_locale("bob", "ja")
    await harness.imagine("ein Leuchtturm", google_image_search=True)
    await told(harness, "alice", "Die Bildersuche geht nur zusammen mit `google_suche`")
    message = await delivered(harness, "ein Leuchtturm", resolution="2K")
    assert "1,33 Credits" in message.text()
    assert "fertig in" in message.text()
    assert [button.label for button in message.buttons()] == [
        "Remix", "Noch mal", "Prompt ändern", "Größer: 4K, 2 Credits", "Details", "Löschen",
    ]  # fmt: skip
    await press(harness, "alice", message, "Details")
    await told(harness, "alice", "1,33 Credits, berechnet")
    await press(harness, "bob", message, "Details")
    japanese = await told(harness, "bob", "1.33クレジット、課金済み")
    assert "Kosten" not in japanese.text()


async def test_card_keeps_its_language_over_a_restart(harness: Harness) -> None:
    """It is rendered from rows by any process, without the member's client."""
    harness.driver.set_locale("alice", "es-419")
    harness.knobs.latency_s = 2
    await harness.imagine("un faro")
    await harness.shows("un faro", "trabajando")
    await harness.bot.kill()
    harness.driver.set_locale("alice", "en-US")
    await harness.start()
    assert "lista en" in (await harness.picture("un faro")).text()
