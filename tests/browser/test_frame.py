"""The page around the messages: markup, timestamps, channels, lost connections, phones."""

import re

import pytest
from playwright.async_api import expect

from sandbox.page import PageServer
from tests.browser.conftest import Visit
from tests.browser.session import post_picture

# One browser serves all tests, and it belongs to the event loop that started it.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_markup_in_a_message_never_becomes_markup_of_the_page(without_bot: Visit) -> None:
    """A prompt with HTML in it is shown as text; a character after a backslash is literal."""
    text = "<img src=x onerror=alert(1)> **bold** google\\_image_search `code` [a](javascript:alert(1))"
    without_bot.sandbox.driver.send("bob", text)
    content = without_bot.tab.get_by_test_id("message").locator(".content")
    await expect(content).to_contain_text("<img src=x onerror=alert(1)> bold google_image_search code")
    assert await content.locator("img, a").count() == 0
    assert await content.locator("strong").inner_text() == "bold"


async def test_picture_has_dimensions_and_description(without_bot: Visit) -> None:
    """Width, height and alternative text are set, so that nothing shifts and screen readers can read it."""
    post_picture(without_bot, "a corgi in space", (1376, 768))
    picture = without_bot.tab.get_by_test_id("picture")
    await expect(picture).to_have_attribute("alt", "a corgi in space")
    width, height = await picture.get_attribute("width"), await picture.get_attribute("height")
    assert (width, height) == ("520", "290")


async def test_a_picture_opens_at_full_size_and_closes_by_keyboard(without_bot: Visit) -> None:
    """The picture is a button: Enter opens it at full size with its pixel size, Escape closes it."""
    tab = without_bot.tab
    post_picture(without_bot, "a corgi in space", (1024, 1024))
    await tab.get_by_role("button", name="Open at full size: a corgi in space").press("Enter")
    lightbox = tab.get_by_test_id("lightbox")
    await expect(lightbox).to_contain_text("1024 x 1024")
    await tab.keyboard.press("Escape")
    await expect(lightbox).to_be_hidden()


async def test_a_link_to_a_message_leads_to_it(without_bot: Visit) -> None:
    """The page opens the channel and message that Discord's client would open; a deleted message is reported."""
    tab, sandbox = without_bot.tab, without_bot.sandbox
    there = sandbox.driver.send("bob", "here it is", channel="art")
    address = f"https://discord.com/channels/{sandbox.world.guild.id}/{there.channel_id}"
    sandbox.driver.send("bob", f"[show]({address}/{there.id}) and [gone]({address}/1)")
    await tab.get_by_role("link", name="show").click()
    await expect(tab.get_by_test_id("channel-name")).to_have_text("art")
    await expect(tab.get_by_test_id("message")).to_have_text(re.compile("here it is"))
    await tab.get_by_test_id("channel-general").click()
    await tab.get_by_role("link", name="gone").click()
    await expect(tab.get_by_test_id("toasts")).to_contain_text("not to be seen here")


async def test_relative_time_counts_down_automatically(without_bot: Visit) -> None:
    """The client's clock updates the text; the message is not edited for it."""
    tab, sandbox = without_bot.tab, without_bot.sandbox
    unix = int(sandbox.world.clock.now()) + 20
    sandbox.driver.send("bob", f"ready <t:{unix}:R>")
    time = tab.get_by_test_id("message").locator("time[data-relative]")
    first = await time.inner_text()
    assert re.fullmatch(r"in (19|20) seconds", first)
    await expect(time).not_to_have_text(first, timeout=3000)


async def test_unread_messages_in_another_channel_are_counted(without_bot: Visit) -> None:
    """The count is reset once the channel is opened."""
    tab = without_bot.tab
    without_bot.sandbox.driver.send("bob", "over here", channel="art")
    art = tab.get_by_test_id("channel-art")
    await expect(art).to_contain_text("1")
    await art.click()
    await expect(tab.get_by_test_id("message")).to_contain_text("over here")
    await expect(art).not_to_contain_text("1")


async def test_lost_connection_is_restored(without_bot: Visit, complaints: list[str]) -> None:
    """When the page's server is back, the page shows what happened meanwhile, without a reload."""
    tab, sandbox, server = without_bot.tab, without_bot.sandbox, without_bot.server
    await server.__aexit__(None, None, None)
    await expect(tab.get_by_test_id("offline")).to_be_visible()
    sandbox.driver.send("bob", "while you were away")
    async with PageServer(sandbox, port=server.port) as again:
        assert again.port == server.port
        await expect(tab.get_by_test_id("message")).to_contain_text("while you were away", timeout=10_000)
        await expect(tab.get_by_test_id("offline")).to_be_hidden()
    await tab.goto("about:blank")
    complaints[:] = [
        text for text in complaints if "ERR_CONNECTION_REFUSED" not in text and "ERR_INCOMPLETE" not in text
    ]


async def test_phone_layout_is_complete(without_bot: Visit) -> None:
    """At 390 pixels the page is as wide as the screen, and channels and switches are one tap away."""
    tab = without_bot.tab
    await tab.set_viewport_size({"width": 390, "height": 844})
    without_bot.sandbox.driver.send("bob", f"{'long' * 100} and `{'code' * 100}`")
    await tab.get_by_test_id("message").wait_for()
    assert await tab.evaluate("document.documentElement.scrollWidth") == 390
    await tab.get_by_test_id("open-nav").click()
    await tab.get_by_test_id("channel-art").click()
    await expect(tab.get_by_test_id("channel-art")).not_to_be_in_viewport()
    await tab.get_by_test_id("open-panel").click()
    await expect(tab.get_by_test_id("knob-balance")).to_be_in_viewport()
    await tab.get_by_test_id("close-panel").click()


async def test_faults_are_chosen_by_name_and_count(without_bot: Visit) -> None:
    """Of the provider and of Discord alike; the panel shows how many there were and the last one."""
    tab = without_bot.tab
    await tab.get_by_test_id("fault").select_option("discord/429-cloudflare")
    await tab.get_by_test_id("fault-times").fill("3")
    await tab.get_by_test_id("add-fault").click()
    await expect(tab.get_by_test_id("toasts")).to_contain_text("Next Discord call: 429 of Cloudflare")
    await expect(tab.get_by_test_id("weather")).to_have_text("3 so far; the last: 429 of Cloudflare: HTML, no Via")
