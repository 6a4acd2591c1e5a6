"""The sandbox as tests and the demo use it, with other programs in the bot's place."""

import sys
import time
from pathlib import Path

import pytest

from sandbox.bot_process import program
from sandbox.driver import DriverError
from sandbox.stack import Sandbox


async def test_a_bot_that_ends_at_its_start_is_told_at_once(tmp_path: Path) -> None:
    """Nobody waits a minute for a process that is gone."""
    started = time.monotonic()
    async with Sandbox(data_dir=tmp_path, launch=program(sys.executable, "-c", "raise SystemExit(2)")) as sandbox:
        with pytest.raises(DriverError, match="ended by itself, exit code 2 before it was connected"):
            await sandbox.wait_for_bot()
    assert time.monotonic() - started < 20


async def test_the_bot_is_told_where_everything_is(tmp_path: Path) -> None:
    """The stand-ins' addresses, the short waits and the caller's own settings reach the process."""
    code = "import os, json; print(json.dumps(dict(os.environ)))"
    async with Sandbox(
        data_dir=tmp_path, env={"PER_USER_RUNNING": "1"}, launch=program(sys.executable, "-c", code)
    ) as sandbox:
        await sandbox.bot.wait()
        told = sandbox.bot.output[0]
        assert sandbox.discord.api_url in told
        assert sandbox.apimaster.base_url in told
        assert '"PER_USER_RUNNING": "1"' in told
        assert '"FIRST_POLL_SECONDS": "0.5"' in told


async def test_a_temporary_data_folder_is_gone_afterwards() -> None:
    """Without a folder of the caller's, nothing stays on disk."""
    async with Sandbox(with_bot=False) as sandbox:
        folder = sandbox.data_dir
        assert folder.is_dir()
    assert not folder.exists()


async def test_a_second_bot_has_its_own_log_and_ends_with_the_sandbox(tmp_path: Path) -> None:
    """Several processes can share one world, each with settings of its own."""
    sleeper = (sys.executable, "-c", "import os, time; print(os.environ.get('SHARD_IDS'), flush=True); time.sleep(60)")
    async with Sandbox(data_dir=tmp_path, launch=program(*sleeper)) as sandbox:
        second = await sandbox.add_bot("second", {"SHARD_IDS": "1"})
        await second.start()
        assert second.log_path == tmp_path / "second.log"
        assert second.pid != sandbox.bot.pid
    assert not second.alive
    assert not sandbox.bot.alive
