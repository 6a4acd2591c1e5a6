"""The provider stand-in follows the guide: calls, validation, billing, faults."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from sandbox.apimaster import ApimasterServer, Fault
from sandbox.apimaster.catalogue import MODEL
from tests.sandbox.apimaster.support import GENERATE, SUBMIT, fetched, poll, post, submit


async def test_async_mode_of_the_guide_returns_a_picture(http: aiohttp.ClientSession) -> None:
    """Submit, poll, `data.result.images[0].url`."""
    data = await poll(http, await submit(http, size="16:9", resolution="2K"))
    picture = await fetched(http, data["result"]["images"][0]["url"])
    assert picture.size == (2752, 1536)


async def test_sync_mode_of_the_guide_returns_a_picture(http: aiohttp.ClientSession) -> None:
    """`created` and `data[].url`."""
    status, answer = await post(http, GENERATE)
    assert status == 200
    assert abs(answer["created"] - time.time()) < 5
    assert (await fetched(http, answer["data"][0]["url"])).size == (1024, 1024)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": None}, 400),
        ({"model": "gpt-image-2"}, 503),
        ({"prompt": ""}, 400),
        ({"prompt": 7}, 400),
        ({"n": 2}, 400),
        ({"n": "1"}, 400),
        ({"n": 1.0}, 400),
        ({"n": True}, 400),
        ({"size": "7:3"}, 500),
        ({"size": 1}, 500),
        ({"resolution": "8K"}, 500),
        ({"image_urls": "https://a/1.png"}, 400),
        ({"image_urls": ["ftp://a/1.png"]}, 400),
        ({"image_urls": ["data:text/plain;base64,AAAA"]}, 400),
        ({"image_urls": ["data:image/png;base64,%%%"]}, 400),
        ({"image_urls": ["https://a/1.png"] * 15}, 400),
        ({"google_search": "yes"}, 400),
        ({"google_image_search": True}, 400),
    ],
)
async def test_invalid_request_is_refused_in_the_vendors_envelope(
    http: aiohttp.ClientSession, server: ApimasterServer, body: dict[str, Any], status: int
) -> None:
    """With a request id, and without a charge."""
    got, answer = await post(http, SUBMIT, **body)
    assert got == status
    assert set(answer["error"]) == {"message", "type", "param", "code"}
    assert "(request id: " in answer["error"]["message"]
    assert server.charges == []


@pytest.mark.parametrize(
    "body",
    [
        {"n": 1, "resolution": "4k"},
        {"size": "1024x1024"},
        {"size": "auto", "quality": "high"},
        {"google_search": True, "google_image_search": True},
        {"size": None, "resolution": None, "image_urls": None},
    ],
)
async def test_requests_of_other_clients_are_accepted(http: aiohttp.ClientSession, body: dict[str, Any]) -> None:
    """Lower-case resolutions, OpenAI's pixel sizes, unknown fields."""
    assert (await post(http, SUBMIT, **body))[0] == 200


@pytest.mark.parametrize("header", [None, "Bearer wrong", "sandbox-key", "Basic sandbox-key"])
async def test_a_wrong_key_is_refused(server: ApimasterServer, header: str | None) -> None:
    """On every call."""
    headers = {} if header is None else {"Authorization": header}
    async with aiohttp.ClientSession(server.base_url, headers=headers) as stranger:
        assert (await post(stranger, SUBMIT))[0] == 401
        async with stranger.get("/v1/tasks/x") as response:
            assert response.status == 401


async def test_task_takes_its_time(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """Until it is finished it is processing, with some progress."""
    server.knobs.latency_s = 0.2
    task_id = await submit(http)
    data = await poll(http, task_id)
    assert data["status"] == "processing"
    assert 0 <= data["progress"] < 100
    assert "result" not in data
    async with asyncio.timeout(20):
        while True:
            data = await poll(http, task_id)
            if data["status"] != "processing":
                break
            await asyncio.sleep(0.02)
    assert data["status"] == "succeeded"


async def test_finished_polls_alternate_between_both_words(http: aiohttp.ClientSession) -> None:
    """So that a client which waits for either one gets it."""
    task_id = await submit(http)
    assert [(await poll(http, task_id))["status"] for _ in range(4)] == ["succeeded", "completed"] * 2


@pytest.mark.parametrize("word", ["succeeded", "completed"])
async def test_success_word_can_be_fixed(server: ApimasterServer, http: aiohttp.ClientSession, word: str) -> None:
    """By a knob."""
    server.knobs.success_word = word  # type: ignore[assignment]  # parametrize knows no literals
    task_id = await submit(http)
    assert {(await poll(http, task_id))["status"] for _ in range(2)} == {word}


async def test_balance_is_charged_at_submit_and_runs_out(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """2K costs 4/3 of 1K, 4K twice; then 402."""
    server.set_balance(4.4)
    await submit(http, resolution="0.5K")
    await submit(http, resolution="2K")
    await submit(http, resolution="4K")
    assert [round(charge.credits, 2) for charge in server.charges] == [1, 1.33, 2]
    status, answer = await post(http, SUBMIT)
    assert (status, answer["error"]["code"]) == (402, "insufficient_balance")
    server.knobs.unlimited = True
    await submit(http)


async def test_observed_failure_is_refunded_once(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """Without a poll there is no refund."""
    server.set_balance(10)
    server.script(Fault.task_fails())
    task_id = await submit(http)
    assert server.knobs.balance == 9
    assert await poll(http, task_id) | {"id": "", "created": 0} == {
        "id": "",
        "created": 0,
        "status": "failed",
        "progress": 100,
    }
    await poll(http, task_id)
    assert server.knobs.balance == 10
    assert [charge.kind for charge in server.charges] == ["charge", "refund"]


async def test_timed_out_sync_call_is_still_charged(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """408, and the work continues."""
    server.knobs.latency_s, server.knobs.sync_deadline_s = 0.2, 0.02
    status, answer = await post(http, GENERATE)
    assert (status, answer["error"]["type"]) == (408, "timeout_error")
    assert [charge.kind for charge in server.charges] == ["charge"]


async def test_billing_models_and_chat_endpoints(http: aiohttp.ClientSession, server: ApimasterServer) -> None:
    """The balance is the limit minus the usage; chat refers to the images endpoint."""
    server.set_balance(7)
    await submit(http)
    async with http.get("/v1/dashboard/billing/subscription") as response:
        assert (await response.json())["hard_limit_usd"] == 7
    async with http.get("/v1/dashboard/billing/usage") as response:
        assert (await response.json())["total_usage"] == 100
    async with http.get("/v1/models") as response:
        assert [model["id"] for model in (await response.json())["data"]] == [MODEL]
    async with http.post("/v1/chat/completions", json={"model": MODEL, "messages": []}) as response:
        assert response.status == 400
        assert "images/generations" in (await response.json())["error"]["message"]
    async with http.get("/v1/nothing") as response:
        assert (response.status, "error" in await response.json()) == (404, True)


async def test_record_shows_which_side_closed(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """A caller that gives up is distinguished from an answer, and from a reset by the server."""
    server.script(Fault.charged_then_hang(), Fault.charged_then_reset())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await post(http, SUBMIT)
    with pytest.raises(aiohttp.ClientError):
        await post(http, SUBMIT)
    await submit(http)
    for _ in range(50):
        if server.posts[0].client_closed_early:
            break
        await asyncio.sleep(0.01)
    assert [(post.status, post.client_closed_early) for post in server.posts] == [
        (None, True),
        (None, False),
        (200, False),
    ]
    assert all(post.task_id for post in server.posts)
    assert len(server.charges) == 3


async def test_fault_before_the_work_charges_nothing(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """Only what reached the provider is charged."""
    server.script(Fault.reset(), Fault.html(), Fault.http(500))
    with pytest.raises(aiohttp.ClientError):
        await post(http, SUBMIT)
    for _ in range(2):
        async with http.post(SUBMIT, json={"model": MODEL, "prompt": "x"}) as response:
            assert response.status >= 500
    assert server.charges == []
    assert len(server.posts) == 3


async def test_fault_at_the_wrong_endpoint_is_an_error(server: ApimasterServer) -> None:
    """It is raised when the fault is scripted."""
    with pytest.raises(ValueError, match="no fault of a poll"):
        server.script_poll(Fault.finished())
    with pytest.raises(ValueError, match="no fault of a submit"):
        server.script(Fault.oversized())
    with pytest.raises(ValueError, match="no fault of a result"):
        server.script_result(Fault.never_ends())
