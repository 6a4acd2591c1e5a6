"""Logs: a constant event name with fields, as text or JSON lines; secrets are redacted."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TextIO
from urllib.parse import quote

log = logging.getLogger(__name__)

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
# A pattern runs only if its keyword occurs in the line in any case: most lines have none and are checked quickly. Each
# repetition is bounded, so that no untrusted text can keep the event loop busy.
_PATTERNS: Final = tuple(
    (words, re.compile(pattern, re.IGNORECASE), instead)
    for words, pattern, instead in (
        ((";base64,",), r"data:[\w.+/;=-]{1,100};base64,[\w+/=-]+", "[picture]"),
        (("://",), r"(\b[a-z][a-z0-9+.-]{0,20}://)[^/\s@'\"]{1,512}@", r"\1[user]@"),
        (("://",), r"(https?://[^\s?'\"]{1,512})\?[^\s'\"]+", r"\1?[signed]"),
        (("?", "&"), r"([?&](?:hm|sig|signature|token|key|x-\w{1,20}-signature)=)[^&\s'\"]+", r"\1[signed]"),
        (("/webhooks/", "/interactions/"), r"(/(?:webhooks|interactions)/\d+/)[^/\s'\"]+", r"\1[token]"),
        (("token",), r"""(["'](?:\w{1,20}_)?token["']\s{0,4}:\s{0,4})(["'])(?:(?!\2).)+\2""", r"\1\2[token]\2"),
        (("bearer ", "bot ", "basic "), r"\b(Bearer|Bot|Basic) {1,4}[\w.~+/=-]{16,}", r"\1 [secret]"),
    )
)
_SHORTEST_SECRET: Final = 6
"""A shorter secret would match unrelated text by chance."""


class Redactor:
    """Removes known secrets, signed URLs, tokens, credentials and inline pictures from a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = [secret for secret in map(str.strip, secrets) if len(secret) >= _SHORTEST_SECRET]
        # Variants as JSON, `repr` and URLs write them; the longest first, in case one contains another.
        forms = {
            form for secret in known for form in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret))
        }
        self._secrets = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text with all of them replaced."""
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        lower = text.lower()
        for words, pattern, instead in _PATTERNS:
            if any(word in lower for word in words):
                text = pattern.sub(instead, text)
        return text


class Formatter(logging.Formatter):
    """One text line or one JSON object per record; tracebacks follow the line in text and are a field in JSON."""

    def __init__(self, redact: Redactor, *, as_json: bool) -> None:
        super().__init__()
        self._redact = redact
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Format a record with everything that was passed as `extra`."""
        fields: dict[str, Any] = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        if record.stack_info:
            trace = f"{trace}\n{record.stack_info}" if trace else record.stack_info
        if self._as_json:
            line = {"at": at, "level": record.levelname, "logger": record.name, "event": record.getMessage(), **fields}
            if trace:
                line["traceback"] = trace
            return self._redact(json.dumps(line, default=str, ensure_ascii=False))
        extras = "".join(f" {key}={_one_line(value)}" for key, value in fields.items())
        text = f"{at} {record.levelname:<7} {record.name}: {_one_line(record.getMessage())}{extras}"
        return self._redact(f"{text}\n{trace}" if trace else text)


def _one_line(value: object) -> str:
    """A value without line breaks, so that it can't forge a log line."""
    text = str(value)
    return text if text.isprintable() else text.encode("unicode_escape", "backslashreplace").decode("ascii")


class Handler(logging.StreamHandler[TextIO]):
    """Writes to a stream. For a record that can't be written, only its origin is reported, not its values."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Report where the record came from, instead of printing it unredacted as logging would."""
        with suppress(OSError, ValueError):  # at worst the stream is closed
            self.stream.write(f"a log record of {record.name} at {record.filename}:{record.lineno} cannot be written\n")


def configure_logs(*, level: str, as_json: bool, secrets: Iterable[str]) -> None:
    """Send all logs to standard error through the redactor; other libraries' logs from WARNING on.

    Warnings and uncaught exceptions take the same route: their texts may contain secrets.
    """
    handler = Handler(sys.stderr)
    handler.setFormatter(Formatter(Redactor(secrets), as_json=as_json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    for ours in ("bot", "cogs"):
        logging.getLogger(ours).setLevel(level)
    logging.captureWarnings(capture=True)
    sys.excepthook = _crashed
    threading.excepthook = lambda args: _crashed(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _crashed(args.exc_type, args.exc_value, args.exc_traceback)


def _crashed(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.critical("crashed", exc_info=(kind, error or kind(), trace))
