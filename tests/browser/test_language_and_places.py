"""The language of the member's client, and places other than a server's channels."""

import pytest
from playwright.async_api import expect

from sandbox.page.examples import post_examples
from tests.browser.conftest import Visit
from tests.browser.session import options_of, play_bot, say, write

# One browser serves all tests, and it belongs to the event loop that started it.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_commands_are_shown_in_the_clients_language(without_bot: Visit) -> None:
    """Options, choices and menus in German, sent by their own names; the bot gets the locale, also when changed."""
    tab = without_bot.tab
    seen = await play_bot(without_bot, lambda _: say(f"<t:{int(without_bot.sandbox.world.clock.now()) + 90}:R>"))
    await tab.get_by_test_id("locale").select_option("de")
    await write(tab, "/pa")
    await expect(tab.get_by_test_id("command-paint")).to_contain_text("Ein Bild machen")
    await write(tab, "/paint ein Hase größe:breit")
    field = tab.get_by_test_id("option-size")
    await expect(field).to_contain_text("Die Form")
    await expect(field.get_by_role("combobox")).to_have_value("16:9")
    await field.get_by_role("combobox").select_option("quadratisch")
    await expect(tab.get_by_test_id("composer")).to_have_value("/paint ein Hase größe:1:1")
    await tab.get_by_test_id("composer").press("Enter")
    await expect(tab.get_by_test_id("message")).to_contain_text("in 1 Minute")
    assert options_of(seen[0]) == {"prompt": "ein Hase", "size": "1:1"}
    await tab.reload()
    await tab.get_by_test_id("message").hover()
    await tab.get_by_test_id("message-menu").click()
    await tab.get_by_role("menuitem", name="Umarbeiten").click()
    await expect(tab.get_by_test_id("message")).to_have_count(2)
    assert [record.data["name"] for record in seen] == ["paint", "Remix"]
    assert {without_bot.sandbox.world.interactions.payload(record)["locale"] for record in seen} == {"de"}


async def test_every_place_can_be_opened_and_offers_only_what_works_there(without_bot: Visit) -> None:
    """A thread, a server without the bot, a group DM, a DM; the moderator is not in the group."""
    tab = without_bot.tab
    await play_bot(without_bot, lambda _: say("ok"))
    for key, title in (("sketchbook", "#sketchbook"), ("elsewhere", "#elsewhere"), ("friends", "of friends")):
        await tab.get_by_test_id(f"channel-{key}").click()
        await expect(tab.get_by_test_id("messages").get_by_role("heading")).to_contain_text(title)
    await write(tab, "/")
    await expect(tab.get_by_test_id("composer-panel")).to_have_text("No command fits.")
    await write(tab, "")
    await tab.get_by_test_id("channel-sketchbook").click()
    await write(tab, "/paint in a thread")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_test_id("message")).to_contain_text("ok")
    await tab.get_by_test_id("member-mod").click()
    await expect(tab.get_by_test_id("channel-friends")).to_have_count(0)


async def test_pictures_of_other_bots_are_shown_in_every_form(without_bot: Visit) -> None:
    """Files, embeds, galleries, stickers; a forward looks like the forwarded message, in any channel."""
    tab = without_bot.tab
    await post_examples(without_bot.sandbox.driver, "art")
    await tab.get_by_test_id("channel-art").click()
    await expect(tab.get_by_test_id("gallery")).to_have_count(3)
    await expect(tab.get_by_test_id("embed")).to_have_count(1)
    for picture in (tab.get_by_test_id("sticker"), tab.get_by_test_id("forwarded").get_by_test_id("picture").first):
        assert await picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") == 512
    await tab.get_by_test_id("message").first.hover()
    await tab.get_by_test_id("message-menu").first.click()
    await tab.get_by_role("menuitem", name="Forward").click()
    await tab.get_by_role("menuitem", name="friends").click()
    await tab.get_by_test_id("channel-friends").click()
    await expect(tab.get_by_test_id("forwarded").get_by_test_id("picture")).to_have_count(2)
