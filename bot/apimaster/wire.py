"""Writes and reads the provider's JSON. Requests follow the guide exactly; replies may deviate in every known way.

Everything here is a pure function on parsed JSON that raises only ProviderError.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bot.apimaster.errors import Answer, Call, Complaint, clean, error_from, read_complaint
from bot.apimaster.spooled import SpooledText
from bot.domain.errors import ContentRefusedError, OutcomeUnknownError, ProviderError, TaskFailedError
from bot.domain.picture import PictureSpec
from bot.net.web_address import AddressError, web_address
from bot.ports import PictureSource, Submission, TaskState, TaskStatus

_SUCCEEDED: Final = frozenset({"succeeded", "completed", "success"})
_FAILED: Final = frozenset({"failed", "failure", "fail", "error", "cancelled", "canceled"})
# Where a picture may be, in order of preference. Results come before URLs beside them, and neither
# `image_urls` nor `image` is here: a reply may repeat the references that were sent.
_PICTURE_KEYS: Final = (
    "result",
    "results",
    "images",
    "output",
    "url",
    "urls",
    "result_url",
    "b64_json",
    "base64",
    "image_url",
    "data",
)
_MAX_DEPTH: Final = 8
_MOST_COST: Final = 1e9
_RESOLUTION: Final = re.compile(r"[0-9.]{1,4}[kK]")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_=\s-]+")
# For values under ambiguous keys: no path is this long, and hardly any picture this small. It distinguishes "/9j/4AAQ…"
# (base64 JPEG) from "/results/1.png".
_MIN_BASE64_CHARACTERS: Final = 256


def request_body(model: str, spec: PictureSpec, image_urls: Sequence[str]) -> dict[str, object]:
    """The body of submit and generate, as the guide specifies; `n` is a number, never a string."""
    body: dict[str, object] = {
        "model": model,
        "prompt": spec.whole_prompt,
        "size": spec.size,
        "resolution": spec.resolution.value,
        "n": 1,
    }
    if image_urls:
        body["image_urls"] = list(image_urls)
    if spec.google_search:
        body["google_search"] = True
    if spec.google_image_search:
        body["google_image_search"] = True
    return body


def parse_submission(
    payload: object, *, status: int = 200, request_id: str = "", secrets: Sequence[str] = ()
) -> Submission:
    """Parse the answer to submit or generate: a task id or a finished picture, whichever mode was requested.

    Raises OutcomeUnknownError if it contains neither, or the error in the envelope.
    """
    word, task_id, source = _status(payload), _task_id(payload), _picture(payload)
    cost, resolution = _cost(payload), _effective_resolution(payload)
    # Beside a task that is still running, a URL is not the picture's.
    if source is not None and (not task_id or not word or word in _SUCCEEDED):
        return Submission(source=source, request_id=request_id, reported_cost=cost, effective_resolution=resolution)
    if task_id:
        return Submission(task_id=task_id, request_id=request_id, reported_cost=cost, effective_resolution=resolution)
    if word in _FAILED:
        failure = _failure(payload).without(secrets)
        kind = ContentRefusedError if failure.refuses_content else TaskFailedError
        reason = clean(failure.message) or "the provider reports a failure without a reason"
        raise kind(reason, http_status=status, provider_code=failure.code, request_id=request_id)
    complaint = _complaint(payload, secrets)
    raise _unusable(complaint, status, request_id, Call.PAID, "neither a task nor a picture is in the answer")


def parse_task(payload: object, *, status: int = 200, request_id: str = "", secrets: Sequence[str] = ()) -> TaskStatus:
    """Parse the answer to a poll. An unknown status counts as running."""
    word = _status(payload)
    progress, cost = _progress(payload), _cost(payload)
    if word in _FAILED:
        failure = _failure(payload).without(secrets)
        return TaskStatus(
            state=TaskState.FAILED,
            progress=progress,
            error=clean(failure.message),
            error_code=failure.code or failure.kind,
            content_refused=failure.refuses_content,
            reported_cost=cost,
        )
    source = _picture(payload)
    if source is not None and (word in _SUCCEEDED or not word):
        return TaskStatus(
            state=TaskState.SUCCEEDED,
            source=source,
            progress=progress,
            reported_cost=cost,
            effective_resolution=_effective_resolution(payload),
        )
    if word and word not in _SUCCEEDED:
        return TaskStatus(state=TaskState.RUNNING, progress=progress, reported_cost=cost)
    complaint = _complaint(payload, secrets)
    raise _unusable(complaint, status, request_id, Call.POLL, "neither a status nor a picture is in the answer")


def parse_upload(payload: object, *, status: int = 200, request_id: str = "", secrets: Sequence[str] = ()) -> str:
    """The URL of an uploaded picture."""
    for item in _dicts(payload):
        url = item.get("url")
        if isinstance(url, str) and _is_web_address(url):
            return url
    raise _unusable(_complaint(payload, secrets), status, request_id, Call.OTHER, "no address is in the answer")


def _is_web_address(text: str) -> bool:
    try:
        web_address(text)
    except AddressError:
        return False
    return True


def parse_balance(subscription: object, usage: object) -> float | None:
    """The remaining balance in US dollars, or None if the provider doesn't report it."""
    limit = _number(_field(subscription, "hard_limit_usd"))
    used_cents = _number(_field(usage, "total_usage"))
    return None if limit is None or used_cents is None else _number(limit - used_cents / 100)


def _complaint(payload: object, secrets: Sequence[str]) -> Complaint:
    return (read_complaint(payload) or Complaint()).without(secrets)


def _unusable(complaint: Complaint, status: int, request_id: str, call: Call, why: str) -> ProviderError:
    """The error for an unusable 2xx reply: the one that it reports, if that one is unambiguous."""
    code = int(complaint.code) if re.fullmatch(r"[45]\d\d", complaint.code) else 0
    if code or complaint.refuses_content:
        headers = {"x-request-id": request_id}
        return error_from(Answer(status=code or status, headers=headers, call=call), complaint)
    reason = clean(complaint.message)
    return OutcomeUnknownError(
        f"HTTP {status}: {f'{why}: {reason}' if reason else why}", http_status=status, request_id=request_id
    )


def _failure(payload: object) -> Complaint:
    """Why a task failed; often unreported."""
    items = list(_dicts(payload))
    for item in items:
        if item.get("error"):
            return read_complaint(item) or Complaint()
    # Without `error`, only the task's own object counts; the envelope's message is a mere "success".
    return read_complaint(items[0]) or Complaint()


def _dicts(payload: object) -> Iterator[Mapping[str, object]]:
    """The objects that describe the task, innermost envelope first: `data`, `data[0]`, the whole."""
    if not isinstance(payload, Mapping):
        return
    data = payload.get("data")
    if isinstance(data, list):
        data = data[0] if data else None
    if isinstance(data, Mapping):
        yield data
    yield payload


def _field(payload: object, name: str) -> object:
    return next((item[name] for item in _dicts(payload) if item.get(name) is not None), None)


def _status(payload: object) -> str:
    for name in ("status", "task_status", "state"):
        for item in _dicts(payload):
            value = item.get(name)
            if isinstance(value, str) and value.strip():
                return value.strip().casefold()
    return ""


def _task_id(payload: object) -> str:
    for item in _dicts(payload):
        for name in ("task_id", "taskId", "id"):
            value = item.get(name)
            # A bare `id` may be the request's own; it is the task's only next to a status.
            if name == "id" and "status" not in item:
                continue
            if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
                return str(value).strip()
    return ""


def _picture(value: object, depth: int = 0, *, key: str = "") -> PictureSource | None:
    """The first picture in a reply, depth first; `key` is the value's key."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(value, str):
        return _source(value, key)
    if isinstance(value, SpooledText):
        return PictureSource(text=value) if _begins_a_picture(value.head, key) else None
    if isinstance(value, list):
        return next(filter(None, (_picture(item, depth + 1, key=key) for item in value)), None)
    if isinstance(value, Mapping):
        found = (_picture(value[name], depth + 1, key=name) for name in _PICTURE_KEYS if value.get(name))
        return next(filter(None, found), None)
    return None


def _source(text: str, key: str) -> PictureSource | None:
    text = text.strip()
    if text[:5].lower() == "data:" or text[:8].lower().startswith(("http://", "https://")):
        return PictureSource(url=text)
    # This key defines its value's type, however small the picture.
    if (text and key == "b64_json") or (len(text) >= _MIN_BASE64_CHARACTERS and _BASE64.fullmatch(text[:4096])):
        return PictureSource(base64=text)
    # A path on the provider's own host.
    return PictureSource(url=text) if text.startswith("/") and not any(map(str.isspace, text)) else None


def _begins_a_picture(head: str, key: str) -> bool:
    """Whether a long text is a picture. As a URL, it exceeds the maximum length."""
    head = head.lstrip()
    # JSON may encode "/" as "\\/".
    return head[:5].lower() == "data:" or key == "b64_json" or _BASE64.fullmatch(head.replace("\\", "")) is not None


def _progress(payload: object) -> float | None:
    value = _field(payload, "progress")
    return _number(value.strip().removesuffix("%") if isinstance(value, str) else value)


def _cost(payload: object) -> float | None:
    for name in ("cost", "credits_cost"):
        number = _number(_field(payload, name))
        if number is not None and 0 <= number <= _MOST_COST:
            return number
    return None


def _effective_resolution(payload: object) -> str:
    """The resolution that the provider reports, which may be lower than requested; "" if not reported."""
    inner = _field(payload, "request_data")
    for value in (_field(payload, "effective_resolution"), _field(inner, "effective_resolution")):
        if isinstance(value, str) and _RESOLUTION.fullmatch(value.strip()):
            return value.strip().upper()
    return ""


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
