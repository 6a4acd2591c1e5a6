"""The bot's responses on the page: failures, deferrals, modals, buttons, menus."""

import pytest
from playwright.async_api import FilePayload, expect

from sandbox.discord.interactions import InteractionType
from tests.browser.conftest import Visit
from tests.browser.session import Json, play_bot, say, write

# One browser serves all tests, and it belongs to the event loop that started it.
pytestmark = pytest.mark.asyncio(loop_scope="session")

MODAL: Json = {
    "custom_id": "edit",
    "title": "Edit the prompt",
    "components": [
        {"type": 18, "label": "Prompt", "component": {"type": 4, "custom_id": "prompt", "style": 2, "min_length": 3}},
        {
            "type": 18,
            "label": "Shape",
            "component": {
                "type": 3,
                "custom_id": "size",
                "options": [{"label": "Square", "value": "1:1"}, {"label": "Wide", "value": "16:9"}],
            },
        },
        {
            "type": 18,
            "label": "Style",
            "component": {
                "type": 21,
                "custom_id": "style",
                "options": [{"label": "Oil", "value": "oil"}, {"label": "Ink", "value": "ink"}],
            },
        },
        {"type": 18, "label": "Private", "component": {"type": 23, "custom_id": "private"}},
        {
            "type": 18,
            "label": "References",
            "component": {"type": 19, "custom_id": "files", "min_values": 0, "max_values": 3, "required": False},
        },
    ],
}


async def test_unanswered_command_is_shown_as_failed(without_bot: Visit) -> None:
    """After three seconds the member sees Discord's failure text."""
    tab = without_bot.tab
    without_bot.sandbox.world.interactions.acknowledge_within_s = 0.05
    await play_bot(without_bot, lambda _: None)
    await write(tab, "/paint a corgi")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_test_id("failed-row")).to_contain_text("The application did not respond")
    await tab.get_by_test_id("failed-row").get_by_text("Dismiss").click()
    await expect(tab.get_by_test_id("failed-row")).to_have_count(0)


async def test_deferral_shows_thinking_until_its_answer(without_bot: Visit) -> None:
    """The same message changes from thinking to the answer."""
    tab, world = without_bot.tab, without_bot.sandbox.world
    seen = await play_bot(without_bot, lambda _: {"type": 5})
    await write(tab, "/paint a corgi")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_test_id("thinking")).to_be_visible()
    world.interactions.edit(seen[0], world.interactions.message(seen[0], "@original"), {"content": "done"}, [])
    await expect(tab.get_by_test_id("thinking")).to_have_count(0)
    await expect(tab.get_by_test_id("message")).to_contain_text("done")


async def test_modal_is_filled_in_and_submitted(without_bot: Visit) -> None:
    """Every kind of field reaches the bot under its own id; a missing field is named first."""
    tab = without_bot.tab
    seen = await play_bot(
        without_bot,
        lambda record: say("thanks") if record.type is InteractionType.MODAL_SUBMIT else {"type": 9, "data": MODAL},
    )
    await write(tab, "/paint a corgi")
    await tab.keyboard.press("Enter")
    await tab.get_by_test_id("modal-submit").click()
    await expect(tab.get_by_test_id("modal")).to_contain_text("“Prompt” is required.")
    await tab.get_by_test_id("field-prompt").fill("a cat")
    await tab.get_by_test_id("field-size").click()
    await tab.get_by_role("option", name="Wide", exact=True).click()
    await tab.get_by_label("Ink").check()
    await tab.get_by_test_id("field-private").check()
    files: list[FilePayload] = [
        {"name": f"{number}.txt", "mimeType": "text/plain", "buffer": b"x"} for number in (1, 2)
    ]
    await tab.get_by_test_id("field-files").set_input_files(files)
    await tab.get_by_test_id("modal-submit").click()
    await expect(tab.get_by_test_id("message")).to_contain_text("thanks")
    fields = {part["component"]["custom_id"]: part["component"] for part in seen[-1].data["components"]}
    assert fields["prompt"]["value"] == "a cat"
    assert fields["size"]["values"] == ["16:9"]
    assert fields["style"]["value"] == "ink"
    assert fields["private"]["value"] is True
    assert len(fields["files"]["values"]) == 2


async def test_buttons_and_selects_act_on_their_message(without_bot: Visit) -> None:
    """A click and a choice reach the bot with the custom id and the values; a disabled button does not."""
    tab, world = without_bot.tab, without_bot.sandbox.world
    seen = await play_bot(without_bot, lambda _: {"type": 6})
    row = [
        {"type": 2, "style": 4, "label": "Cancel", "custom_id": "cancel"},
        {"type": 2, "style": 2, "label": "Off", "custom_id": "off", "disabled": True},
    ]
    choices = [{"label": name, "value": name} for name in ("red", "green", "blue")]
    select = {"type": 3, "custom_id": "colours", "max_values": 2, "options": choices}
    components = [{"type": 1, "components": row}, {"type": 1, "components": [select]}]
    world.messages.create(world.bot, world.channel("general"), {"content": "choose", "components": components}, [])
    await expect(tab.get_by_role("button", name="Off")).to_be_disabled()
    await tab.get_by_role("button", name="Cancel").click()
    await tab.get_by_test_id("select").click()
    for name in ("red", "blue"):
        await tab.get_by_role("option", name=name, exact=True).click()
    await tab.get_by_text("Apply").click()
    await expect(tab.get_by_test_id("select")).not_to_have_attribute("aria-busy", "true")
    assert [record.data["custom_id"] for record in seen] == ["cancel", "colours"]
    assert seen[1].data["values"] == ["red", "blue"]


async def test_context_menus_run_on_their_target(without_bot: Visit) -> None:
    """The menu of a message and of an author list the bot's commands and name the target."""
    tab, sandbox = without_bot.tab, without_bot.sandbox
    seen = await play_bot(without_bot, lambda _: say("ok", ephemeral=True))
    message = sandbox.driver.send("bob", "look at this")
    await tab.get_by_test_id("message").hover()
    await tab.get_by_test_id("message-menu").click()
    await tab.get_by_role("menuitem", name="Remix").click()
    await expect(tab.get_by_test_id("message")).to_have_count(2)
    await tab.get_by_role("button", name="Apps for Bob").click()
    await tab.get_by_role("menuitem", name="Pictures by").click()
    await expect(tab.get_by_test_id("message")).to_have_count(3)
    assert [record.data["target_id"] for record in seen] == [message.id, sandbox.world.user("bob").id]


async def test_plain_message_with_a_file_is_posted(without_bot: Visit) -> None:
    """Members can write and attach files, for message commands to work on."""
    tab = without_bot.tab
    await tab.get_by_test_id("attach").set_input_files(
        {"name": "note.txt", "mimeType": "text/plain", "buffer": b"hello"}
    )
    await write(tab, "see the note")
    await tab.keyboard.press("Enter")
    message = tab.get_by_test_id("message")
    await expect(message).to_contain_text("see the note")
    await expect(message.get_by_role("link", name="note.txt")).to_be_visible()
