"""A sandbox with helpers for end-to-end tests: database rows, a member's message, a picture by its prompt."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.store.sqlite.reading import read_faults
from sandbox.attack.aftermath import may_ping
from sandbox.driver import DriverError, Interaction, Message
from sandbox.machine import Machine, SmallDisk
from sandbox.stack import Sandbox
from tests.support.database import fresh_database
from tests.support.fork_server import NURSERY

PATIENCE_S = 60.0
"""More than anything takes that comes at all: the tests share their processors with others."""
QUICK = {"FIRST_POLL_SECONDS": "0.2", "POLL_SECONDS": "0.1", "BALANCE_PROBE_SECONDS": "0.5"}


class Harness(Sandbox):
    """A sandbox with short waits; `start()` starts the bot when the test needs it."""

    def __init__(self, data_dir: Path, *, machine: Machine | None = None, **settings: str) -> None:
        super().__init__(
            data_dir=data_dir, env={**QUICK, **settings}, with_bot=False, launch=NURSERY.launch, machine=machine
        )
        self.knobs.latency_s = 0.3
        self.knobs.plain_pictures = True

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        fresh_database(self._files / "bot.db")
        return self

    async def start(self) -> None:
        """Start the bot and wait until members can use it."""
        await self.bot.start()
        await self.driver.wait_for_bot()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Stop everything. If the bot was started, its ledger must be consistent and no message may ping anyone."""
        served = self.bot.alive
        if self._small_disk is not None:  # the machine is removed with the sandbox, and its database
            await self.bot.stop()
            for path in self._files.glob("bot.db*"):
                shutil.copy(path, self.data_dir)
        await super().__aexit__(exc_type, exc, tb)
        if exc_type is None and served:
            assert list(read_faults(self.data_dir / "bot.db")) == []
            assert list(may_ping(self.discord.requests)) == []

    @property
    def _small_disk(self) -> SmallDisk | None:
        return None if self.machine is None else self.machine.disk

    @property
    def _files(self) -> Path:
        """The directory of the bot's files as seen from the test process."""
        return self.data_dir if self._small_disk is None else self._small_disk.outside

    async def imagine(self, prompt: str, *, member: str = "alice", **options: Any) -> Interaction:
        """Type `/imagine` and wait until it is acknowledged."""
        interaction = await self.driver.slash(member, "imagine", {"prompt": prompt, **options})
        await interaction.acknowledged()
        return interaction

    async def shows(
        self,
        prompt: str,
        words: str = "",
        *,
        viewer: str = "alice",
        channel: str = "general",
        timeout_s: float = PATIENCE_S,
    ) -> Message:
        """Wait for a message about this prompt that also contains these words."""
        return await self._message(lambda m: prompt in m.text() and words in m.text(), viewer, channel, timeout_s)

    async def picture(
        self, prompt: str, *, viewer: str = "alice", channel: str = "general", timeout_s: float = PATIENCE_S
    ) -> Message:
        """Wait for a message about this prompt that shows a picture."""

        def is_there(message: Message) -> bool:
            return prompt in message.text() and any("references" not in media.filename for media in message.media())

        return await self._message(is_there, viewer, channel, timeout_s)

    async def _message(self, wanted: Callable[[Message], bool], viewer: str, channel: str, timeout_s: float) -> Message:
        try:
            return await self.driver.wait_message(wanted, viewer=viewer, channel=channel, timeout_s=timeout_s)
        except DriverError as error:
            raise AssertionError(f"{error}; {self._what_happened()}") from None

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of the bot's database, read by another connection."""
        if self._small_disk is not None:
            return self._small_disk.rows("bot.db", sql, *parameters)
        with closing(sqlite3.connect(self.data_dir / "bot.db", timeout=5)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def write(self, sql: str) -> None:
        """Change the database while the bot is not running."""
        with closing(sqlite3.connect(self.data_dir / "bot.db", timeout=5)) as connection, connection:
            connection.execute(sql)

    def states(self) -> list[str]:
        """Every job's state, ordered by job number."""
        return [row[0] for row in self.rows("SELECT state FROM jobs ORDER BY id")]

    def ledger(self, job_id: int = 1) -> list[tuple[str, int]]:
        """A job's ledger rows, in the order they were written."""
        return self.rows("SELECT kind, amount_microcredits FROM ledger WHERE job_id = ? ORDER BY id", job_id)

    async def until(self, condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
        """Poll until a condition is true; on timeout, report the last state seen."""
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, f"not within {timeout_s} s; {self._what_happened()}"
            await asyncio.sleep(0.02)

    def _what_happened(self) -> str:
        """Diagnostics for a failed test."""
        events = self.rows("SELECT job_id, event, state, detail FROM job_events ORDER BY id")
        return f"events {events}, log {self.bot.output[-20:]}"
