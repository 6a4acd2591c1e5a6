"""Draws charts in a child process, `python -m bot.ui.charts`: off the event loop, and killed if it hangs."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from bot.domain.chart import Chart

log = logging.getLogger(__name__)

_TIMEOUT_S: Final = 25.0
"""The first run also scans the machine's fonts, which takes seconds."""
_AT_ONCE: Final = 2
_ROOT: Final = Path(__file__).resolve().parents[2]
_COMMAND: Final = (sys.executable, "-m", "bot.ui.charts")
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class ChartProcess:
    """A ChartPainter that starts a child process per chart. `cache_dir` is the plotting library's font cache."""

    def __init__(
        self,
        cache_dir: Path,
        *,
        command: Sequence[str] = _COMMAND,
        timeout_s: float = _TIMEOUT_S,
        at_once: int = _AT_ONCE,
    ) -> None:
        self._cache_dir = cache_dir
        self._command = command
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(at_once)

    async def paint(self, chart: Chart) -> bytes | None:
        """The PNG of a chart; None, with a log line, if it isn't drawn in time."""
        try:
            async with asyncio.timeout(self._timeout_s), self._slots:
                return await self._painted(chart)
        except (OSError, TimeoutError) as error:
            log.warning("chart_not_drawn", extra={"reason": type(error).__name__})
            return None

    async def _painted(self, chart: Chart) -> bytes | None:
        child = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=_ROOT,
            env=self._environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            picture, complaint = await child.communicate(json.dumps(asdict(chart)).encode())
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode != 0 or not picture.startswith(_PNG):
            last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
            log.warning("chart_not_drawn", extra={"reason": last[:200], "exit_code": child.returncode})
            return None
        return picture

    def _environment(self) -> dict[str, str]:
        """The child's environment: only what it needs, without the bot's secrets."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in os.environ}
        return {**kept, "MPLCONFIGDIR": str(self._cache_dir), "PYTHONDONTWRITEBYTECODE": "1"}
