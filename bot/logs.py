"""Logs: a constant event name and fields, as text or JSON lines; secrets never reach them."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_SIGNED: Final = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]+")
_TOKEN_IN_PATH: Final = re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s'\"]+")
_DATA_URI: Final = re.compile(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=]+")


class Redactor:
    """Takes out known secrets, signed URLs, interaction tokens and inline pictures from a line."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = [secret for secret in secrets if len(secret) >= 6]

    def __call__(self, text: str) -> str:
        """The line without them."""
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        text = _SIGNED.sub(r"\1?[signed]", text)
        text = _TOKEN_IN_PATH.sub(r"\1[token]", text)
        return _DATA_URI.sub("[picture]", text)


class Formatter(logging.Formatter):
    """One line a record in text, or one JSON object; tracebacks follow in text and are a field in JSON."""

    def __init__(self, redact: Redactor, *, as_json: bool) -> None:
        super().__init__()
        self._redact = redact
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Render a record with everything that was passed as `extra`."""
        fields: dict[str, Any] = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        if self._as_json:
            line = {"at": at, "level": record.levelname, "logger": record.name, "event": record.getMessage(), **fields}
            if trace:
                line["traceback"] = trace
            return self._redact(json.dumps(line, default=str, ensure_ascii=False))
        extras = "".join(f" {key}={value}" for key, value in fields.items())
        text = f"{at} {record.levelname:<7} {record.name}: {record.getMessage()}{extras}"
        return self._redact(f"{text}\n{trace}" if trace else text)


def configure_logs(*, level: str, as_json: bool, secrets: Iterable[str]) -> None:
    """Send all logs to standard error through the redactor; discord.py's own at WARNING and above."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter(Redactor(secrets), as_json=as_json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("discord", "aiohttp", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
