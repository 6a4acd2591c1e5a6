"""Each member reads their own language; what everybody sees of a picture is in that of who asked for it."""

from __future__ import annotations

from tests.e2e.harness import House
from tests.e2e.test_buttons import delivered, press, told


async def test_a_german_member_reads_german(house: House) -> None:
    """Card, buttons, refusal and details; another member's private answers about the same picture are in theirs."""
    house.driver.set_locale("alice", "de")
    house.driver.set_locale("bob", "ja")
    await house.imagine("ein Leuchtturm", google_image_search=True)
    await told(house, "alice", "Die Bildersuche geht nur zusammen mit `google_suche`")
    message = await delivered(house, "ein Leuchtturm", resolution="2K")
    assert "1,33 Credits" in message.text()
    assert "fertig in" in message.text()
    assert [button.label for button in message.buttons()] == [
        "Remix", "Noch mal", "Prompt ändern", "Größer: 4K, 2 Credits", "Details", "Löschen",
    ]  # fmt: skip
    await press(house, "alice", message, "Details")
    await told(house, "alice", "1,33 Credits, berechnet")
    await press(house, "bob", message, "Details")
    japanese = await told(house, "bob", "1.33クレジット、課金済み")
    assert "Kosten" not in japanese.text()


async def test_a_card_keeps_its_language_over_a_restart(house: House) -> None:
    """It is rendered from rows, by whichever process: the member's client is not asked again."""
    house.driver.set_locale("alice", "es-419")
    house.knobs.latency_s = 2
    await house.imagine("un faro")
    await house.shows("un faro", "trabajando")
    await house.bot.kill()
    house.driver.set_locale("alice", "en-US")
    await house.start()
    assert "lista en" in (await house.picture("un faro")).text()
