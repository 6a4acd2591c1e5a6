"""The client against the stand-in over real HTTP: what is sent, how often, and the result."""

import asyncio
import base64
import json
import logging
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.apimaster.client import ApimasterClient, Timeouts
from bot.apimaster.structure import JsonReader
from bot.domain import errors
from bot.domain.errors import ProviderError
from bot.domain.picture import PictureSpec, Resolution
from bot.ports import TaskState
from sandbox.apimaster import ApimasterServer, Fault
from tests.apimaster.support import MODEL, PIXEL, connected, quick_timeouts, serving, until_done


async def test_submit_poll_and_download_give_the_picture(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec, tmp_path: Path
) -> None:
    """The full async mode, with one POST."""
    submission = await client.submit(spec)
    assert submission.task_id is not None
    source = await until_done(client, submission.task_id)
    size_bytes = await client.download(source, tmp_path / "picture")
    assert (tmp_path / "picture").read_bytes()[:3] == b"\xff\xd8\xff"
    assert (tmp_path / "picture").stat().st_size == size_bytes
    assert [post.path for post in provider.posts] == ["/v1/images/generations/async"]


async def test_generate_gives_the_picture_in_one_call(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec
) -> None:
    """The sync mode."""
    submission = await client.generate(spec)
    assert submission.source is not None
    assert submission.source.url is not None
    assert submission.source.url.startswith(f"{provider.base_url}/results/")


async def test_key_may_be_a_secret_and_the_base_url_may_end_in_v1(provider: ApimasterServer, spec: PictureSpec) -> None:
    """As users copy it from other clients' settings."""
    async with connected(f"{provider.base_url}/v1/", SecretStr("sandbox-key")) as client:
        assert (await client.submit(spec)).task_id


@pytest.mark.parametrize("style", ["url", "url_list", "data_uri", "b64_json"])
async def test_every_style_of_result_can_be_downloaded(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec, tmp_path: Path, style: str
) -> None:
    """A URL, a list of one, a data URI, or base64."""
    provider.knobs.result_style = style  # type: ignore[assignment]  # parametrize knows no literals
    submission = await client.submit(spec)
    source = await until_done(client, submission.task_id or "")
    await client.download(source, tmp_path / "picture")
    assert (tmp_path / "picture").read_bytes()[:3] == b"\xff\xd8\xff"


async def test_submit_may_return_the_picture(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec
) -> None:
    """Some channels finish at once."""
    provider.script(Fault.finished())
    submission = await client.submit(spec)
    assert submission.task_id is None
    assert submission.source is not None


async def test_sync_call_may_return_a_task(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec
) -> None:
    """Then it can be polled."""
    provider.script(Fault.reply(b'{"code": 200, "data": [{"status": "submitted", "task_id": "task_9"}]}'))
    assert (await client.generate(spec)).task_id == "task_9"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.http(401), "invalid_key"),
        (Fault.http(404), "task_unknown"),
        (Fault.http(429), "rate_limited"),
        (Fault.http(500), "unavailable"),
        (Fault.http(503), "unavailable"),
        (Fault.html(502), "unavailable"),
        (Fault.html(200), "outcome_unknown"),
        (Fault.reset(), "outcome_unknown"),
        (Fault.hang(), "outcome_unknown"),
        (Fault.truncated(), "outcome_unknown"),
        (Fault.cut_off(), "outcome_unknown"),
        (Fault.redirect("/login"), "unavailable"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.kind}-{value.status}",
)
async def test_failed_poll_has_its_code_and_the_next_one_works(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec, fault: Fault, code: str
) -> None:
    """A task survives any fault of a poll."""
    submission = await client.submit(spec)
    # aiohttp itself retries a GET whose connection was reset, once.
    provider.script_poll(*[fault] * (2 if fault == Fault.reset() else 1))
    with pytest.raises(ProviderError) as raised:
        await client.poll(submission.task_id or "")
    assert raised.value.code == code
    assert (await client.poll(submission.task_id or "")).state is TaskState.SUCCEEDED


async def test_failed_task_is_reported_with_its_reason_and_refunded(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec
) -> None:
    """The first poll that sees the failure refunds it, once."""
    provider.script(Fault.task_fails("unsafe", code="content_policy_violation"))
    submission = await client.submit(spec)
    for _ in range(2):
        status = await client.poll(submission.task_id or "")
        assert (status.state, status.error, status.content_refused) == (TaskState.FAILED, "unsafe", True)
    assert [charge.kind for charge in provider.charges] == ["charge", "refund"]


async def test_a_task_id_is_one_path_segment(client: ApimasterClient, provider: ApimasterServer) -> None:
    """Whatever the provider's task ids contain, no other endpoint is called."""
    with pytest.raises(errors.TaskUnknownError):
        await client.poll("../models?x=1#y")
    assert provider.posts == []


async def test_uploaded_reference_appears_in_the_picture(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec, tmp_path: Path
) -> None:
    """From a file or from memory, as an http(s) URL."""
    (tmp_path / "reference.png").write_bytes(PIXEL)
    urls = [
        await client.upload(tmp_path / "reference.png", content_type="image/png"),
        await client.upload(PIXEL, content_type="image/png"),
    ]
    submission = await client.submit(spec, urls)
    await until_done(client, submission.task_id or "")
    assert provider.posts[0].body["image_urls"] == urls


@pytest.mark.parametrize(
    ("data", "content_type"), [(PIXEL, "image/tiff"), (bytes(20 * 1024 * 1024 + 1), "image/png")], ids=["type", "size"]
)
async def test_upload_that_cannot_work_is_refused_locally(
    client: ApimasterClient, data: bytes, content_type: str
) -> None:
    """Nothing is sent for it."""
    with pytest.raises(errors.BadRequestError):
        await client.upload(data, content_type=content_type)


async def test_provider_checks_an_uploads_bytes(client: ApimasterClient) -> None:
    """Its refusal is a normal provider error."""
    with pytest.raises(errors.BadRequestError):
        await client.upload(b"not a picture", content_type="image/png")


async def test_large_references_are_sent_as_data_uris(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec
) -> None:
    """Megabytes in one request neither warn nor block."""
    uri = "data:image/png;base64," + base64.b64encode(PIXEL + bytes(3_000_000)).decode()
    assert (await client.submit(spec, [uri])).task_id
    assert len(provider.posts) == 1


async def test_balance_is_returned_or_none(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec
) -> None:
    """A deployed server may have no billing endpoints."""
    provider.set_balance(5)
    await client.submit(spec)
    assert await client.balance() == pytest.approx(4)
    provider.knobs.billing = False
    assert await client.balance() is None


async def test_sync_time_out_depends_on_the_resolution() -> None:
    """At least 180 s at 2K and 4K, as the guide asks."""
    seconds = ApimasterClient("http://x", "k", MODEL)._timeouts.sync_s
    assert {resolution.value: seconds[resolution] for resolution in Resolution} == {
        "0.5K": 180,
        "1K": 180,
        "2K": 300,
        "4K": 900,
    }


async def test_nothing_private_is_logged_at_info(
    provider: ApimasterServer, client: ApimasterClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """No prompt, key or signed URL, neither on success nor in an error message."""
    spec = PictureSpec(prompt="my very private castle")
    with caplog.at_level(logging.INFO):
        submission = await client.submit(spec)
        await client.download(await until_done(client, submission.task_id or ""), tmp_path / "picture")
        provider.script(Fault.http(400, f"cannot draw {spec.prompt} with key {provider.api_key}"))
        with pytest.raises(errors.BadRequestError) as raised:
            await client.submit(spec)
    for private in (spec.prompt, provider.api_key, "signature="):
        assert private not in caplog.text
        assert private not in str(raised.value)


async def test_client_works_only_inside_its_context(spec: PictureSpec) -> None:
    """Otherwise it raises a programming error."""
    with pytest.raises(RuntimeError, match="async with"):
        await ApimasterClient("http://127.0.0.1:1", "k", MODEL).submit(spec)


QUOTED = {"error": {"message": "channel error for sandbox-key", "type": "x sandbox-key", "code": "no sandbox-key"}}


@pytest.mark.parametrize("answer", [{**QUOTED, "status": "failed"}, QUOTED, {"msg": "bad sandbox-key", "code": 500}])
async def test_key_echoed_by_the_provider_is_redacted(answer: dict[str, object], spec: PictureSpec) -> None:
    """In a success, a failed task or any other reply: it would be stored in rows and shown in messages."""

    async def say(_: web.Request) -> web.Response:
        return web.json_response(answer)

    async with serving(say) as base_url, connected(base_url) as client:
        told = []
        for call in (client.submit(spec), client.upload(PIXEL, content_type="image/png"), client.poll("task_1")):
            try:
                told.append(repr(await call))
            except ProviderError as error:
                told.append(f"{error} {error.provider_code} {error.request_id}")
    assert len(told) == 3
    assert [text for text in told if "sandbox-key" in text] == []


HOSTILE = {
    "a million objects": b'{"data": [' + b"{}," * 1_000_000 + b"{}]}",
    "deep": b"[" * 1_000_000,
    "endless number": b'{"data": {"task_id": ' + b"9" * 100_000 + b"}}",
    "endless whitespace": b" " * 2_000_000 + b"{}",
    "many addresses": b'{"data": [' + b",".join(b'{"url": "http://h/%d"}' % n for n in range(30_000)) + b"]}",
    "no UTF-8": b'{"data": {"task_id": "\xff"}}',
    "UTF-16": '{"data": {"task_id": "t"}}'.encode("utf-16"),
    "long message": b'{"message": "' + b"no! " * 1_000_000 + b'"}',
    "long name": b'{"' + b"a" * 1_000_000 + b'": 1}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_answer_is_an_error_of_its_call(spec: PictureSpec, body: bytes) -> None:
    """The outcome of an order is unknown; a poll may be repeated; for a refusal the status decides."""
    status = 200

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=body, status=status, content_type="application/json")

    async with serving(answer) as base_url, connected(base_url) as client:
        calls = (
            lambda: client.submit(spec),
            lambda: client.poll("t"),
            lambda: client.upload(PIXEL, content_type="image/png"),
        )
        for call in calls:
            with pytest.raises(errors.OutcomeUnknownError):
                await call()
        with suppress(errors.OutcomeUnknownError):
            assert await client.balance() is None
        status = 402
        with pytest.raises(errors.BalanceError):
            await client.submit(spec)


@pytest.mark.parametrize("field", ["url", "b64_json"])
async def test_large_inline_picture_is_downloaded(spec: PictureSpec, field: str, tmp_path: Path) -> None:
    """From its temporary file; for submit and poll, and with no file left behind."""
    picture = PIXEL + bytes(3_000_000)
    text = ("data:image/png;base64," if field == "url" else "") + base64.b64encode(picture).decode()

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"data": {"status": "success", "result": {"images": [{field: text}]}}})

    spool = tmp_path / "spool"
    spool.mkdir()
    async with (
        serving(answer) as base_url,
        ApimasterClient(base_url, "sandbox-key", MODEL, timeouts=quick_timeouts(), spool_dir=spool) as client,
    ):
        for source in ((await client.submit(spec)).source, (await client.poll("t")).source):
            assert source is not None
            assert source.text is not None
            assert not source.remote
            assert await client.download(source, tmp_path / "picture") == len(picture)
            assert (tmp_path / "picture").read_bytes() == picture
    assert list(spool.iterdir()) == []


async def test_upload_and_billing_answers_are_limited_in_size() -> None:
    """These answers carry no picture, so they are small."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"url": "https://h/x.png", "more": ["x" * 60_000] * 6})

    async with serving(answer) as base_url, connected(base_url) as client:
        with pytest.raises(errors.OutcomeUnknownError, match="too large"):
            await client.upload(PIXEL, content_type="image/png")


async def test_large_answers_are_read_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty at once don't use fifty times the memory: four are read at a time."""
    reading: set[int] = set()
    most = 0
    feed, value = JsonReader.feed, JsonReader.value

    def counted(reader: JsonReader, data: bytes) -> None:
        nonlocal most
        reading.add(id(reader))
        most = max(most, len(reading))
        feed(reader, data)

    def finished(reader: JsonReader) -> object:
        reading.discard(id(reader))
        return value(reader)

    monkeypatch.setattr(JsonReader, "feed", counted)
    monkeypatch.setattr(JsonReader, "value", finished)
    body = json.dumps({"data": {"status": "success", "url": "data:image/png;base64," + "A" * 2_000_000}}).encode()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    timeouts = Timeouts(poll_s=30)
    async with serving(answer) as base_url, ApimasterClient(base_url, "k", MODEL, timeouts=timeouts) as client:
        found = await asyncio.gather(*(client.poll(str(number)) for number in range(50)))
    assert all(status.source and status.source.text for status in found)
    assert 1 < most <= 4
