"""Backups that run during a campaign: each must succeed, whatever happens to the bot meanwhile."""

import asyncio
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.bot_process import REPOSITORY, clean_environment


class Backups:
    """Takes backups with the bot's own command, into a separate folder; `wrong` lists those that failed."""

    def __init__(self) -> None:
        self.taken = 0
        self.wrong: list[str] = []
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-backups-")
        self._taking: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.done()
        self._folder.cleanup()

    def begin(self, env: Mapping[str, str]) -> None:
        """Start a backup in the background, of the bot with this environment."""
        task = asyncio.create_task(self._take(env, self.taken + len(self._taking)), name="backup")
        self._taking.add(task)
        task.add_done_callback(self._taking.discard)

    async def done(self) -> None:
        """Wait for the backups that are running."""
        await asyncio.gather(*self._taking)

    async def _take(self, env: Mapping[str, str], number: int) -> None:
        path = Path(self._folder.name) / f"{number}.db"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "backup", str(path)),
            cwd=REPOSITORY,
            env=clean_environment(env),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        self.taken += 1
        if process.returncode != 0 or not path.exists():
            self.wrong.append(f"A backup was not taken: {said.decode(errors='replace').strip()}")
        path.unlink(missing_ok=True)
