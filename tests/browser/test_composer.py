"""Composing slash commands on the page: as text, by fields, and what is refused before it is sent."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from sandbox.discord.interactions import InteractionRecord, InteractionType
from tests.browser.conftest import Visit
from tests.browser.session import COMMANDS, Json, options_of, play_bot, say, write

# One browser serves all tests, and it belongs to the event loop that started it.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _module(tab: Page, name: str, expression: str, argument: object) -> Any:
    """The value of an expression with one of the page's modules as `m` and an argument as `a`."""
    script = f"async (a) => {{ const m = await import('/static/js/{name}'); return {expression}; }}"
    return await tab.evaluate(script, argument)


async def test_the_composer_lists_the_registered_commands_and_completes_one(without_bot: Visit) -> None:
    """Typing a slash shows what the bot registered for this member; Tab completes the highlighted one."""
    tab = without_bot.tab
    nothing: Json = {"type": 8, "data": {"choices": []}}
    await play_bot(without_bot, lambda record: nothing if record.type is InteractionType.AUTOCOMPLETE else say("ok"))
    await write(tab, "/")
    await expect(tab.get_by_test_id("command-paint")).to_be_visible()
    await expect(tab.get_by_test_id("command-usage-overview")).to_have_count(0)
    await tab.keyboard.press("ArrowDown")
    await tab.keyboard.press("Tab")
    await expect(tab.get_by_test_id("composer")).to_have_value("/style ")


async def test_moderator_is_offered_more_commands(without_bot: Visit) -> None:
    """Commands behind a permission are listed for members who have it; a wrong subcommand shows the valid ones."""
    tab = without_bot.tab
    await play_bot(without_bot, lambda _: say("ok"))
    await tab.get_by_test_id("member-mod").click()
    await write(tab, "/us")
    await expect(tab.get_by_test_id("command-usage-overview")).to_be_visible()
    await write(tab, "/usage everything")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_test_id("toasts")).to_contain_text("Choose one of /usage overview.")


async def test_fields_and_text_are_two_views_of_one_command(without_bot: Visit) -> None:
    """A choice in a field appears in the text, a typed pair appears in its field, and both are sent."""
    tab = without_bot.tab
    seen = await play_bot(without_bot, lambda _: say("ok"))
    await write(tab, "/paint a corgi in space count:2")
    await expect(tab.get_by_test_id("option-count").get_by_role("textbox")).to_have_value("2")
    await tab.get_by_test_id("option-size").get_by_role("combobox").select_option("wide")
    await expect(tab.get_by_test_id("composer")).to_have_value("/paint a corgi in space size:16:9 count:2")
    await tab.get_by_test_id("option-private").get_by_role("combobox").select_option("True")
    await tab.get_by_test_id("composer").press("Enter")
    await expect(tab.get_by_test_id("message")).to_have_count(1)
    assert options_of(seen[0]) == {"prompt": "a corgi in space", "size": "16:9", "count": 2, "private": True}


_WRONG = (
    ("/paint ", "prompt", "prompt is required."),
    ("/paint a corgi size:round", "size", "size must be one of: square, wide."),
    ("/paint a corgi count:9", "count", "count must be at most 4."),
    ("/paint a corgi count:two", "count", "count must be a whole number."),
    ("/paint a corgi private:maybe", "private", "private must be True or False."),
    (f"/paint {'x' * 41}", "prompt", "prompt takes at most 40 characters; this is 41."),
)


async def test_invalid_option_is_marked_at_its_field_and_nothing_is_sent(without_bot: Visit) -> None:
    """What Discord's client would refuse never reaches the bot."""
    tab = without_bot.tab
    seen = await play_bot(without_bot, lambda _: say("ok"))
    for typed, option, sentence in _WRONG:
        await write(tab, typed)
        await tab.keyboard.press("Enter")
        await expect(tab.get_by_test_id(f"option-{option}").get_by_role("alert")).to_have_text(sentence)
    assert seen == []


async def test_file_option_uploads_the_chosen_file(without_bot: Visit) -> None:
    """An attachment reaches the bot with its name and size."""
    tab = without_bot.tab
    seen = await play_bot(without_bot, lambda _: say("ok"))
    await write(tab, "/paint a corgi")
    await tab.get_by_test_id("file-reference").set_input_files(
        {"name": "dog.txt", "mimeType": "text/plain", "buffer": b"woof"}
    )
    await tab.get_by_test_id("composer").press("Enter")
    await expect(tab.get_by_test_id("message")).to_have_count(1)
    (attachment,) = seen[0].data["resolved"]["attachments"].values()
    assert (attachment["filename"], attachment["size"]) == ("dog.txt", 4)


async def test_autocomplete_suggestions_appear_while_typing(without_bot: Visit) -> None:
    """The bot is asked with the text so far, and a click inserts the suggestion."""
    tab = without_bot.tab

    def answer(record: InteractionRecord) -> Json:
        if record.type is InteractionType.AUTOCOMPLETE:
            typed = record.data["options"][0]["value"]
            return {"type": 8, "data": {"choices": [{"name": f"{typed}il paint", "value": "oil"}]}}
        return say("ok")

    seen = await play_bot(without_bot, answer)
    await write(tab, "/style o")
    await tab.get_by_test_id("completions").get_by_text("oil paint").click()
    await expect(tab.get_by_test_id("composer")).to_have_value("/style oil")
    await tab.get_by_test_id("composer").press("Enter")
    await expect(tab.get_by_test_id("message")).to_have_count(1)
    assert options_of(seen[-1]) == {"name": "oil"}


async def test_command_text_round_trips(without_bot: Visit) -> None:
    """Whatever the values contain, parsing the text gives exactly them."""
    options = COMMANDS[0]["options"]
    entry = {"path": "paint", "options": options}
    for values in (
        {"prompt": "a corgi"},
        {"prompt": "two\nlines of size:16:9 text", "size": "1:1"},
        {"prompt": "private: keep out", "private": "true", "count": "3"},
        {"size": "16:9"},
    ):
        expression = "m.parse(m.recognise(m.serialise(a.entry, a.values), [a.entry]).rest, a.entry.options)"
        argument = {"entry": entry, "values": values}
        assert await _module(without_bot.tab, "commandline.js", expression, argument) == values
    assert await _module(without_bot.tab, "commandline.js", "m.parse(a, [])", "") == {}
