"""A failed start prints one line with the cause and the fix, and ends with exit code 2."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.e2e.harness import Harness


@pytest.fixture
async def quiet_house(tmp_path: Path) -> Harness:
    """A sandbox whose bot is started by the test itself."""
    return Harness(tmp_path / "data")


BAD = {
    "DISCORD_TOKEN": "",
    "APIMASTER_API_KEY": "",
    "POLL_SECONDS": "soon",
    "PER_USER_RUNNING": "0",
    "DISCORD_API_URL": "discord.com",
    "APIMASTER_BASE_URL": "ftp://apimaster.ai",
    "CREDIT_PRICE_1K": "-1",
    "LOG_FORMAT": "xml",
    "SHARD_IDS": "one",
    "APIMASTER_MODEL": "two words",
    "DISCORD_CDN_HOSTS": "https://cdn.discordapp.com",
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_setting_is_named(quiet_house: Harness, name: str) -> None:
    """A missing or malformed setting ends the start."""
    await _refuses_to_start(quiet_house, name, {name: BAD[name]})


async def test_a_wrong_discord_token_is_named(quiet_house: Harness) -> None:
    """Discord answers 401."""
    await _refuses_to_start(quiet_house, "DISCORD_TOKEN", {"DISCORD_TOKEN": "not.the.token"})


async def test_a_wrong_provider_key_is_named(quiet_house: Harness) -> None:
    """The provider answers 401 to a free call."""
    await _refuses_to_start(quiet_house, "APIMASTER_API_KEY", {"APIMASTER_API_KEY": "not-the-key"})


async def test_unreachable_discord_is_named(quiet_house: Harness) -> None:
    """No server listens at the configured address; the exit code says that a restart may help."""
    await _refuses_to_start(quiet_house, "DISCORD_API_URL", {"DISCORD_API_URL": "http://127.0.0.1:9/api/v10"}, code=75)


async def test_address_that_is_not_discord_is_named(quiet_house: Harness) -> None:
    """A web server answers, but not as Discord does."""

    async def hello(_: web.Request) -> web.Response:
        return web.json_response([])

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", hello)
    async with TestServer(application, host="127.0.0.1") as server:
        await _refuses_to_start(quiet_house, "DISCORD_API_URL", {"DISCORD_API_URL": str(server.make_url("/api/v10"))})


async def test_database_without_one_of_its_tables_is_named(quiet_house: Harness) -> None:
    """The ledger table was dropped."""
    async with quiet_house as harness:
        await harness.start()
        await harness.bot.stop()
        with closing(sqlite3.connect(harness.data_dir / "bot.db")) as connection:
            connection.execute("DROP TABLE ledger")
        await harness.bot.start()
        await _says(harness, "ledger")


async def test_data_directory_that_is_a_file_is_named(quiet_house: Harness, tmp_path: Path) -> None:
    """It cannot be written."""
    (tmp_path / "file").touch()
    await _refuses_to_start(quiet_house, "DATA_DIR", {"DATA_DIR": str(tmp_path / "file")})


async def test_file_that_is_no_database_is_named(quiet_house: Harness) -> None:
    """The file is not modified."""
    quiet_house.data_dir = quiet_house._given_data_dir or Path()
    quiet_house.data_dir.mkdir()
    (quiet_house.data_dir / "bot.db").write_bytes(b"these are not the pages you are looking for" * 100)
    await _refuses_to_start(quiet_house, "bot.db", {})
    assert (quiet_house.data_dir / "bot.db").read_bytes().startswith(b"these are not")


async def test_database_with_a_corrupt_page_is_named(quiet_house: Harness) -> None:
    """A page in the middle is garbage."""
    async with quiet_house as harness:
        await harness.start()
        await harness.imagine("before the flood")
        await harness.picture("before the flood")
        await harness.bot.stop()
        path = harness.data_dir / "bot.db"
        with path.open("r+b") as file:
            file.seek(4096 * 3)
            file.write(b"\xff" * 8192)
        await harness.bot.start()
        await _says(harness, "bot.db")


async def test_newer_database_is_named(quiet_house: Harness) -> None:
    """A database of a later version is not modified."""
    async with quiet_house as harness:
        await harness.start()
        await harness.bot.stop()
        with closing(sqlite3.connect(harness.data_dir / "bot.db", isolation_level=None)) as connection:
            connection.execute(
                "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('imagine_bot', '9999_x', '')"
            )
        await harness.bot.start()
        await _says(harness, "newer version")


async def test_application_without_member_installs_still_gets_its_commands(quiet_house: Harness) -> None:
    """Discord refuses the registration once: the commands are registered only for servers."""
    async with quiet_house as harness:
        harness.faults.fail_next("PUT /applications/*", 400, 50035)
        await harness.start()
        await harness.imagine("all the same")
        await harness.picture("all the same")


async def test_second_bot_on_the_same_data_is_refused(quiet_house: Harness) -> None:
    """Two processes on one queue would show pictures twice."""
    async with quiet_house as harness:
        await harness.start()
        second = await harness.add_bot("second")
        await second.start()
        assert await asyncio.wait_for(second.wait(), 10) == 2
        assert "already" in "\n".join(second.output)


async def _refuses_to_start(harness: Harness, names: str, env: dict[str, str], *, code: int = 2) -> None:
    harness._env.update(env)
    async with harness:
        await harness.bot.start()
        await _says(harness, names, code=code)


async def _says(harness: Harness, words: str, *, code: int = 2) -> None:
    assert await asyncio.wait_for(harness.bot.wait(), 15) == code
    said = [line for line in harness.bot.output if line.startswith("imagine-bot:")]
    assert len(said) == 1
    assert words in said[0]
    assert not any("Traceback" in line for line in harness.bot.output)
