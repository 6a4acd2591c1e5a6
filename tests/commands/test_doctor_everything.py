"""`doctor`: one line per check, with the fix for each problem, and an exit code; nothing is changed."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.commands.checks.discord_checks import DiscordSide
from bot.commands.checks.findings import Finding, Level
from bot.commands.checks.provider import provider
from bot.ops.instance_lock import exclusive
from bot.store.store import SqliteStore
from sandbox.apimaster import ApimasterServer, Knobs
from sandbox.discord import DiscordServer, World
from sandbox.discord.permissions import Permission
from tests.commands.support import command
from tests.support.clock import FakeClock
from tests.support.database import fresh_database
from tests.support.steps import Steps

Doctor = Callable[..., int]
SECRET = "not-to-be-printed"


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DATA_DIR of an installation whose settings are complete."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "DATA_DIR": str(tmp_path / "data"),
        "DISCORD_TOKEN": SECRET,
        "APIMASTER_API_KEY": SECRET,
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "data").mkdir(mode=0o700)
    return tmp_path / "data"


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Runs the command without the network and returns its exit code."""
    return partial(command, monkeypatch, "doctor", "--offline")


def lines_about(name: str, printed: str) -> list[str]:
    """The lines of a report about one check."""
    return [line for line in printed.splitlines() if line[6:].startswith(f"{name} ")]


def opened(data_dir: Path) -> SqliteStore:
    """The installation's database, as the bot has it open."""
    return SqliteStore(fresh_database(data_dir / "bot.db"), FakeClock(), per_user_running=9)


def put(path: Path, content: bytes = b"a picture") -> None:
    """Create a file, and its directory, private as the bot's are."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(content)


def opened_to_others(path: Path) -> None:
    """Make a file world-readable."""
    path.chmod(path.stat().st_mode | stat.S_IRGRP | stat.S_IROTH)


async def test_healthy_installation_is_ok_line_by_line(
    data_dir: Path, doctor: Doctor, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also while the bot runs; the exit code is 0, and no secret is printed."""
    async with opened(data_dir) as store:
        await Steps(store).delivered()
        await Steps(store).fetched()
        for number in (1, 2):
            put(data_dir / "spool" / f"{number}.png")
        with exclusive(data_dir):
            assert doctor() == 0
    printed = capsys.readouterr().out
    assert {line[:4].strip() for line in printed.splitlines()} == {"ok"}
    assert "a bot is running" in printed
    assert "2 pictures kept, 1 not posted yet" in printed
    assert SECRET not in printed


@pytest.mark.usefixtures("data_dir")
def test_invalid_settings_are_each_reported_and_the_rest_is_checked(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bot would stop at the first; here all are named, without secrets."""
    monkeypatch.setenv("POLL_SECONDS", "soon")
    monkeypatch.setenv("SHARD_IDS", "1")
    monkeypatch.setenv("DISCORD_TOKEN", "")
    monkeypatch.setenv("APIMASTER_API_KEY", f"{SECRET} with blanks")
    assert doctor() == 1
    printed = capsys.readouterr().out
    told = " ".join(lines_about("settings", printed))
    assert all(name in told for name in ("POLL_SECONDS", "DISCORD_TOKEN is not set", "APIMASTER_API_KEY has a blank"))
    assert lines_about("disk", printed)
    assert lines_about("database", printed)[0].startswith("warn")
    assert SECRET not in printed


@pytest.mark.usefixtures("data_dir")
def test_inconsistent_shard_settings_are_reported(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rule over two settings, of which neither is malformed by itself."""
    monkeypatch.setenv("SHARD_IDS", "1")
    assert doctor() == 1
    assert "SHARD_COUNT" in lines_about("settings", capsys.readouterr().out)[0]


async def test_json_output_has_the_same_findings(
    data_dir: Path, doctor: Doctor, capsys: pytest.CaptureFixture[str]
) -> None:
    """As an object; the exit code is the same."""
    async with opened(data_dir) as store:
        await Steps(store).delivered()
    with closing(sqlite3.connect(data_dir / "bot.db")) as connection, connection:
        connection.execute("DELETE FROM ledger WHERE kind = 'charge'")
    assert doctor("--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    [ledger] = [check for check in report["checks"] if check["name"] == "ledger"]
    assert (ledger["level"], ledger["advice"]) == ("fail", "`doctor --ledger` names each.")
    assert ledger["what"].startswith("Job 1 (delivered): 0 of its reserve is closed")


async def test_mismatches_of_rows_and_files_are_reported(
    data_dir: Path, doctor: Doctor, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing pictures, and orphaned files."""
    async with opened(data_dir) as store:
        await Steps(store).delivered()
        await Steps(store).fetched()
    put(data_dir / "spool" / "77.png")
    put(data_dir / "spool" / "77.thumb.webp")
    assert doctor() == 0
    told = " ".join(lines_about("spool", capsys.readouterr().out))
    assert "missing of those not posted yet: 1 picture (2.png" in told
    assert "missing of those posted: 1 picture" in told
    assert "of no picture that is known: 1 file" in told


async def test_files_readable_by_others_are_reported(
    data_dir: Path, doctor: Doctor, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the command that fixes them; inside a private directory it does not matter."""
    async with opened(data_dir):
        pass
    opened_to_others(data_dir / "bot.db")
    assert doctor() == 0
    assert lines_about("modes", capsys.readouterr().out)[0].startswith("ok")
    opened_to_others(data_dir)
    assert doctor() == 0
    [line] = lines_about("modes", capsys.readouterr().out)
    assert line.startswith("warn")
    assert "bot.db" in line
    assert "chmod -R go=" in line


@pytest.mark.usefixtures("data_dir")
def test_settings_file_readable_by_others_is_reported(
    tmp_path: Path, doctor: Doctor, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has the token and the key; a missing file is fine."""
    settings = tmp_path / ".env"
    for mode, told in ((0o600, 0), (0o640, 1), (0o644, 1)):
        settings.touch()
        settings.chmod(mode)
        doctor()
        lines = [line for line in lines_about("modes", capsys.readouterr().out) if "chmod 600 .env" in line]
        assert len(lines) == told


@pytest.mark.usefixtures("data_dir")
def test_too_small_a_disk_fails(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the same rule by which the bot refuses orders."""
    monkeypatch.setenv("MIN_FREE_MB", "1000000")
    assert doctor() == 1
    assert "MIN_FREE_MB wants" in lines_about("disk", capsys.readouterr().out)[0]


async def test_corrupt_database_is_reported_and_no_other_check_is_skipped(
    data_dir: Path, doctor: Doctor, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback: the other checks still run."""
    put(data_dir / "bot.db", b"these are not the pages you are looking for" * 200)
    assert doctor() == 1
    printed = capsys.readouterr()
    assert "file is not a database" in lines_about("database", printed.out)[0]
    assert lines_about("disk", printed.out)
    assert "Traceback" not in printed.err


def test_leftovers_of_restores_are_reported(data_dir: Path, doctor: Doctor, capsys: pytest.CaptureFixture[str]) -> None:
    """An interrupted restore, and the replaced databases."""
    put(data_dir / "bot.db.restored-20260314")
    put(data_dir / "bot.db.before-restore-20260313")
    assert doctor() == 0
    told = " ".join(lines_about("restore", capsys.readouterr().out))
    assert "was interrupted" in told
    assert "bot.db.before-restore-20260313" in told


def named(findings: list[Finding]) -> dict[str, Finding]:
    """The findings by name."""
    return {finding.name: finding for finding in findings}


async def asked(api_url: str, token: str, *, ahead_s: float = 0) -> dict[str, Finding]:
    """The findings for a Discord API."""

    class Shifted(SystemClock):
        def now(self) -> datetime:
            return super().now() + timedelta(seconds=ahead_s)

    return named([finding async for finding in DiscordSide(api_url, token, Shifted()).findings()])


async def test_discord_is_checked_completely() -> None:
    """The application, its permissions, its commands, its gateway, and the clock."""
    world = World()
    async with DiscordServer(world) as server:
        found = await asked(server.api_url, world.token)
        assert {name: finding.level for name, finding in found.items()} == {
            "token": Level.OK,
            "application": Level.OK,
            "commands": Level.WARN,
            "permissions": Level.OK,
            "gateway": Level.OK,
            "clock": Level.OK,
        }
        for role in world.guild.roles.values():
            role.permissions &= ~Permission.ATTACH_FILES
        found = await asked(server.api_url, world.token, ahead_s=3_600)
    assert "lacks Attach Files" in found["permissions"].what
    assert "ahead of Discord's" in found["clock"].what


async def test_token_that_discord_rejects_fails() -> None:
    """With what to do."""
    async with DiscordServer(World()) as server:
        found = await asked(server.api_url, "not.the.token")
    assert found["token"].level is Level.FAIL
    assert "Reset it" in found["token"].advice


async def test_unreachable_discord_fails_in_a_sentence() -> None:
    """No server listens, or another one does."""

    async def hello(_: web.Request) -> web.Response:
        return web.json_response([])

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", hello)
    async with TestServer(application, host="127.0.0.1") as server:
        found = await asked(str(server.make_url("/api/v10")), "token")
        assert "does not answer as Discord does" in found["discord"].what
    found = await asked("http://127.0.0.1:9/api/v10", "token")
    assert "cannot be reached" in found["discord"].what


async def test_provider_is_asked_only_free_calls() -> None:
    """The balance; a refused key and a silent provider fail, an empty balance warns."""
    knobs = Knobs()
    async with ApimasterServer(knobs=knobs) as server:
        good = await provider(server.base_url, SecretStr(server.api_key), "model")
        bad = await provider(server.base_url, SecretStr("not-the-key"), "model")
        assert server.posts == []
    silent = await provider("http://127.0.0.1:9", SecretStr("key"), "model")
    assert (good.level, bad.level, silent.level) == (Level.OK, Level.FAIL, Level.FAIL)
    assert "balance" in good.what


def test_control_characters_in_server_names_are_escaped() -> None:
    """Server names are printed, but no terminal sequence in them takes effect."""
    told = str(Finding(level=Level.WARN, name="permissions", what="\x1b[2JPlace\r\n\u202e (5) lacks Attach Files"))
    assert told.isprintable()
    assert told.endswith("?[2JPlace??? (5) lacks Attach Files")
