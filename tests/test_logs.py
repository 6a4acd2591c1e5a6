"""Logs: a constant event name and fields, and never a secret."""

from __future__ import annotations

import json
import logging
from datetime import datetime

import pytest

from bot.logs import Formatter, Redactor

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
        ("nothing to hide: https://cdn.example/a.png", "nothing to hide: https://cdn.example/a.png"),
    ],
)
def test_what_must_not_be_read_is_taken_out(text: str, expected: str) -> None:
    """Known secrets, signed addresses, interaction tokens and inline pictures never reach a log."""
    assert Redactor(SECRETS)(text) == expected


def test_short_or_empty_secrets_do_not_eat_the_log() -> None:
    """An empty key must not turn every line into nonsense."""
    assert Redactor(["", "a", "test"])("a test line") == "a test line"


def test_text_lines_have_time_level_name_event_and_fields() -> None:
    """One line a record, with everything passed as extra."""
    line = Formatter(Redactor(SECRETS), as_json=False).format(record(job_id=7, guild_id=None))
    at, rest = line.split(" ", 1)
    assert datetime.fromisoformat(at).utcoffset() is not None
    assert rest == "INFO    bot.jobs: job_running job_id=7 guild_id=None"


def test_json_lines_are_objects_with_the_same_fields() -> None:
    """Machines read the same; secrets are gone there too."""
    formatter = Formatter(Redactor(SECRETS), as_json=True)
    line = json.loads(formatter.format(record(job_id=7, url="https://x.example/y?sig=1", key="sk-apimaster-456")))
    assert line["event"] == "job_running"
    assert (line["level"], line["logger"], line["job_id"]) == ("INFO", "bot.jobs", 7)
    assert (line["url"], line["key"]) == ("https://x.example/y?[signed]", "[secret]")


@pytest.mark.parametrize("as_json", [False, True])
def test_tracebacks_are_kept_and_redacted(as_json: bool) -> None:
    """The log has the whole traceback, without the secret that stood in the error."""
    failed = record("task_failed")
    with pytest.raises(ValueError, match="sk-apimaster-456") as caught:
        int("sk-apimaster-456")
    failed.exc_info = (caught.type, caught.value, caught.tb)
    text = Formatter(Redactor(SECRETS), as_json=as_json).format(failed)
    assert "ValueError: invalid literal for int() with base 10: '[secret]'" in text
    assert "Traceback" in text
    assert as_json is (len(text.splitlines()) == 1)
