"""The provider's faults: each has the effect on the wire that its name says."""

import asyncio
import io
import json
import time

import aiohttp
import pytest
from PIL import Image

from sandbox.apimaster import ApimasterServer, Fault, payloads
from sandbox.apimaster.catalogue import MODEL
from tests.sandbox.apimaster.support import SUBMIT, poll, post, submit


async def test_a_408_after_the_work_is_charged(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """Refused in the envelope, and the task still continues."""
    server.script(Fault.charged_then_http(408))
    status, answer = await post(http, SUBMIT)
    assert (status, "error" in answer) == (408, True)
    assert (server.posts[0].status, bool(server.posts[0].task_id)) == (408, True)
    assert [charge.kind for charge in server.charges] == ["charge"]


async def test_request_may_be_cut_off_before_it_was_read(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """It was not parsed, and nothing is charged."""
    server.script(Fault.reset_unread())
    with pytest.raises(aiohttp.ClientError):
        await post(http, SUBMIT)
    assert (server.posts[0].body, server.posts[0].client_closed_early, server.charges) == ({}, False, [])


async def test_hanging_calls_are_answered_when_the_faults_are_cleared(
    server: ApimasterServer, http: aiohttp.ClientSession
) -> None:
    """By a proxy, in HTML; one had its work done before, the other not; the next call is normal."""
    server.script(Fault.hang(), Fault.charged_then_hang())

    async def asked() -> tuple[int, str]:
        async with http.post(SUBMIT, json={"model": MODEL, "prompt": "x"}) as response:
            return response.status, response.content_type

    both = [asyncio.create_task(asked()) for _ in range(2)]
    for _ in range(500):
        if server.hanging == 2:
            break
        await asyncio.sleep(0.01)
    assert not any(task.done() for task in both)
    server.clear_scripts()
    assert await asyncio.gather(*both) == [(504, "text/html")] * 2
    assert len(server.charges) == 1
    await submit(http)


async def test_answer_may_be_sent_slowly(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """Complete in the end, but piece by piece."""
    server.script(Fault.drip(0.1))
    started = time.monotonic()
    assert (await post(http, SUBMIT))[1]["code"] == 200
    assert time.monotonic() - started > 0.09


@pytest.mark.parametrize("number", range(len(payloads.WRONG_TYPES)))
async def test_wrong_types_are_json_and_charged(
    server: ApimasterServer, http: aiohttp.ClientSession, number: int
) -> None:
    """A client has to validate the types."""
    server.script(Fault.wrong_types(number))
    async with http.post(SUBMIT, json={"model": MODEL, "prompt": "x"}) as response:
        json.loads(await response.text())
    assert len(server.charges) == 1


async def test_small_answer_may_decompress_to_a_large_one(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """Gzip, a thousand to one."""
    server.script(Fault.inflating(3_000_000))
    async with http.post(SUBMIT, json={"model": MODEL, "prompt": "x"}) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert int(response.headers["Content-Length"]) < 10_000
        assert len(await response.read()) == 3_000_000


async def test_first_url_of_a_picture_may_have_expired(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """The next poll returns a valid one."""
    server.script(Fault.expired())
    task_id = await submit(http)
    found = []
    for _ in range(2):
        url = (await poll(http, task_id))["result"]["images"][0]["url"]
        async with http.get(url) as response:
            found.append(response.status)
    assert found == [404, 200]


async def test_picture_may_redirect_or_be_a_decompression_bomb(
    server: ApimasterServer, http: aiohttp.ClientSession
) -> None:
    """A redirect to the same URL; then a PNG that is small only on the wire."""
    server.script_result(Fault.redirect(), Fault.bomb())
    task_id = await submit(http)
    url = (await poll(http, task_id))["result"]["images"][0]["url"]
    async with http.get(url, allow_redirects=False) as response:
        assert response.status == 302
        assert server.base_url + response.headers["Location"] == url
    async with http.get(url) as response:
        data = await response.read()
    assert len(data) < 100_000
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(data))


async def test_upload_may_fail_like_any_call(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """One of several fails, as scripted; the next one is stored."""
    server.script_upload(Fault.http(503), Fault.charged_then_http(408))
    assert server.scripted == 2
    found = []
    for _ in range(3):
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(b"\xff\xd8\xff and so on"), filename="x.jpg", content_type="image/jpeg")
        async with http.post("/v1/uploads/images", data=form) as response:
            found.append(response.status)
    assert found == [503, 408, 200]
    assert server.scripted == 0
