"""The pictures of the provider stand-in: drawn as ordered, at URLs that expire."""

import asyncio
import base64
import io
from typing import Any

import aiohttp
import pytest
from PIL import Image

from sandbox.apimaster import ApimasterServer, Knobs
from sandbox.apimaster.catalogue import PIXELS_AT_1K, SCALE, pixel_size
from tests.sandbox.apimaster.support import GENERATE, fetched, poll, post, submit


@pytest.mark.parametrize("ratio", PIXELS_AT_1K)
async def test_every_ratio_has_its_exact_pixels(http: aiohttp.ClientSession, ratio: str) -> None:
    """Of the drawn picture, not only in the reply."""
    _, answer = await post(http, GENERATE, size=ratio, resolution="0.5k")
    assert (await fetched(http, answer["data"][0]["url"])).size == pixel_size(ratio, "0.5K")


def test_largest_side_matches_the_guide() -> None:
    """The table and its four scales."""
    assert max(max(pixel_size(ratio, resolution)) for ratio in PIXELS_AT_1K for resolution in SCALE) == 12_288


async def test_url_expires(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """And cannot be forged."""
    url = (await poll(http, await submit(http)))["result"]["images"][0]["url"]
    server.knobs.result_ttl_s = -1
    expired = (await poll(http, await submit(http)))["result"]["images"][0]["url"]
    for bad in (expired, url.split("?")[0], url + "0"):
        async with http.get(bad) as response:
            assert response.status == 404
    async with aiohttp.ClientSession() as anybody, anybody.get(url) as response:
        assert response.status == 200


async def test_b64_json_is_honoured(http: aiohttp.ClientSession) -> None:
    """As OpenAI's SDK requests it."""
    _, answer = await post(http, GENERATE, response_format="b64_json")
    assert base64.b64decode(answer["data"][0]["b64_json"])[:3] == b"\xff\xd8\xff"


@pytest.mark.parametrize("picture_format", ["jpeg", "png", "webp"])
async def test_extension_and_type_may_be_wrong(
    server: ApimasterServer, http: aiohttp.ClientSession, picture_format: str
) -> None:
    """As the provider's are."""
    server.knobs.picture_format = picture_format  # type: ignore[assignment]  # parametrize knows no literals
    server.knobs.lying_types = True
    url = (await poll(http, await submit(http)))["result"]["images"][0]["url"]
    assert ".png?" in url
    async with http.get(url) as response:
        assert response.content_type == "image/png"
        assert Image.open(io.BytesIO(await response.read())).format == picture_format.upper()


async def test_the_same_prompt_gives_different_pictures(http: aiohttp.ClientSession) -> None:
    """So that "again" visibly changes something."""
    pictures = []
    for _ in range(2):
        _, answer = await post(http, GENERATE, response_format="b64_json")
        pictures.append(answer["data"][0]["b64_json"])
    assert pictures[0] != pictures[1]


async def test_large_picture_does_not_block_the_server(http: aiohttp.ClientSession) -> None:
    """While 16 megapixels are drawn, other calls are answered."""
    _, answer = await post(http, GENERATE, resolution="4K", size="1:1")
    painting = asyncio.create_task(fetched(http, answer["data"][0]["url"]))
    answered = 0
    while not painting.done():
        async with http.get("/v1/models") as response:
            await response.read()
        answered += 1
        await asyncio.sleep(0.005)
    assert painting.result().size == (4096, 4096)
    assert answered >= 5


async def test_plain_pictures_are_drawn_once(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """For benchmarks, where drawing would be most of the work."""
    server.knobs.plain_pictures = True
    urls = [(await poll(http, await submit(http)))["result"]["images"][0]["url"] for _ in range(2)]
    first, second = [await fetched(http, url) for url in urls]
    assert first.size == second.size == (1024, 1024)
    assert first.tobytes() == second.tobytes()


async def test_uploads_are_checked_and_served(http: aiohttp.ClientSession) -> None:
    """By their bytes, up to 20 MB."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(buffer.getvalue()), filename="a.bin")
    async with http.post("/v1/uploads/images", data=form) as response:
        answer = await response.json()
    assert (answer["content_type"], answer["bytes"]) == ("image/png", len(buffer.getvalue()))
    assert (await fetched(http, answer["url"])).size == (8, 8)
    for data, status in ((b"text", 400), (bytes(20 * 1024 * 1024 + 1), 413)):
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(data), filename="a.png")
        async with http.post("/v1/uploads/images", data=form) as response:
            assert response.status == status


async def test_reference_appears_in_the_picture(http: aiohttp.ClientSession) -> None:
    """Pasted in at the top left."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (255, 0, 0)).save(buffer, "PNG")
    uri = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    _, answer = await post(http, GENERATE, image_urls=[uri])
    picture = (await fetched(http, answer["data"][0]["url"])).convert("RGB")
    reds = [picture.getpixel((x, x)) for x in range(0, 256, 4)]
    assert any(isinstance(pixel, tuple) and pixel[0] > 240 and pixel[1] < 20 for pixel in reds)


async def test_missing_reference_fails_the_task(http: aiohttp.ClientSession, server: ApimasterServer) -> None:
    """As the URL of an expired attachment does."""
    data = await poll(http, await submit(http, image_urls=[f"{server.base_url}/uploads/none.png"]))
    assert data["status"] == "failed"
    assert "reference" in data["error"]["message"]


async def test_other_machines_are_never_contacted(http: aiohttp.ClientSession) -> None:
    """An external reference becomes a grey rectangle."""
    data = await poll(http, await submit(http, image_urls=["http://192.0.2.1/never.png"]))
    assert data["status"] == "succeeded"


async def test_files_are_removed_with_the_server(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left in the temporary directory."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with ApimasterServer(knobs=Knobs(latency_s=0)) as server:
        headers = {"Authorization": f"Bearer {server.api_key}"}
        async with aiohttp.ClientSession(server.base_url, headers=headers) as http:
            await post(http, GENERATE, response_format="b64_json")
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())
