"""Point 10: secrets in a backup that could be used if the backup is lost."""

from __future__ import annotations

import asyncio
import stat
import sys
from typing import Final

from sandbox.attack.scenario import Report, Scenario
from sandbox.attack.target import Target
from sandbox.bot_process import REPOSITORY, clean_environment

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


async def tokens_in_backups(target: Target, report: Report) -> None:
    """Search a backup for interaction tokens, which authorize answers for 15 minutes."""
    target.knobs.latency_s = 60.0  # the token is needed until the picture comes
    sent = await target.driver.slash("alice", "imagine", {"prompt": "to be backed up"})
    await sent.acknowledged()
    running = "SELECT COUNT(*) FROM jobs WHERE state = 'running'"
    if not await target.until(lambda: target.rows(running) == [(1,)], 10):
        report.failed("no picture is being made")
        return
    file = target.data_dir / "backup" / "bot.db"
    file.parent.mkdir(mode=0o755)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "backup", str(file)),
        env=clean_environment(target.bot.env),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    report.attempt()
    if process.returncode != 0:
        report.failed(f"no backup: {said.decode(errors='replace')[-100:]}")
        return
    if sent.token.encode() in await asyncio.to_thread(file.read_bytes):
        report.hole("the token of an interaction is in the backup")
    report.attempt()
    if file.stat().st_mode & _OTHERS:
        report.hole("others can read the backup")
    target.knobs.latency_s = 0.3
    target.apimaster.finish_all()


SCENARIOS: Final = (
    Scenario(name="tokens in backups", point=10, about="of a picture under way", run=tokens_in_backups, short=False),
)
