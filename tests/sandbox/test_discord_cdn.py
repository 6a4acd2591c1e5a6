"""The CDN: signed URLs that expire."""

import io

import pytest
from PIL import Image

from sandbox.discord import World
from tests.sandbox.conftest import Api


def picture(width: int = 40, height: int = 30) -> bytes:
    """A small PNG."""
    data = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(data, "PNG")
    return data.getvalue()


async def test_attachment_is_read_back_byte_for_byte(api: Api, world: World) -> None:
    """An upload is served with its type, and the message has its size in pixels."""
    data = picture()
    posted = await api.call("POST", f"/channels/{world.channel('art').id}/messages", {}, files={"a b.png": data})
    (attachment,) = posted.body["attachments"]
    answer = await api.fetch(attachment["url"])
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, data, "image/png")
    assert (attachment["filename"], attachment["width"], attachment["height"]) == ("a_b.png", 40, 30)


async def test_url_expires_and_a_new_one_works(api: Api, world: World) -> None:
    """After a day the old URL is a plain-text 404; reading the message again gives a valid one."""
    path = f"/channels/{world.channel('art').id}/messages"
    posted = await api.call("POST", path, {}, files={"a.png": picture()})
    world.clock.advance(24 * 3600 + 1)
    expired = await api.fetch(posted.body["attachments"][0]["url"])
    assert (expired.status, expired.body) == (404, b"This content is no longer available.")
    again = await api.call("GET", f"{path}/{posted.body['id']}")
    assert (await api.fetch(again.body["attachments"][0]["url"])).status == 200


@pytest.mark.parametrize(("old", "new"), [("hm=", "hm=0"), ("ex=", "ex=f"), ("a.png", "b.png"), ("?", "?x=1&ex=zz&")])
async def test_tampered_url_is_refused(api: Api, world: World, old: str, new: str) -> None:
    """Signature, expiry and name cannot be changed."""
    posted = await api.call("POST", f"/channels/{world.channel('art').id}/messages", {}, files={"a.png": picture()})
    url = posted.body["attachments"][0]["url"]
    assert (await api.fetch(url.replace(old, new))).status == 404


async def test_avatars_are_drawn(api: Api, world: World) -> None:
    """Any avatar URL returns a real picture."""
    answer = await api.fetch(f"{world.files.base_url}/embed/avatars/0.png")
    assert Image.open(io.BytesIO(answer.body)).size == (128, 128)


async def test_deleting_a_message_deletes_its_file(api: Api, world: World) -> None:
    """Nothing stays on disk for a deleted message."""
    path = f"/channels/{world.channel('art').id}/messages"
    posted = await api.call("POST", path, {}, files={"a.png": picture()})
    await api.call("DELETE", f"{path}/{posted.body['id']}")
    assert (await api.fetch(posted.body["attachments"][0]["url"])).status == 404
    assert list(world.files.new_path().parent.iterdir()) == []
