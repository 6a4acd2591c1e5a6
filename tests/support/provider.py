"""An image provider that answers from a script, and services that only record calls."""

from __future__ import annotations

import asyncio
import base64
import io
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from PIL import Image

from bot.domain.errors import BotError
from bot.domain.picture import PictureSpec
from bot.localization.catalogue import ENGLISH
from bot.ports import PictureSource, Submission, TaskState, TaskStatus
from tests.support.clock import FakeClock


def a_png() -> bytes:
    """A small, real picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(buffer, "PNG")
    return buffer.getvalue()


PNG = a_png()
INLINE = PictureSource(base64=base64.b64encode(PNG).decode())
RUNNING = TaskStatus(state=TaskState.RUNNING)
DONE = TaskStatus(state=TaskState.SUCCEEDED, source=PictureSource(url="https://result.example/picture.png"))


class ScriptedProvider:
    """Implements ImageProvider. Each list is answered from the front; an empty one means success.

    `posts` are the prompts of the submits that arrived, `polled` the tasks polled; both with their time in seconds.
    While `answering` is cleared, submits hang.
    """

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.submits: deque[Submission | Exception] = deque()
        self.polls: deque[TaskStatus | BotError] = deque()
        self.downloads: deque[bytes | Exception] = deque()
        self.posts: list[str] = []
        self.image_urls: list[list[str]] = []
        self.uploads_fail: Exception | None = None
        self.uploaded: list[tuple[Path | bytes, str]] = []
        self.posted_at: list[float] = []
        self.polled: list[str] = []
        self.polled_at: list[float] = []
        self.downloaded: list[PictureSource] = []
        self.answering = asyncio.Event()
        self.answering.set()

    async def submit(self, spec: PictureSpec, image_urls: Sequence[str] = ()) -> Submission:
        """Answer from `submits`, otherwise with a task."""
        self.image_urls.append(list(image_urls))
        self.posts.append(spec.prompt)
        self.posted_at.append(self._clock.monotonic())
        number = len(self.posts)
        answer = self.submits.popleft() if self.submits else Submission(task_id=f"task-{number}")
        await self.answering.wait()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def upload(self, picture: Path | bytes, *, content_type: str) -> str:
        """Return a new address for each upload."""
        if self.uploads_fail is not None:
            raise self.uploads_fail
        self.uploaded.append((picture, content_type))
        return f"https://uploads.example/{len(self.uploaded)}"

    async def poll(self, task_id: str) -> TaskStatus:
        """Answer from `polls`, otherwise with the finished picture."""
        self.polled.append(task_id)
        self.polled_at.append(self._clock.monotonic())
        answer = self.polls.popleft() if self.polls else DONE
        if isinstance(answer, BotError):
            raise answer
        return answer

    async def download(self, source: PictureSource, to: Path) -> int:
        """Write what `downloads` contains, otherwise a small picture."""
        self.downloaded.append(source)
        answer = self.downloads.popleft() if self.downloads else PNG
        if isinstance(answer, Exception):
            raise answer
        return await asyncio.to_thread(to.write_bytes, answer)


class RecordingPresenter:
    """Implements Presenter: records which requests were refreshed."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def refresh(self, request_ids: Iterable[int]) -> None:
        """Record the request."""
        self.asked += request_ids

    def refresh_line(self, request_ids: Sequence[int]) -> None:
        """Record the refresh."""
        self.asked += request_ids

    def hold(self, interaction_id: int) -> AbstractContextManager[None]:  # noqa: ARG002 - nothing is shown
        """Do nothing."""
        return nullcontext()


class RecordingAlerts:
    """Implements OwnerAlerts: records the notifications to owners and servers."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.lines: list[str] = []

    async def tell(self, key: str, *, resumable: bool = False, **values: object) -> None:
        """Record the notification."""
        if ENGLISH.has(f"alert.{key}"):
            self.told.append(ENGLISH(f"alert.{key}", **values) + (" [Resume now]" if resumable else ""))
        if ENGLISH.has(f"log.{key}"):
            self.lines.append(ENGLISH(f"log.{key}", **values))
