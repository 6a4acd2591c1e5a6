"""The faults of the provider that the page offers, by the call that they spoil."""

from dataclasses import dataclass
from typing import Any

from sandbox.apimaster import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultGroup:
    """The faults of one call: "submit", "poll" or "result"; each is a name, a label and the fault itself."""

    call: str
    label: str
    faults: tuple[tuple[str, str, Fault], ...]

    def as_json(self) -> dict[str, Any]:
        """The group as the page's menu wants it."""
        choices = [{"name": name, "label": label} for name, label, _ in self.faults]
        return {"call": self.call, "label": self.label, "choices": choices}


FAULTS = (
    FaultGroup(
        call="submit",
        label="Next submit",
        faults=(
            ("balance", "402: the balance is empty", Fault.balance(402)),
            ("quota", "403: the quota is used up", Fault.balance(403)),
            ("refused", "400: refused for content safety", Fault.refused()),
            ("key", "401: the key is not valid", Fault.http(401, "Invalid token", code="invalid_api_key")),
            ("rate", "429: too many requests", Fault.http(429, "rate limit exceeded", code="rate_limit_exceeded")),
            ("error", "500: internal error", Fault.http(500)),
            ("busy", "503: no channel for the model", Fault.http(503, "no available channel")),
            ("html", "502: a proxy's HTML page", Fault.html()),
            ("reset", "connection reset before any work", Fault.reset()),
            ("charged-reset", "charged, then connection reset", Fault.charged_then_reset()),
            ("truncated", "charged, answer cut short", Fault.truncated()),
            ("finished", "answers with the finished picture", Fault.finished()),
            ("task-fails", "the task will fail", Fault.task_fails("upstream error")),
        ),
    ),
    FaultGroup(
        call="poll",
        label="Next poll",
        faults=(
            ("error", "500: internal error", Fault.http(500)),
            ("unknown", "404: task not found", Fault.http(404, "task not found", code="task_not_exist")),
            ("html", "502: a proxy's HTML page", Fault.html()),
            ("reset", "connection reset", Fault.reset()),
            ("task-fails", "the task has failed", Fault.task_fails()),
        ),
    ),
    FaultGroup(
        call="result",
        label="Next picture download",
        faults=(
            ("gone", "404: the address has expired", Fault.http(404, "not found")),
            ("cut", "connection closed half way", Fault.cut_off()),
            ("not-a-picture", "bytes that are no picture", Fault.bytes(b"this is no picture", "image/png")),
            ("oversized", "more than 64 MB", Fault.oversized()),
        ),
    ),
)


def by_name(call: str, name: str) -> tuple[str, Fault | None]:
    """The call and the fault that a menu entry means; no fault for an entry that does not exist."""
    for group in FAULTS:
        for fault_name, _, fault in group.faults:
            if (group.call, fault_name) == (call, name):
                return call, fault
    return call, None
