"""Styles: saved by members and for servers, autocompleted, and appended to the prompt that the model reads."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.driver import Message
from tests.e2e.harness import Harness


async def style(
    harness: Harness, what: str, *, member: str = "alice", channel: str = "general", **options: Any
) -> Message:
    """Type `/style …` and wait for its full answer, which is private."""
    interaction = await harness.driver.slash(member, f"style {what}", options, channel=channel)
    assert await interaction.acknowledged() < 3
    await harness.until(lambda: interaction.response is not None and not interaction.response.loading)
    assert interaction.response is not None
    assert interaction.response.ephemeral_to == member or channel == "dm"
    return interaction.response


async def told(harness: Harness, words: str, *, member: str = "alice") -> Message:
    """Wait for a private message with this sentence."""
    message = await harness.driver.wait_message(lambda m: words in m.text(), viewer=member)
    assert message.ephemeral_to == member
    return message


def sent(harness: Harness) -> object:
    """The prompt of the last order."""
    return harness.apimaster.posts[-1].body["prompt"]


async def test_saved_style_is_proposed_and_used(harness: Harness) -> None:
    """The model reads prompt and style, the card shows the prompt and names the style; Again keeps it."""
    assert "Saved your own style “Noir”" in (await style(harness, "save", name="Noir", text="black and white")).text()
    assert "black and white" in (await style(harness, "list")).text()
    proposed = await harness.driver.autocomplete("alice", "imagine", "style", "no", options={"prompt": "a cat"})
    assert proposed == [{"name": "Noir: black and white", "value": "Noir"}]
    await harness.imagine("a cat", style="noir")
    card = await harness.picture("a cat")
    assert sent(harness) == "a cat\n\nblack and white"
    assert "style Noir" in card.text()
    assert "black and white" not in card.text()
    assert "Deleted your own style “Noir”" in (await style(harness, "delete", name="noir")).text()
    await harness.driver.click("alice", card.id, card.button("Again").custom_id)
    await harness.until(lambda: harness.states() == ["delivered", "delivered"])
    assert sent(harness) == "a cat\n\nblack and white"
    assert harness.rows("SELECT style, style_text FROM requests") == [("Noir", "black and white")] * 2


async def test_unknown_style_is_refused_with_similar_names(harness: Harness) -> None:
    """Also one that was deleted between autocomplete and submit; nothing is stored or charged."""
    await style(harness, "save", name="noir", text="black and white")
    await harness.imagine("a cat", style="nior")
    await told(harness, "no style “nior” here. Did you mean “noir”?")
    await style(harness, "delete", name="noir")
    await harness.imagine("a cat", style="noir")
    await told(harness, "no style “noir” here. `/style list`")
    assert harness.rows("SELECT COUNT(*) FROM requests") == [(0,)]
    assert harness.apimaster.posts == []


async def test_server_styles_are_for_all_members_and_changed_by_managers(harness: Harness) -> None:
    """An ordinary member may use but not change them; other servers don't see them."""
    refused = await style(harness, "save", name="clay", text="made of clay", server=True)
    assert "Manage Server" in refused.text()
    saved = await style(harness, "save", member="mod", name="clay", text="made of clay", server=True)
    assert "Saved the server's style “clay”" in saved.text()
    assert "made of clay" in (await style(harness, "list")).text()
    assert "Manage Server" in (await style(harness, "delete", name="clay", server=True)).text()
    assert "no style here yet" in (await style(harness, "list", channel="dm")).text()
    assert (
        "no server here"
        in (await style(harness, "save", member="mod", channel="dm", name="x", text="y", server=True)).text()
    )
    picture = ("a.png", await _a_picture(harness))
    await harness.driver.slash("alice", "remix", {"prompt": "image 1", "image1": picture, "style": "clay"})
    await harness.picture("image 1")
    assert sent(harness) == "image 1\n\nmade of clay"
    assert (
        "Replaced the server's style"
        in (await style(harness, "save", member="mod", name="Clay", text="wet clay", server=True)).text()
    )
    deleted = await style(harness, "delete", member="mod", name="clay", server=True)
    assert "Deleted the server's style “Clay”" in deleted.text()


async def _a_picture(harness: Harness) -> bytes:
    await harness.imagine("a picture to begin with", member="bob")
    return await (await harness.picture("a picture to begin with", viewer="bob")).read()


@pytest.mark.parametrize(("server", "names"), [(False, ["mine"]), (True, ["ours"])])
async def test_delete_proposes_what_it_can_delete(harness: Harness, server: bool, names: list[str]) -> None:
    """The member's own styles, or with `server` the server's."""
    await style(harness, "save", member="mod", name="mine", text="x")
    await style(harness, "save", member="mod", name="ours", text="x", server=True)
    proposed = await harness.driver.autocomplete("mod", "style delete", "name", "", options={"server": server})
    assert [choice["value"] for choice in proposed] == names
