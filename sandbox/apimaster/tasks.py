"""Tasks: their requests, durations and results."""

import asyncio
import secrets
import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

import aiohttp

from sandbox.apimaster.account import Account
from sandbox.apimaster.envelope import ApiError
from sandbox.apimaster.faults import Fault, Kind
from sandbox.apimaster.knobs import Knobs
from sandbox.apimaster.references import UnusableReferenceError, fetch_references
from sandbox.apimaster.requests import PictureRequest


class State(StrEnum):
    """The states of a task."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a task fails; the provider often gives no reason at all."""

    message: str = ""
    code: str = ""


@dataclass(slots=True, kw_only=True)
class Task:
    """One task. `created` and `ends` are seconds since the Unix epoch."""

    id: str
    request: PictureRequest
    price: float
    created: float
    ends: float
    variation: int
    references: tuple[bytes | None, ...] = ()
    failure: Failure | None = None
    refunded: bool = False
    finished_polls: int = 0
    stale_addresses: int = 0
    """How many of the picture's addresses have expired before they are returned."""

    @property
    def progress(self) -> int:
        """Progress in percent, by elapsed time."""
        whole = self.ends - self.created
        return 100 if whole <= 0 else max(0, min(99, int(100 * (time.time() - self.created) / whole)))


class TaskStore:
    """All tasks of the stand-in, in memory."""

    def __init__(self, knobs: Knobs, account: Account, session: aiohttp.ClientSession) -> None:
        self._knobs = knobs
        self._account = account
        self._session = session
        self._tasks: dict[str, Task] = {}
        self._seen: Counter[str] = Counter()
        self._fetches: dict[str, asyncio.Task[None]] = {}

    def create(self, request: PictureRequest, fault: Fault | None = None) -> Task:
        """Accept a request and charge it; raises ApiError 402 if the balance is too low."""
        price = self._account.price(request.resolution)
        if not self._account.affords(price):
            raise ApiError(
                402, "insufficient balance, please top up", code="insufficient_balance", kind="insufficient_balance"
            )
        now = time.time()
        never = fault is not None and fault.kind is Kind.NEVER_ENDS
        task = Task(
            id=f"task_{secrets.token_hex(12)}",
            request=request,
            price=price,
            created=now,
            ends=float("inf") if never else now + self._knobs.latency_s,
            variation=self._seen[request.prompt],
        )
        if fault is not None and fault.kind is Kind.TASK_FAILS:
            task.failure = Failure(message=fault.message, code=str(fault.code))
        task.stale_addresses = int(fault is not None and fault.kind is Kind.EXPIRED)
        self._seen[request.prompt] += 1
        self._tasks[task.id] = task
        self._account.charge(task.id, price)
        if request.references:
            self._fetches[task.id] = asyncio.create_task(self._fetch(task), name=f"references of {task.id}")
        return task

    def get(self, task_id: str) -> Task:
        """The task with this id; raises ApiError 404."""
        try:
            return self._tasks[task_id]
        except KeyError:
            raise ApiError(404, "task not found", code="task_not_exist") from None

    async def observe(self, task: Task) -> State:
        """The task's state. The first observation of a failure refunds the charge."""
        if time.time() < task.ends:
            return State.RUNNING
        if fetch := self._fetches.pop(task.id, None):
            await fetch
        if task.failure is None:
            return State.SUCCEEDED
        if not task.refunded:
            task.refunded = True
            self._account.refund(task.id, task.price)
        return State.FAILED

    def fail(self, task: Task, failure: Failure) -> None:
        """End a task as failed, now."""
        task.failure = failure
        task.ends = min(task.ends, time.time())

    def finish_all(self) -> None:
        """Finish every running task now, whatever its duration was to be."""
        for task in self._tasks.values():
            task.ends = min(task.ends, time.time())

    async def close(self) -> None:
        """Cancel what is still being fetched."""
        for fetch in self._fetches.values():
            fetch.cancel()
        await asyncio.gather(*self._fetches.values(), return_exceptions=True)

    async def _fetch(self, task: Task) -> None:
        try:
            task.references = await fetch_references(self._session, task.request.references)
        except UnusableReferenceError as error:
            task.failure = Failure(message=str(error), code="invalid_image_url")
