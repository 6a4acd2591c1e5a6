"""The sandbox as tests and the demo use it, with other programs instead of the bot."""

import sys
import time
from pathlib import Path

import pytest

from sandbox.bot_process import program
from sandbox.driver import DriverError
from sandbox.stack import Sandbox


async def test_bot_that_ends_at_its_start_is_reported_at_once(tmp_path: Path) -> None:
    """Without waiting a minute for the ended process."""
    started = time.monotonic()
    async with Sandbox(data_dir=tmp_path, launch=program(sys.executable, "-c", "raise SystemExit(2)")) as sandbox:
        with pytest.raises(DriverError, match="ended by itself, exit code 2 before it was connected"):
            await sandbox.wait_for_bot()
    assert time.monotonic() - started < 20


async def test_bot_gets_all_addresses_and_settings(tmp_path: Path) -> None:
    """The stand-ins' addresses, the short waits and the caller's own settings are in its environment."""
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


async def test_temporary_data_directory_is_removed_afterwards() -> None:
    """Without a directory of the caller's, nothing stays on disk."""
    async with Sandbox(with_bot=False) as sandbox:
        folder = sandbox.data_dir
        assert folder.is_dir()
    assert not folder.exists()


async def test_second_bot_has_its_own_log_and_ends_with_the_sandbox(tmp_path: Path) -> None:
    """Several processes can share one world, each with its own settings."""
    sleeper = (sys.executable, "-c", "import os, time; print(os.environ.get('SHARD_IDS'), flush=True); time.sleep(60)")
    async with Sandbox(data_dir=tmp_path, launch=program(*sleeper)) as sandbox:
        second = await sandbox.add_bot("second", {"SHARD_IDS": "1"})
        await second.start()
        assert second.log_path == tmp_path / "second.log"
        assert second.pid != sandbox.bot.pid
    assert not second.alive
    assert not sandbox.bot.alive
