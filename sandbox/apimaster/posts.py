"""The record of submits, for tests to count."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_SHOWN_URI_CHARACTERS = 64


@dataclass(slots=True, kw_only=True)
class PostRecord:
    """One POST that requested a picture.

    `time` is wall-clock time in seconds. `status` is None until the response is sent, and remains None if none is.
    `client_closed_early` says that the caller disconnected before it had a response.
    """

    time: float
    path: str
    body: dict[str, object] = field(default_factory=dict)
    status: int | None = None
    task_id: str | None = None
    client_closed_early: bool = False


def shortened(body: Mapping[str, object]) -> dict[str, object]:
    """A body for the record, with data URIs truncated, since thousands of them would fill the memory."""
    return {key: [_short(item) for item in value] if isinstance(value, list) else value for key, value in body.items()}


def _short(item: object) -> object:
    if isinstance(item, str) and item.startswith("data:") and len(item) > _SHOWN_URI_CHARACTERS:
        return f"{item[:_SHOWN_URI_CHARACTERS]}… ({len(item)} characters)"
    return item
