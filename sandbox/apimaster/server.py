"""The provider stand-in as one HTTP server on loopback."""

import asyncio
import hmac
from collections import deque
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.apimaster import faults
from sandbox.apimaster.account import Account, Charge
from sandbox.apimaster.answers import HUNG, Hung
from sandbox.apimaster.api import PictureApi
from sandbox.apimaster.envelope import ApiError
from sandbox.apimaster.extras import ExtraApi
from sandbox.apimaster.faults import Fault
from sandbox.apimaster.gallery import Gallery
from sandbox.apimaster.knobs import Knobs
from sandbox.apimaster.posts import PostRecord
from sandbox.apimaster.tasks import Task, TaskStore
from sandbox.breakpoints import Breakpoints

_MAX_BODY_BYTES = 64 * 1024 * 1024
_SHUTDOWN_S = 0.1


class ApimasterServer:
    """An async context manager that serves the image API on one port (0: any free one).

    `base_url` is known inside the context; `knobs` may be changed at any time; `posts` records the submits.
    """

    def __init__(self, *, port: int = 0, api_key: str = "sandbox-key", knobs: Knobs | None = None) -> None:
        self.knobs = knobs or Knobs()
        self.api_key = api_key
        self.base_url = ""
        self.stops = Breakpoints()
        self._port = port
        self._account = Account(self.knobs)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        self._gallery = Gallery(self.knobs)
        self._book = TaskStore(self.knobs, self._account, self._session)
        self._api = PictureApi(self.knobs, self._book, self._gallery, lambda: self.base_url)
        self._extras = ExtraApi(self.knobs, self._account, self._gallery, lambda: self.base_url)
        app = web.Application(
            middlewares=[self._held, _errors_in_envelope, self._check_bearer], client_max_size=_MAX_BODY_BYTES
        )
        app[HUNG] = self._hung = Hung()
        app.add_routes([*self._api.routes(), *self._extras.routes()])
        # Handlers are cancelled when the caller disconnects: that is how the record detects it.
        self._runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=_SHUTDOWN_S, handle_signals=False
        )
        try:
            await self._runner.setup()
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        except BaseException:
            await self._close()
            raise
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        await self._runner.cleanup()
        await self._book.close()
        await self._session.close()
        self._gallery.close()

    @property
    def posts(self) -> list[PostRecord]:
        """Every POST that requested a picture, in order."""
        return self._api.posts

    def task(self, task_id: str) -> Task:
        """A task by its id; raises ApiError 404."""
        return self._book.get(task_id)

    async def picture(self, task_id: str) -> bytes:
        """The picture of a finished task, as it was or would be served."""
        path = await self._gallery.picture(self._book.get(task_id))
        return await asyncio.to_thread(path.read_bytes)

    @property
    def charges(self) -> list[Charge]:
        """Every charge and refund, in order."""
        return self._account.charges

    def set_balance(self, credits_left: float) -> None:
        """Set the account's balance."""
        self.knobs.balance = credits_left

    def finish_all(self) -> None:
        """Finish every running task now."""
        self._book.finish_all()

    def script(self, *wanted: Fault) -> None:
        """Apply these faults to the next submits, one each, in this order."""
        self._api.submit_faults.extend(_checked(wanted, faults.SUBMIT, "a submit"))

    def script_poll(self, *wanted: Fault) -> None:
        """Apply these faults to the next polls, one each, in this order."""
        self._api.poll_faults.extend(_checked(wanted, faults.POLL, "a poll"))

    def script_result(self, *wanted: Fault) -> None:
        """Apply these faults to the next reads of a finished picture, one each, in this order."""
        self._api.result_faults.extend(_checked(wanted, faults.RESULT, "a result"))

    def script_upload(self, *wanted: Fault) -> None:
        """Apply these faults to the next uploads of reference pictures, one each, in this order."""
        self._extras.upload_faults.extend(_checked(wanted, faults.UPLOAD, "an upload"))

    @property
    def scripted(self) -> int:
        """How many scripted faults have not been applied yet."""
        return sum(map(len, self._scripts()))

    @property
    def hanging(self) -> int:
        """The number of requests that `clear_scripts` would release now."""
        return self._hung.waiting

    def clear_scripts(self) -> None:
        """Drop scripted faults that have not been applied, and release requests that hang."""
        self._hung.let_go()
        for scripted in self._scripts():
            scripted.clear()

    def _scripts(self) -> tuple[deque[Fault], ...]:
        api = self._api
        return api.submit_faults, api.poll_faults, api.result_faults, self._extras.upload_faults

    @web.middleware
    async def _held(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Cancel the request if its caller disconnects while a breakpoint holds it, as when a connection breaks."""
        name = f"{request.method} {request.path}"
        await self.stops.passing(f"before {name}")
        response = await handler(request)
        await self.stops.passing(f"after {name}")
        return response

    @web.middleware
    async def _check_bearer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/v1/"):
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self.api_key.encode()):
                raise ApiError(401, "Invalid token", code="invalid_api_key", kind="new_api_error")
        return await handler(request)


@web.middleware
async def _errors_in_envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return error.response()
    except web.HTTPRequestEntityTooLarge:
        return ApiError(413, "the request body is too large", code="request_too_large").response()
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as error:
        return ApiError(error.status, f"Invalid URL ({request.method} {request.path})").response()


def _checked(wanted: tuple[Fault, ...], allowed: frozenset[faults.Kind], place: str) -> tuple[Fault, ...]:
    for fault in wanted:
        if fault.kind not in allowed:
            raise ValueError(f"{fault.kind} is no fault of {place}")
    return wanted
