"""Logs: a constant event name and fields, and never a secret."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from time import process_time
from urllib.parse import quote

import pytest

from bot.ops.logs import Formatter, Redactor

ROOT = Path(__file__).resolve().parents[2]
SECRETS = ["discord-token-123", "sk-apimaster-456", ""]


def record(message: str = "job_running", **fields: object) -> logging.LogRecord:
    """A log record with fields."""
    made = logging.LogRecord("bot.jobs", logging.INFO, __file__, 1, message, None, None)
    vars(made).update(fields)
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bot discord-token-123", "Authorization: Bot [secret]"),
        ("key=sk-apimaster-456!", "key=[secret]!"),
        ("https://cdn.example/a.png?ex=1&is=2&hm=3 gone", "https://cdn.example/a.png?[signed] gone"),
        ("PATCH /webhooks/123/aW50ZXJhY3Rpb24/messages/@original", "PATCH /webhooks/123/[token]/messages/@original"),
        ("POST /interactions/77/abc.def-g/callback", "POST /interactions/77/[token]/callback"),
        ("data:image/png;base64,iVBORw0KGgo= end", "[picture] end"),
        ("HTTPS://cdn.example/a.png?ex=1", "HTTPS://cdn.example/a.png?[signed]"),
        ("GET /attachments/1/2/a.png?ex=1&is=2&hm=abc", "GET /attachments/1/2/a.png?ex=1&is=2&hm=[signed]"),
        ("https://me:word@cache.internal/x", "https://[user]@cache.internal/x"),
        ("{'id': '7', 'token': 'aW50ZXJ', 'v': 1}", "{'id': '7', 'token': '[token]', 'v': 1}"),
        ('{"webhook_token": "aW50ZXJ"}', '{"webhook_token": "[token]"}'),
        ("Authorization: Bearer abcdefghij0123456789", "Authorization: Bearer [secret]"),
        ("DATA:image/svg+xml;charset=utf8;base64,iVBORw0KGgo= end", "[picture] end"),
        ("nothing to hide: https://cdn.example/a.png", "nothing to hide: https://cdn.example/a.png"),
    ],
)
def test_secrets_are_redacted(text: str, expected: str) -> None:
    """Known secrets, signed URLs, interaction tokens and inline pictures never reach a log."""
    assert Redactor(SECRETS)(text) == expected


@pytest.mark.parametrize(
    "part",
    ["data:", "data:image/png;", "http://", "a", "https://h/?", "'token':", "Bearer ", "/webhooks/1", "a.b://", "@"],
)
def test_no_text_blocks_the_log(part: str) -> None:
    """Redaction takes linear time, whatever the input."""
    text = f"data:{part * 4_000} data:http://{part * 4_000}"
    began = process_time()
    Redactor(SECRETS)(text)
    assert process_time() - began < 5  # a pattern that restarts at each letter takes minutes


def test_short_or_empty_secrets_are_not_redacted() -> None:
    """An empty key must not blank out every line."""
    assert Redactor(["", "a", "test"])("a test line") == "a test line"


@pytest.mark.parametrize("secret", ['key-with-"quotes"', "key\\with\\slashes", "key/with+signs=", " padded-key "])
def test_secret_is_redacted_in_every_encoding(secret: str) -> None:
    """Plain, inside JSON, as a Python repr, and in a URL."""
    bare = secret.strip()
    written = [bare, json.dumps({"k": bare}), repr(bare), f"/x/{quote(bare)}/y", f"({bare})"]
    for text in written:
        assert "[secret]" in Redactor([secret])(text)
        assert bare not in Redactor([secret])(text)


def test_value_cannot_forge_a_log_line() -> None:
    """A file or server name cannot inject a line into the log."""
    forged = "a.png\n2026-01-01T00:00:00.000+00:00 INFO    bot.jobs: job_delivered\x1b[2J"
    line = Formatter(Redactor(SECRETS), as_json=False).format(record(name_=forged))
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert line.endswith("name_=a.png\\n2026-01-01T00:00:00.000+00:00 INFO    bot.jobs: job_delivered\\x1b[2J")


EVERY_WAY_OUT = """
import asyncio, gc, logging, sys, threading, warnings
from bot.ops.logs import configure_logs
key = "-".join(("sk", "apimaster", "456"))
configure_logs(level="DEBUG", as_json=False, secrets=[key])

class Dying:
    def __del__(self):
        raise ValueError("unraisable " + key)

async def main():
    async def failing():
        raise ValueError("never retrieved " + key)
    task = asyncio.create_task(failing())
    await asyncio.sleep(0)
    del task
    gc.collect()

def failing():
    raise ValueError("in a thread " + key)

logging.getLogger("discord").warning("by a library %s", key)
logging.getLogger("bot.x").info("malformed %d", key)
logging.getLogger("PIL").debug("what a photo says of its place")
warnings.warn("as a warning " + key)
Dying()
asyncio.run(main())
thread = threading.Thread(target=failing)
thread.start()
thread.join()
try:
    raise KeyError("the cause " + key)
except KeyError as error:
    raise ValueError("at last " + key) from error
"""


def test_no_process_output_has_a_secret() -> None:
    """Logs, warnings, uncaught errors of threads, tasks and destructors, and the last one with its cause."""
    ended = subprocess.run([sys.executable, "-c", EVERY_WAY_OUT], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert "sk-apimaster-456" not in ended.stdout + ended.stderr
    for said in (
        "unraisable",
        "never retrieved",
        "in a thread",
        "by a library",
        "as a warning",
        "the cause",
        "at last",
    ):
        assert f"{said} [secret]" in ended.stderr
    assert "a log record of bot.x at <string>:" in ended.stderr
    assert "a photo" not in ended.stderr  # libraries log only warnings


def test_text_lines_have_time_level_name_event_and_fields() -> None:
    """One line a record, with everything passed as extra."""
    line = Formatter(Redactor(SECRETS), as_json=False).format(record(job_id=7, guild_id=None))
    at, rest = line.split(" ", 1)
    assert datetime.fromisoformat(at).utcoffset() is not None
    assert rest == "INFO    bot.jobs: job_running job_id=7 guild_id=None"


def test_json_lines_are_objects_with_the_same_fields() -> None:
    """Redacted as well."""
    formatter = Formatter(Redactor(SECRETS), as_json=True)
    line = json.loads(formatter.format(record(job_id=7, url="https://x.example/y?sig=1", key="sk-apimaster-456")))
    assert line["event"] == "job_running"
    assert (line["level"], line["logger"], line["job_id"]) == ("INFO", "bot.jobs", 7)
    assert (line["url"], line["key"]) == ("https://x.example/y?[signed]", "[secret]")


@pytest.mark.parametrize("as_json", [False, True])
def test_tracebacks_are_kept_and_redacted(as_json: bool) -> None:
    """The log has the full traceback, without the secret in the error's message."""
    failed = record("task_failed")
    with pytest.raises(ValueError, match="sk-apimaster-456") as caught:
        int("sk-apimaster-456")
    failed.exc_info = (caught.type, caught.value, caught.tb)
    text = Formatter(Redactor(SECRETS), as_json=as_json).format(failed)
    assert "ValueError: invalid literal for int() with base 10: '[secret]'" in text
    assert "Traceback" in text
    assert as_json is (len(text.splitlines()) == 1)
