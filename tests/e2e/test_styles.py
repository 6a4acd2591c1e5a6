"""Styles: saved by members and for servers, proposed while typing, added to what the model reads."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.driver import Message
from tests.e2e.harness import House


async def style(house: House, what: str, *, member: str = "alice", channel: str = "general", **options: Any) -> Message:
    """Type `/style …` and wait for its whole answer, which is private."""
    interaction = await house.driver.slash(member, f"style {what}", options, channel=channel)
    assert await interaction.acknowledged() < 3
    await house.until(lambda: interaction.response is not None and not interaction.response.loading)
    assert interaction.response is not None
    assert interaction.response.ephemeral_to == member or channel == "dm"
    return interaction.response


async def told(house: House, words: str, *, member: str = "alice") -> Message:
    """Wait for a private sentence."""
    message = await house.driver.wait_message(lambda m: words in m.text(), viewer=member)
    assert message.ephemeral_to == member
    return message


def sent(house: House) -> object:
    """The prompt of the last order."""
    return house.apimaster.posts[-1].body["prompt"]


async def test_saved_style_is_proposed_and_used(house: House) -> None:
    """The model reads prompt and style, the card shows the prompt and names the style; Again keeps it."""
    assert "Saved your own style “Noir”" in (await style(house, "save", name="Noir", text="black and white")).text()
    assert "black and white" in (await style(house, "list")).text()
    proposed = await house.driver.autocomplete("alice", "imagine", "style", "no", options={"prompt": "a cat"})
    assert proposed == [{"name": "Noir: black and white", "value": "Noir"}]
    await house.imagine("a cat", style="noir")
    card = await house.picture("a cat")
    assert sent(house) == "a cat\n\nblack and white"
    assert "style Noir" in card.text()
    assert "black and white" not in card.text()
    assert "Deleted your own style “Noir”" in (await style(house, "delete", name="noir")).text()
    await house.driver.click("alice", card.id, card.button("Again").custom_id)
    await house.until(lambda: house.states() == ["delivered", "delivered"])
    assert sent(house) == "a cat\n\nblack and white"
    assert house.rows("SELECT style, style_text FROM requests") == [("Noir", "black and white")] * 2


async def test_style_that_is_none_is_refused_with_near_names(house: House) -> None:
    """Also one that was deleted between proposal and sending; nothing is stored or spent."""
    await style(house, "save", name="noir", text="black and white")
    await house.imagine("a cat", style="nior")
    await told(house, "no style “nior” here. Did you mean “noir”?")
    await style(house, "delete", name="noir")
    await house.imagine("a cat", style="noir")
    await told(house, "no style “noir” here. `/style list`")
    assert house.rows("SELECT COUNT(*) FROM requests") == [(0,)]
    assert house.apimaster.posts == []


async def test_server_styles_are_for_everybody_and_changed_by_managers(house: House) -> None:
    """A plain member may use but not change them; elsewhere nobody sees them."""
    refused = await style(house, "save", name="clay", text="made of clay", server=True)
    assert "Manage Server" in refused.text()
    saved = await style(house, "save", member="mod", name="clay", text="made of clay", server=True)
    assert "Saved the server's style “clay”" in saved.text()
    assert "made of clay" in (await style(house, "list")).text()
    assert "Manage Server" in (await style(house, "delete", name="clay", server=True)).text()
    assert "no style here yet" in (await style(house, "list", channel="dm")).text()
    assert (
        "no server here"
        in (await style(house, "save", member="mod", channel="dm", name="x", text="y", server=True)).text()
    )
    picture = ("a.png", await _a_picture(house))
    await house.driver.slash("alice", "remix", {"prompt": "image 1", "image1": picture, "style": "clay"})
    await house.picture("image 1")
    assert sent(house) == "image 1\n\nmade of clay"
    assert (
        "Replaced the server's style"
        in (await style(house, "save", member="mod", name="Clay", text="wet clay", server=True)).text()
    )
    deleted = await style(house, "delete", member="mod", name="clay", server=True)
    assert "Deleted the server's style “Clay”" in deleted.text()


async def _a_picture(house: House) -> bytes:
    await house.imagine("a picture to begin with", member="bob")
    return await (await house.picture("a picture to begin with", viewer="bob")).read()


@pytest.mark.parametrize(("server", "names"), [(False, ["mine"]), (True, ["ours"])])
async def test_delete_proposes_what_it_would_delete(house: House, server: bool, names: list[str]) -> None:
    """The member's own styles, or with `server` the server's."""
    await style(house, "save", member="mod", name="mine", text="x")
    await style(house, "save", member="mod", name="ours", text="x", server=True)
    proposed = await house.driver.autocomplete("mod", "style delete", "name", "", options={"server": server})
    assert [choice["value"] for choice in proposed] == names
