"""Downloads: from every kind of source, within limits, with the key sent only to the API's own origin."""

import base64
import os
from pathlib import Path

import pytest
from aiohttp import web
from yarl import URL

from bot.apimaster import download
from bot.apimaster.client import ApimasterClient
from bot.domain.errors import BotError, PictureError, StoreError
from bot.domain.picture import PictureSpec
from bot.ports import PictureSource
from sandbox.apimaster import ApimasterServer, Fault
from tests.apimaster.support import connected, serving, until_done

BYTES = bytes(range(256)) * 20


async def finished(client: ApimasterClient, spec: PictureSpec) -> PictureSource:
    """The source of a picture that was just made."""
    submission = await client.submit(spec)
    return await until_done(client, submission.task_id or "")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        *((Fault.http(status), "result_gone") for status in (400, 401, 403, 404, 410)),
        (Fault.http(429), "rate_limited"),
        (Fault.http(408), "unavailable"),
        (Fault.http(500), "unavailable"),
        (Fault.html(502), "unavailable"),
        (Fault.http(503), "unavailable"),
        (Fault.http(206), "outcome_unknown"),
        (Fault.hang(), "outcome_unknown"),
        (Fault.cut_off(), "outcome_unknown"),
        (Fault.redirect("ftp://h/p.png"), "result_gone"),
        (Fault.redirect("http://[bad"), "result_gone"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.kind}-{value.status}",
)
async def test_failed_download_has_its_code_and_leaves_nothing(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec, tmp_path: Path, fault: Fault, code: str
) -> None:
    """A picture that is gone is final; every other error can be retried."""
    source = await finished(client, spec)
    provider.script_result(fault)
    with pytest.raises(BotError) as raised:
        await client.download(source, tmp_path / "picture")
    assert raised.value.code == code
    assert not (tmp_path / "picture").exists()


async def test_expired_url_is_gone(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec, tmp_path: Path
) -> None:
    """The provider's URLs are short-lived."""
    provider.knobs.result_ttl_s = -1
    with pytest.raises(PictureError) as raised:
        await client.download(await finished(client, spec), tmp_path / "picture")
    assert raised.value.code == "result_gone"


async def test_endless_picture_is_cut_at_the_limit(
    client: ApimasterClient, provider: ApimasterServer, spec: PictureSpec, tmp_path: Path
) -> None:
    """Without Content-Length the bytes are counted as they arrive."""
    source = await finished(client, spec)
    provider.script_result(Fault.oversized())
    with pytest.raises(PictureError) as raised:
        await client.download(source, tmp_path / "picture")
    assert raised.value.code == "too_large"
    assert not (tmp_path / "picture").exists()


async def test_picture_that_announces_too_much_is_not_read(tmp_path: Path) -> None:
    """A Content-Length above the limit is trusted."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(download.MAX_PICTURE_BYTES + 1)})
        await response.prepare(request)
        return response

    async with serving(answer) as base_url, connected(base_url) as client:
        with pytest.raises(PictureError) as raised:
            await client.download(PictureSource(url=f"{base_url}/p.png"), tmp_path / "picture")
    assert raised.value.code == "too_large"


async def test_key_goes_only_to_the_apis_own_origin(tmp_path: Path) -> None:
    """Not to another port of the same host, and not along a redirect, even within the origin."""
    seen: list[tuple[str, str | None]] = []

    async def own(request: web.Request) -> web.Response:
        seen.append(("own", request.headers.get("Authorization")))
        if request.path == "/go":
            raise web.HTTPFound(f"{other_url}/back")
        if request.path == "/home":
            raise web.HTTPFound(f"{own_url}/end")
        return web.Response(body=b"picture")

    async def other(request: web.Request) -> web.Response:
        seen.append(("other", request.headers.get("Authorization")))
        if request.path == "/back":
            raise web.HTTPFound(f"{own_url}/end")
        return web.Response(body=b"picture")

    async with serving(own) as own_url, serving(other) as other_url, connected(own_url) as client:
        await client.download(PictureSource(url=f"{other_url}/direct"), tmp_path / "1")
        await client.download(PictureSource(url=f"{own_url}/go"), tmp_path / "2")
        await client.download(PictureSource(url="/relative"), tmp_path / "3")
        await client.download(PictureSource(url=own_url.replace("127.0.0.1", "localhost") + "/name"), tmp_path / "4")
        await client.download(PictureSource(url=f"{own_url}/home"), tmp_path / "5")
    bearer = "Bearer sandbox-key"
    assert seen == [
        ("other", None),
        ("own", bearer),
        ("other", None),
        ("own", None),
        ("own", bearer),
        ("own", None),
        ("own", bearer),
        ("own", None),
    ]


async def test_at_most_five_redirects_are_followed(tmp_path: Path) -> None:
    """A loop ends."""
    hops: list[int] = []

    async def around(request: web.Request) -> web.Response:
        number = int(request.path.strip("/"))
        hops.append(number)
        if number == int(request.query["last"]):
            return web.Response(body=b"picture")
        raise web.HTTPFound(f"/{number + 1}?{request.query_string}")

    async with serving(around) as base_url, connected(base_url) as client:
        assert await client.download(PictureSource(url=f"{base_url}/0?last=5"), tmp_path / "1") == len(b"picture")
        with pytest.raises(PictureError, match="redirects"):
            await client.download(PictureSource(url=f"{base_url}/0?last=6"), tmp_path / "2")
    assert len(hops) == 6 + 6


async def test_signed_url_is_requested_unchanged(tmp_path: Path) -> None:
    """Quoting it again could break its signature."""
    raw: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        raw.append(request.raw_path)
        return web.Response(body=b"picture")

    path = "/a%20b%7Ec/p.png?sig=a%2Bb%2F%3D&x=1;2&y=%C3%A9"
    async with serving(answer) as base_url, connected(base_url) as client:
        await client.download(PictureSource(url=base_url + path), tmp_path / "picture")
        await client.download(PictureSource(url=f"{base_url}/ä b.png"), tmp_path / "picture")
    assert raw == [path, "/%C3%A4%20b.png"]


ENCODED = base64.b64encode(BYTES).decode()


@pytest.mark.parametrize(
    "source",
    [
        PictureSource(base64=ENCODED),
        PictureSource(base64=ENCODED.rstrip("=")),
        PictureSource(base64="\r\n".join(ENCODED[i : i + 76] for i in range(0, len(ENCODED), 76))),
        PictureSource(base64=base64.urlsafe_b64encode(BYTES).decode()),
        PictureSource(url=f"data:image/png;base64,{ENCODED}"),
        PictureSource(url=f"DATA:image/png;charset=x;BASE64,{ENCODED}"),
        PictureSource(url="data:image/png," + "".join(f"%{byte:02x}" for byte in BYTES)),
    ],
    ids=["plain", "unpadded", "lines", "url-safe", "data-uri", "upper-case", "percent"],
)
@pytest.mark.parametrize("slice_characters", [4, 1024, 1 << 20])
async def test_every_inline_picture_is_decoded(
    client: ApimasterClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: PictureSource,
    slice_characters: int,
) -> None:
    """Wherever the chunks are cut."""
    monkeypatch.setattr(download, "_DECODE_CHARACTERS", slice_characters)
    assert await client.download(source, tmp_path / "picture") == len(BYTES)
    assert (tmp_path / "picture").read_bytes() == BYTES


@pytest.mark.parametrize(
    "source",
    [
        PictureSource(base64="not base64!"),
        PictureSource(base64="AAAA=AAA"),
        PictureSource(base64="A"),
        PictureSource(base64="ÄÄÄÄ"),
        PictureSource(url="data:image/png;base64"),
    ],
)
async def test_undecodable_data_is_not_a_picture(
    client: ApimasterClient, tmp_path: Path, source: PictureSource
) -> None:
    """And no file is left."""
    with pytest.raises(PictureError) as raised:
        await client.download(source, tmp_path / "picture")
    assert raised.value.code == "not_a_picture"
    assert not (tmp_path / "picture").exists()


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,", "data:image/png,"])
async def test_inline_pictures_have_the_same_limit(
    client: ApimasterClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    """Counted while they are decoded."""
    monkeypatch.setattr(download, "MAX_PICTURE_BYTES", 1000)
    text = prefix + "A" * 2000
    source = PictureSource(url=text) if prefix else PictureSource(base64=text)
    with pytest.raises(PictureError) as raised:
        await client.download(source, tmp_path / "picture")
    assert raised.value.code == "too_large"
    assert not (tmp_path / "picture").exists()


async def test_source_without_any_field_is_gone(client: ApimasterClient, tmp_path: Path) -> None:
    """No request is made to the provider's root path."""
    for source in (PictureSource(), PictureSource(url="")):
        with pytest.raises(PictureError) as raised:
            await client.download(source, tmp_path / "picture")
        assert raised.value.code == "result_gone"


@pytest.mark.parametrize(
    "url",
    [
        "http://", "http:///x", "http://h:99999/x", "http://[h/x", "http://h:1\r\nX: 1/x", "x" * 9000,
        "http://a..b/x.png", f"http://{'a' * 64}.test/x.png", f"http://{'a.' * 127}test/x.png", "//a..b/x.png",
        "http://ä..b/x.png", "http://h\\@evil/x.png", "http://%31/x.png", "http://[::1", "http://h/\x01",
    ],
)  # fmt: skip
async def test_invalid_url_is_gone(client: ApimasterClient, tmp_path: Path, url: str) -> None:
    """It is reported as such and raises nothing else, whichever part is invalid."""
    with pytest.raises(PictureError) as raised:
        await client.download(PictureSource(url=url), tmp_path / "picture")
    assert raised.value.code == "result_gone"


async def test_redirect_to_an_invalid_url_is_gone(tmp_path: Path) -> None:
    """A name that is invalid in DNS is refused before a resolver is called, wherever it comes from."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.query["to"]})

    async with serving(answer) as base_url, connected(base_url) as client:
        for target in ("http://a..b/x.png", f"//{'a' * 64}/x", "http://h:99999/", "http://[::1", "\\\\h", ""):
            address = URL(base_url).with_query(to=target)
            with pytest.raises(PictureError) as raised:
                await client.download(PictureSource(url=str(address)), tmp_path / "picture")
            assert raised.value.code == "result_gone"


async def test_unwritable_disk_is_not_a_bad_picture(client: ApimasterClient, spec: PictureSpec, tmp_path: Path) -> None:
    """A paid picture can be downloaded again when there is room."""
    source = await finished(client, spec)
    with pytest.raises(StoreError):
        await client.download(source, tmp_path / "missing" / "picture")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs the device that is always full")  # noqa: PTH110
async def test_disk_that_fills_up_is_reported_while_writing(tmp_path: Path) -> None:
    """The bytes arrive, and there is no room for them."""
    (tmp_path / "picture").symlink_to("/dev/full")
    async with connected("http://127.0.0.1:1") as client:
        with pytest.raises(StoreError, match="space"):
            await client.download(PictureSource(base64=ENCODED), tmp_path / "picture")


async def test_only_this_user_can_read_a_download(client: ApimasterClient, spec: PictureSpec, tmp_path: Path) -> None:
    """Private pictures stay private on a shared machine."""
    before = os.umask(0)
    try:
        await client.download(await finished(client, spec), tmp_path / "picture")
    finally:
        os.umask(before)
    assert (tmp_path / "picture").stat().st_mode & 0o777 == 0o600
