"""The provider's stand-in keeps to the guide: calls, validation, money, faults."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from sandbox.apimaster import ApimasterServer, Fault
from sandbox.apimaster.catalogue import MODEL
from tests.sandbox.apimaster.support import GENERATE, SUBMIT, fetched, poll, post, submit


async def test_the_async_way_of_the_guide_gives_a_picture(http: aiohttp.ClientSession) -> None:
    """Submit, poll, `data.result.images[0].url`."""
    data = await poll(http, await submit(http, size="16:9", resolution="2K"))
    picture = await fetched(http, data["result"]["images"][0]["url"])
    assert picture.size == (2752, 1536)


async def test_the_sync_way_of_the_guide_gives_a_picture(http: aiohttp.ClientSession) -> None:
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
async def test_a_bad_request_is_refused_in_the_vendors_envelope(
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
async def test_what_other_clients_send_is_accepted(http: aiohttp.ClientSession, body: dict[str, Any]) -> None:
    """Lower-case resolutions, OpenAI's pixel sizes, fields that mean nothing here."""
    assert (await post(http, SUBMIT, **body))[0] == 200


@pytest.mark.parametrize("header", [None, "Bearer wrong", "sandbox-key", "Basic sandbox-key"])
async def test_a_wrong_key_is_refused(server: ApimasterServer, header: str | None) -> None:
    """On every call."""
    headers = {} if header is None else {"Authorization": header}
    async with aiohttp.ClientSession(server.base_url, headers=headers) as stranger:
        assert (await post(stranger, SUBMIT))[0] == 401
        async with stranger.get("/v1/tasks/x") as response:
            assert response.status == 401


async def test_a_task_takes_its_time(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """Until then it is processing, with some progress."""
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


async def test_finished_polls_say_both_words_in_turns(http: aiohttp.ClientSession) -> None:
    """So that a client which waits for either one gets it."""
    task_id = await submit(http)
    assert [(await poll(http, task_id))["status"] for _ in range(4)] == ["succeeded", "completed"] * 2


@pytest.mark.parametrize("word", ["succeeded", "completed"])
async def test_the_word_can_be_fixed(server: ApimasterServer, http: aiohttp.ClientSession, word: str) -> None:
    """By a knob."""
    server.knobs.success_word = word  # type: ignore[assignment]  # parametrize knows no literals
    task_id = await submit(http)
    assert {(await poll(http, task_id))["status"] for _ in range(2)} == {word}


async def test_the_balance_pays_at_submit_and_runs_out(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
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


async def test_an_observed_failure_gives_the_money_back_once(
    server: ApimasterServer, http: aiohttp.ClientSession
) -> None:
    """Nobody looks, nobody is refunded."""
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


async def test_a_sync_call_that_takes_too_long_is_charged_all_the_same(
    server: ApimasterServer, http: aiohttp.ClientSession
) -> None:
    """408, and the work goes on."""
    server.knobs.latency_s, server.knobs.sync_deadline_s = 0.2, 0.02
    status, answer = await post(http, GENERATE)
    assert (status, answer["error"]["type"]) == (408, "timeout_error")
    assert [charge.kind for charge in server.charges] == ["charge"]


async def test_billing_models_and_the_wrong_door(http: aiohttp.ClientSession, server: ApimasterServer) -> None:
    """The balance is the limit less the usage; chat points to the images."""
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


async def test_the_record_says_who_hung_up(server: ApimasterServer, http: aiohttp.ClientSession) -> None:
    """A caller that gives up is told apart from an answer, and from a reset of the server's own."""
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


async def test_nothing_is_charged_by_a_fault_that_comes_before_the_work(
    server: ApimasterServer, http: aiohttp.ClientSession
) -> None:
    """Only what reached the provider costs."""
    server.script(Fault.reset(), Fault.html(), Fault.http(500))
    with pytest.raises(aiohttp.ClientError):
        await post(http, SUBMIT)
    for _ in range(2):
        async with http.post(SUBMIT, json={"model": MODEL, "prompt": "x"}) as response:
            assert response.status >= 500
    assert server.charges == []
    assert len(server.posts) == 3


async def test_a_fault_in_the_wrong_place_is_a_mistake(server: ApimasterServer) -> None:
    """Told when it is scripted, not found out later."""
    with pytest.raises(ValueError, match="no fault of a poll"):
        server.script_poll(Fault.finished())
    with pytest.raises(ValueError, match="no fault of a submit"):
        server.script(Fault.oversized())
    with pytest.raises(ValueError, match="no fault of a result"):
        server.script_result(Fault.never_ends())
