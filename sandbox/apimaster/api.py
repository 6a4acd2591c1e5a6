"""The endpoints: submit, poll, the sync calls, results."""

import asyncio
import base64
import time
from collections import deque
from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.apimaster.answers import afterwards, instead
from sandbox.apimaster.catalogue import SYNC_DEADLINE_S
from sandbox.apimaster.envelope import ApiError
from sandbox.apimaster.faults import BEFORE, Fault, Kind
from sandbox.apimaster.gallery import Gallery
from sandbox.apimaster.knobs import Knobs
from sandbox.apimaster.posts import PostRecord, shortened
from sandbox.apimaster.requests import PictureRequest, read_form, read_json, validate
from sandbox.apimaster.tasks import Failure, State, Task, TaskStore

Work = Callable[[web.Request, Fault | None], Awaitable[web.Response]]
_RECORD = web.RequestKey("record", PostRecord)
_RESETS = frozenset({Kind.RESET, Kind.RESET_UNREAD, Kind.RESET_AFTER, Kind.CUT_OFF})


class PictureApi:
    """The endpoints that make pictures. `scripts` holds the faults of the next submits, polls and result reads."""

    def __init__(self, knobs: Knobs, book: TaskStore, gallery: Gallery, origin: Callable[[], str]) -> None:
        self._knobs = knobs
        self._book = book
        self._gallery = gallery
        self._origin = origin
        self.posts: list[PostRecord] = []
        self.submit_faults: deque[Fault] = deque()
        self.poll_faults: deque[Fault] = deque()
        self.result_faults: deque[Fault] = deque()

    def routes(self) -> list[web.RouteDef]:
        """The routes of this class."""
        return [
            web.post("/v1/images/generations/async", self.submit),
            web.post("/v1/images/generations", self.generate),
            web.post("/v1/images/edits", self.edit),
            web.get("/v1/tasks/{task_id}", self.poll),
            web.get("/results/{name}", self.result),
        ]

    async def submit(self, request: web.Request) -> web.StreamResponse:
        """Accept a picture and return the id of its task."""
        return await self._recorded(request, self._submit)

    async def generate(self, request: web.Request) -> web.StreamResponse:
        """Make a picture and respond when it is ready, or with 408 at the deadline while the task continues."""
        return await self._recorded(request, self._generate)

    async def edit(self, request: web.Request) -> web.StreamResponse:
        """The same with the references as form files, as OpenAI's SDK edits pictures."""
        return await self._recorded(request, self._edit)

    async def poll(self, request: web.Request) -> web.StreamResponse:
        """Return the state of a task."""
        return await with_fault(request, self.poll_faults, self._poll)

    async def result(self, request: web.Request) -> web.StreamResponse:
        """Return a finished picture to anyone who has its address; a bearer token is ignored."""
        return await with_fault(request, self.result_faults, self._result)

    async def _recorded(self, request: web.Request, work: Work) -> web.StreamResponse:
        record = PostRecord(time=time.time(), path=request.path)
        request[_RECORD] = record
        self.posts.append(record)
        fault = self.submit_faults[0] if self.submit_faults else None
        try:
            response = await with_fault(request, self.submit_faults, work)
        except asyncio.CancelledError:
            record.client_closed_early = fault is None or fault.kind not in _RESETS
            raise
        except ApiError as error:
            record.status = error.status
            raise
        record.status = response.status
        return response

    async def _submit(self, request: web.Request, fault: Fault | None) -> web.Response:
        task = await self._accept(request, await self._read(request), fault)
        await asyncio.sleep(self._knobs.submit_latency_s)
        if fault is not None and fault.kind is Kind.FINISHED:
            return web.json_response(await self._finished(task))
        return web.json_response({"code": 200, "data": [{"status": "submitted", "task_id": task.id}]})

    async def _generate(self, request: web.Request, fault: Fault | None) -> web.Response:
        return await self._wait_for(await self._accept(request, await self._read(request), fault))

    async def _edit(self, request: web.Request, fault: Fault | None) -> web.Response:
        form = await read_form(request)
        request[_RECORD].body = shortened(form.fields)
        asked = validate(form.fields, self._knobs, form.pictures)
        return await self._wait_for(self._begin(request, asked, fault))

    async def _read(self, request: web.Request) -> dict[str, object]:
        body = await read_json(request)
        request[_RECORD].body = shortened(body)
        return body

    async def _accept(self, request: web.Request, body: dict[str, object], fault: Fault | None) -> Task:
        return self._begin(request, validate(body, self._knobs), fault)

    def _begin(self, request: web.Request, asked: PictureRequest, fault: Fault | None) -> Task:
        task = self._book.create(asked, fault)
        request[_RECORD].task_id = task.id
        return task

    async def _wait_for(self, task: Task) -> web.Response:
        """The response of a sync call. A caller that disconnects meanwhile is charged all the same."""
        deadline_s = self._knobs.sync_deadline_s
        if deadline_s is None:
            deadline_s = SYNC_DEADLINE_S[task.request.resolution]
        wait_s = task.ends - time.time()
        await asyncio.sleep(max(0.0, min(wait_s, deadline_s)))
        if wait_s > deadline_s:
            raise ApiError(408, "timed out waiting for the picture", code="sync_poll_timeout", kind="timeout_error")
        if await self._book.observe(task) is State.FAILED:
            failure = task.failure or Failure()
            raise ApiError(500, failure.message or "upstream error", code=failure.code, kind="upstream_error")
        return web.json_response(await self._finished(task))

    async def _finished(self, task: Task) -> dict[str, object]:
        if task.request.response_format == "b64_json":
            picture: dict[str, object] = {"b64_json": await self._base64(task)}
        else:
            picture = {"url": self._origin() + self._gallery.publish(task)}
        return {"created": int(time.time()), "data": [picture]}

    async def _poll(self, request: web.Request, fault: Fault | None) -> web.Response:
        await asyncio.sleep(self._knobs.poll_latency_s)
        task = self._book.get(request.match_info["task_id"])
        if fault is not None and fault.kind is Kind.TASK_FAILS:
            self._book.fail(task, Failure(message=fault.message, code=str(fault.code)))
        state = await self._book.observe(task)
        data: dict[str, object] = {"id": task.id, "status": "processing", "progress": task.progress}
        data["created"] = int(task.created)
        if state is State.SUCCEEDED:
            data |= await self._success(task)
        elif state is State.FAILED:
            data |= _failed(task.failure or Failure())
        if fault is not None and fault.kind is Kind.STATUS:
            data["status"] = fault.message
        return web.json_response({"code": 200, "data": data})

    async def _success(self, task: Task) -> dict[str, object]:
        word = self._knobs.success_word
        if word == "alternate":
            word = "succeeded" if task.finished_polls % 2 == 0 else "completed"
        task.finished_polls += 1
        return {
            "status": word,
            "progress": 100,
            "completed": int(task.ends),
            "actual_time": round(task.ends - task.created, 1),
            "cost": task.price,
            "request_data": {"effective_resolution": task.request.resolution},
            "result": {"images": [await self._image(task)]},
        }

    async def _image(self, task: Task) -> dict[str, object]:
        style = self._knobs.result_style
        if style == "b64_json":
            return {"b64_json": await self._base64(task)}
        if style == "data_uri":
            return {"url": f"data:image/{self._knobs.picture_format};base64,{await self._base64(task)}"}
        stale = task.stale_addresses > 0
        task.stale_addresses -= stale
        url = self._origin() + self._gallery.publish(task, expired=stale)
        return {"url": [url] if style == "url_list" else url, "expires_at": self._gallery.expires(task)}

    async def _base64(self, task: Task) -> str:
        path = await self._gallery.picture(task)
        return await asyncio.to_thread(lambda: base64.b64encode(path.read_bytes()).decode())

    async def _result(self, request: web.Request, fault: Fault | None) -> web.Response:
        await asyncio.sleep(self._knobs.result_latency_s)
        name = request.match_info["name"]
        if fault is not None and fault.kind in {Kind.CONTENT, Kind.OVERSIZED}:
            return web.Response()
        data = await self._gallery.result(name, request.query)
        return web.Response(body=data, content_type=_content_type(name))


async def with_fault(request: web.Request, faults: deque[Fault], work: Work) -> web.StreamResponse:
    """Do the work of a call, with the next fault that is scripted for it, if any."""
    fault = faults.popleft() if faults else None
    if fault is not None:
        # A proxy in front reads the whole request before it fails; responding earlier would reset a caller that still
        # sends.
        if fault.kind in BEFORE and fault.kind is not Kind.RESET_UNREAD:
            await request.read()
        spoiled = await instead(fault, request)
        if spoiled is not None:
            return spoiled
    response = await work(request, fault)
    return response if fault is None else await afterwards(fault, request, response)


def _failed(failure: Failure) -> dict[str, object]:
    data: dict[str, object] = {"status": "failed", "progress": 100}
    if failure.message or failure.code:
        data["error"] = {"code": failure.code, "message": failure.message, "type": "task_failed"}
    return data


def _content_type(name: str) -> str:
    extension = name.rpartition(".")[2]
    return "image/jpeg" if extension == "jpg" else f"image/{extension}"
