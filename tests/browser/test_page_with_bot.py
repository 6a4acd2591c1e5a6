"""The page with the real bot: the first steps of a new user."""

import time

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Visit

# One browser serves all tests, and it belongs to the event loop that started it.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _ask(tab: Page, command: str) -> None:
    await tab.get_by_test_id("composer").fill(command)
    await tab.keyboard.press("Enter")


async def _loaded_width(picture: Locator) -> int:
    """The picture's natural width, once it is loaded."""
    await picture.wait_for()
    width = await picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }")
    return int(width)


async def test_typed_imagine_becomes_a_picture_within_seconds(with_bot: Visit) -> None:
    """Typing the command and pressing Enter shows the picture, loaded at its natural size.

    Alone it takes about 2 s of the promised 5 s; here it shares the CPU with the other tests.
    """
    tab = with_bot.tab
    await tab.keyboard.type("/imagine a corgi in space size:16:9")
    started = time.monotonic()
    await tab.keyboard.press("Enter")
    assert await _loaded_width(tab.get_by_test_id("picture")) == 1376
    assert time.monotonic() - started < 15
    card = await tab.get_by_test_id("container").inner_text()
    assert "a corgi in space" in card
    assert "16:9" in card


async def test_restarted_bot_delivers_the_picture_of_one_order(with_bot: Visit) -> None:
    """The page's own buttons kill and start the bot; the picture arrives in the same message, ordered once."""
    tab = with_bot.tab
    with_bot.sandbox.knobs.latency_s = 3
    await _ask(tab, "/imagine a corgi in space")
    await tab.get_by_text("The image model is at work").wait_for()
    await tab.get_by_test_id("bot-kill").click()
    await expect(tab.get_by_test_id("bot-offline")).to_contain_text("The bot is not running")
    assert with_bot.sandbox.bot.returncode == -9
    await tab.get_by_test_id("bot-start").click()
    assert await _loaded_width(tab.get_by_test_id("picture")) == 1024
    assert await tab.get_by_test_id("message").count() == 1
    assert len(with_bot.sandbox.apimaster.posts) == 1


async def test_private_picture_is_shown_only_to_its_member(with_bot: Visit) -> None:
    """Alice sees the ephemeral message and its note; Bob, in the same channel, sees nothing."""
    tab = with_bot.tab
    await _ask(tab, "/imagine a secret corgi private:true")
    await tab.get_by_test_id("picture").wait_for()
    assert "Only you can see this" in await tab.get_by_test_id("ephemeral-note").inner_text()
    await tab.get_by_test_id("member-bob").click()
    await tab.get_by_text("You are Bob").wait_for(state="attached")
    assert await tab.get_by_test_id("message").count() == 0
    await tab.get_by_test_id("member-alice").click()
    await tab.get_by_test_id("picture").wait_for()


async def test_empty_balance_holds_the_picture_until_it_is_topped_up(with_bot: Visit) -> None:
    """The knob empties the account, the card says that nothing is lost, and topping up delivers the picture."""
    tab = with_bot.tab
    balance = tab.get_by_test_id("knob-balance")
    await balance.fill("0")
    await balance.press("Tab")
    await tab.get_by_test_id("figure-balance").get_by_text("0", exact=True).wait_for()
    await _ask(tab, "/imagine a patient corgi")
    await tab.get_by_text("balance is empty").first.wait_for()
    await balance.fill("50")
    await balance.press("Tab")
    await tab.get_by_test_id("picture").wait_for()
