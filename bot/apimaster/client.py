"""The client of the APIMaster image API: submit, poll, generate, upload, balance, download."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final, Self
from urllib.parse import quote

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.apimaster import wire
from bot.apimaster.answers import COMPLAINT, LIMITS, AnswerReader
from bot.apimaster.download import Downloader
from bot.apimaster.errors import Answer, Call, error_from, read_complaint, request_id
from bot.apimaster.hosts import GuardedResolver, TrustedHosts
from bot.apimaster.transport import network_errors
from bot.domain.errors import BadRequestError, OutcomeUnknownError, ProviderError, StoreError
from bot.domain.picture import PictureSpec, Resolution
from bot.ports import PictureSource, Submission, TaskStatus

MAX_UPLOAD_BYTES: Final = 20 * 1024 * 1024
UPLOAD_EXTENSIONS: Final = MappingProxyType(
    {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
)
_USER_AGENT: Final = "imagine-bot (+aiohttp)"


def _sync_read_s() -> Mapping[Resolution, float]:
    """The server's own time limits; the guide asks for at least 180 s at 2K and 4K."""
    return MappingProxyType(
        {Resolution.HALF_K: 180.0, Resolution.ONE_K: 180.0, Resolution.TWO_K: 300.0, Resolution.FOUR_K: 900.0}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Read timeouts of each kind of call: the longest silence, in seconds."""

    connect_s: float = 15
    submit_s: float = 120
    sync_s: Mapping[Resolution, float] = field(default_factory=_sync_read_s)
    poll_s: float = 30
    upload_s: float = 120
    download_s: float = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """A successful answer, parsed; `payload` is None if the body is not JSON or has too many elements."""

    status: int
    payload: object
    request_id: str


class ApimasterClient:
    """An ImageProvider on the APIMaster API; an async context manager that owns its connections.

    Every method raises ProviderError (`poll` and `download` also StoreError, `download` PictureError) and none retries:
    one `submit` or `generate` is at most one POST. The key is sent to the origin of `base_url` only. Pictures inside
    answers are spooled in `spool_dir` (None: the system's folder for temporary files). Results are fetched from public
    addresses; from a private one only if `result_hosts` or `base_url` names its host.
    """

    def __init__(
        self,
        base_url: str,
        api_key: SecretStr | str,
        model: str,
        *,
        result_hosts: Sequence[str] = (),
        timeouts: Timeouts | None = None,
        spool_dir: Path | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/").removesuffix("/v1")
        self._key = api_key.get_secret_value() if isinstance(api_key, SecretStr) else api_key
        self._model = model
        self._timeouts = timeouts or Timeouts()
        self._answers = AnswerReader(spool_dir)
        self._trusted = TrustedHosts(result_hosts, URL(self._base_url))
        self._fresh: aiohttp.ClientSession | None = None
        self._kept: aiohttp.ClientSession | None = None
        self._results: aiohttp.ClientSession | None = None
        self._resolver: GuardedResolver | None = None

    async def __aenter__(self) -> Self:
        # A kept-alive connection may have died unnoticed, and then it is unknown whether a POST on it arrived:
        # every POST therefore opens a connection of its own.
        self._fresh = self._session(aiohttp.TCPConnector(limit=0, force_close=True))
        self._kept = self._session(aiohttp.TCPConnector(limit=64))
        self._resolver = GuardedResolver(self._trusted)
        self._results = self._session(aiohttp.TCPConnector(limit=64, resolver=self._resolver))
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for session in (self._fresh, self._kept, self._results):
            if session is not None:
                await session.close()
        if self._resolver is not None:
            await self._resolver.close()

    @staticmethod
    def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": _USER_AGENT},
            trust_env=False,  # a proxy would resolve names without our address check
            read_bufsize=256 * 1024,
        )

    async def submit(self, spec: PictureSpec, image_urls: Sequence[str] = ()) -> Submission:
        """Start a picture in asynchronous mode: at most one POST."""
        return await self._make("/v1/images/generations/async", spec, image_urls, self._timeouts.submit_s)

    async def generate(self, spec: PictureSpec, image_urls: Sequence[str] = ()) -> Submission:
        """Make a picture in synchronous mode: one POST that is answered when the picture is ready.

        Raises SyncTimeoutError if the provider stops waiting; it may still charge.
        """
        return await self._make("/v1/images/generations", spec, image_urls, self._timeouts.sync_s[spec.resolution])

    async def _make(self, path: str, spec: PictureSpec, image_urls: Sequence[str], timeout_s: float) -> Submission:
        fields = wire.request_body(self._model, spec, image_urls)
        # Off the event loop: references as data URIs make tens of megabytes.
        body = io.BytesIO(await asyncio.to_thread(_encode, fields))
        secrets = (spec.whole_prompt, spec.prompt, spec.style_text)
        async with self._request("POST", path, Call.PAID, timeout_s, body=body, secrets=secrets) as response:
            reply = await self._read(response, Call.PAID)
        if reply.payload is None:
            raise OutcomeUnknownError(
                f"HTTP {reply.status}: the answer is not readable JSON",
                http_status=reply.status,
                request_id=reply.request_id,
            )
        return wire.parse_submission(
            reply.payload, status=reply.status, request_id=reply.request_id, secrets=(self._key, *secrets)
        )

    async def poll(self, task_id: str) -> TaskStatus:
        """Ask once for the state of a task; an answer that is not a clear state raises, and may be retried."""
        path = f"/v1/tasks/{quote(task_id, safe='')}?model={quote(self._model, safe='')}"
        async with self._request("GET", path, Call.POLL, self._timeouts.poll_s) as response:
            reply = await self._read(response, Call.POLL)
        return wire.parse_task(reply.payload, status=reply.status, request_id=reply.request_id, secrets=(self._key,))

    async def upload(self, picture: Path | bytes, *, content_type: str) -> str:
        """Upload a reference picture (png, jpeg, gif or webp of at most 20 MB); returns its http(s) address."""
        if content_type not in UPLOAD_EXTENSIONS:
            raise BadRequestError(f"A reference must be a PNG, JPEG, GIF or WebP picture, not {content_type}.")
        data = io.BytesIO(picture if isinstance(picture, bytes) else await asyncio.to_thread(_read_file, picture))
        if len(data.getbuffer()) > MAX_UPLOAD_BYTES:
            raise BadRequestError("A reference may have at most 20 MB.")
        form = aiohttp.FormData()
        form.add_field("file", data, filename=f"reference.{UPLOAD_EXTENSIONS[content_type]}", content_type=content_type)
        timeout_s = self._timeouts.upload_s
        async with self._request("POST", "/v1/uploads/images", Call.OTHER, timeout_s, body=form) as response:
            reply = await self._read(response, Call.OTHER)
        return wire.parse_upload(reply.payload, status=reply.status, request_id=reply.request_id, secrets=(self._key,))

    async def balance(self) -> float | None:
        """The remaining balance in US dollars; None if the provider's deployment doesn't report it."""
        subscription = await self._billing("/v1/dashboard/billing/subscription")
        usage = await self._billing("/v1/dashboard/billing/usage")
        return wire.parse_balance(subscription, usage)

    async def _billing(self, path: str) -> object:
        try:
            async with self._request("GET", path, Call.OTHER, self._timeouts.poll_s) as response:
                return (await self._read(response, Call.OTHER)).payload
        except BadRequestError as error:
            if error.http_status in {400, 404, 405}:
                return None
            raise

    async def download(self, source: PictureSource, to: Path) -> int:
        """Stream a finished picture into a file, at most 64 MB; returns the size in bytes.

        Raises PictureError (`result_gone`, `result_forbidden`, `too_large`, `not_a_picture`); another ProviderError may
        be retried.
        """
        downloader = Downloader(
            _opened(self._results),
            base_url=URL(self._base_url),
            trusted=self._trusted,
            api_key=self._key,
            connect_s=self._timeouts.connect_s,
            read_s=self._timeouts.download_s,
        )
        return await downloader.download(source, to)

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        call: Call,
        timeout_s: float,
        *,
        body: io.BytesIO | aiohttp.FormData | None = None,
        secrets: Sequence[str] = (),
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request with the API key, never redirected; yields a 2xx answer and translates everything else."""
        session = _opened(self._fresh if method == "POST" else self._kept)
        connect_s = self._timeouts.connect_s
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        if isinstance(body, io.BytesIO):
            headers["Content-Type"] = "application/json"
        with network_errors():
            # The read timeout limits silence; the outer one limits an answer that arrives very slowly.
            async with (
                asyncio.timeout(connect_s + 2 * timeout_s),
                session.request(
                    method,
                    URL(self._base_url + path, encoded=True),
                    headers=headers,
                    data=body,
                    timeout=aiohttp.ClientTimeout(sock_connect=connect_s, sock_read=timeout_s),
                    allow_redirects=False,
                ) as response,
            ):
                if not 200 <= response.status < 300:
                    raise await self._refusal(response, call, secrets)
                yield response

    async def _read(self, response: aiohttp.ClientResponse, call: Call) -> _Reply:
        try:
            payload = await self._answers.json(response, LIMITS[call])
        except ValueError:
            payload = None
        return _Reply(status=response.status, payload=payload, request_id=request_id(response.headers))

    async def _refusal(self, response: aiohttp.ClientResponse, call: Call, secrets: Sequence[str]) -> ProviderError:
        try:
            complaint = read_complaint(await self._answers.json(response, COMPLAINT))
        except (ValueError, OutcomeUnknownError):
            # Not JSON, endless, or truncated: only the status can be used.
            complaint = None
        answer = Answer(status=response.status, headers=response.headers, call=call)
        return error_from(answer, complaint, secrets=(self._key, *secrets))


def _encode(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields).encode()


def _read_file(path: Path) -> bytes:
    """The file's bytes, but no more than needed to detect that it is too large."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_UPLOAD_BYTES + 1)
    except OSError as error:
        raise StoreError(f"The reference cannot be read from disk: {error.strerror or error}") from error


def _opened(session: aiohttp.ClientSession | None) -> aiohttp.ClientSession:
    if session is None:
        raise RuntimeError("ApimasterClient is used outside its async with block")
    return session
