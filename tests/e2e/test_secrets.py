"""Secrets do not leak: the bot's token, the provider's key, members' tokens, signed URLs, locations."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
from pathlib import Path

from PIL import Image

from bot.store.backup.backup import back_up
from bot.store.sqlite.reading import read_faults
from sandbox.apimaster import Fault
from sandbox.discord.faults import CUT
from tests.e2e.harness import Harness
from tests.e2e.test_remix import remix

_TOKEN = re.compile(r"/(?:webhooks|interactions)/[0-9]+/([^/]+)")
PLACE = b"48.8584N 2.2945E"


def from_a_phone() -> bytes:
    """A photo with a GPS position and an orientation tag."""
    tags = Image.Exif()
    tags[0x0112] = 6
    tags.get_ifd(0x8825)[29] = PLACE.decode()
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40), "gold").save(buffer, "JPEG", exif=tags)
    return buffer.getvalue()


async def trouble(harness: Harness) -> None:
    """Cause errors whose messages could contain secrets: echoed keys, broken connections, rejected files, a kill."""
    key = harness.apimaster.api_key
    harness.apimaster.script(
        Fault.http(400, f"Incorrect API key provided: {key}", code="invalid_request"),
        Fault.reset_unread(),
        Fault.http(500, f"upstream said https://store.example/p.png?key={key}&sig=abc"),
        Fault.task_fails(f"channel error for {key}: see https://h.example/x?token={key}"),
    )
    harness.apimaster.script_poll(Fault.reset(), Fault.html(502))
    harness.apimaster.script_result(Fault.redirect("http://169.254.169.254/latest/?key=" + key), Fault.cut_off())
    harness.faults.fail_next("PATCH /webhooks/*", CUT, times=2)
    harness.faults.fail_next("PATCH /webhooks/*", 500, times=2)
    for number in range(5):
        await harness.imagine(f"trouble {number} @everyone <@&1> **bold** [x](https://evil.example)")
    await remix(harness, "a holiday", ("beach.jpg", from_a_phone()))
    await harness.bot.kill()
    await harness.bot.start()
    await harness.driver.wait_for_bot()
    await harness.picture("a holiday", timeout_s=40)
    settled = {"delivered", "failed", "uncertain"}
    await harness.until(lambda: set(harness.states()) <= settled, timeout_s=40)


async def test_secrets_are_found_nowhere_after_faults_of_all_kinds(tmp_path: Path) -> None:
    """Not in the log at debug level, in the database, in any file or in any message; and no file is readable by others.

    Members' tokens are only in the database, which needs them after a restart, until they expire.
    """
    before = os.umask(0)
    try:
        async with Harness(tmp_path / "data", LOG_LEVEL="DEBUG") as harness:
            (harness.data_dir / "bot.db").unlink()
            await harness.start()
            await trouble(harness)
            await harness.driver.slash("mod", "usage export", {})
            await harness.driver.slash("alice", "privacy export", {})
            await harness.until(lambda: len(_files_sent(harness)) >= 2, timeout_s=40)
            await harness.bot.stop()
            _check(harness)
    finally:
        os.umask(before)


async def test_backup_has_no_interaction_tokens(harness: Harness, tmp_path: Path) -> None:
    """Not in a row, not in a free page; what is restored from it uses the bot's own token."""
    harness.knobs.latency_s = 3
    for number in range(30):
        await harness.imagine(f"a token {number}", member=("alice", "bob", "mod")[number % 3])
    await harness.driver.slash("alice", "imagine", {"prompt": "private", "private": True})
    await harness.driver.slash("bob", "imagine", {"prompt": "a {red, blue} draft"})
    await harness.until(lambda: len(harness.states()) >= 31)
    await asyncio.to_thread(back_up, harness.data_dir / "bot.db", tmp_path / "kept.db", force=False)
    members = {token.encode() for request in harness.discord.requests for token in _TOKEN.findall(request.path)}
    live = b"".join(path.read_bytes() for path in harness.data_dir.glob("bot.db*"))
    assert sum(token in live for token in members) > 10
    assert [token for token in members if token in (tmp_path / "kept.db").read_bytes()] == []
    assert list(read_faults(tmp_path / "kept.db")) == []


def _check(harness: Harness) -> None:
    secrets = {harness.world.token.encode(), harness.apimaster.api_key.encode()}
    members = {token.encode() for request in harness.discord.requests for token in _TOKEN.findall(request.path)}
    log = harness.bot.log_path.read_bytes()
    kept = {path: path.read_bytes() for path in harness.data_dir.rglob("*") if path.is_file()}
    told = json.dumps([request.body for request in harness.discord.requests]).encode()
    ordered = json.dumps([post.body for post in harness.apimaster.posts]).encode()
    assert b"poll_trouble" in log  # the log is not empty
    assert any(token in data for token in members for data in kept.values())  # and the database did contain tokens
    for secret in secrets:
        assert [path.name for path, data in kept.items() if secret in data] == []
        assert secret not in told + ordered
    assert [token for token in members if token in log] == []
    others = [path.name for path, data in kept.items() if any(token in data for token in members)]
    assert set(others) <= {"bot.db", "bot.db-wal"}
    assert re.findall(rb"[?&](?:hm|sig|key|token)=(?!\[)[^\s&]+", log) == []
    assert [path.name for path, data in kept.items() if PLACE in data] == []
    assert harness.discord.cdn_host.encode() not in ordered  # a photo with a location is sent as our copy
    assert harness.discord.violations == []
    _check_rights(harness.data_dir, log_path=harness.bot.log_path)


def _check_rights(data_dir: Path, *, log_path: Path) -> None:
    """Expect every file of the bot to be accessible only to its user, though the umask would have allowed more."""
    found = [path for path in data_dir.rglob("*") if path != log_path]
    rights = {path.relative_to(data_dir).as_posix(): path.stat().st_mode & 0o777 for path in found}
    expected = {path.relative_to(data_dir).as_posix(): 0o700 if path.is_dir() else 0o600 for path in found}
    assert {"bot.db", "spool", "references"} <= rights.keys()
    assert rights == expected


def _files_sent(harness: Harness) -> list[str]:
    return [
        name for request in harness.discord.requests for name, _ in request.files if name.endswith((".csv", ".zip"))
    ]
