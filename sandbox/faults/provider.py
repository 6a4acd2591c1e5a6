"""Faults of the provider."""

import random
from collections.abc import Iterator

from sandbox.apimaster import Fault, payloads
from sandbox.faults.fault import NamedFault, Place
from sandbox.stack import Sandbox

_MIB = 1024 * 1024

_REFUSALS = (
    ("balance", "402: the balance is empty", Fault.balance(402)),
    ("quota", "403: the quota is used up", Fault.balance(403)),
    ("forbidden", "403: not allowed", Fault.http(403, "this model is not allowed")),
    ("refused", "400: refused for content safety", Fault.refused()),
    ("bad-request", "400: not understood", Fault.http(400, "the request was not understood")),
    ("key", "401: the key is not valid", Fault.http(401, "Invalid token", code="invalid_api_key")),
)
_OUTAGES = (
    ("rate", "429: too many requests", Fault.http(429, "rate limit exceeded", code="rate_limit_exceeded")),
    ("rate-wait", "429 with Retry-After", Fault.http(429, "rate limit exceeded", retry_after="0.3")),
    ("timeout", "408: timed out", Fault.http(408, "timed out", code="timeout")),
    ("error", "500: internal error", Fault.http(500)),
    ("upstream", "502: upstream error", Fault.http(502, "upstream error", code="bad_response_status_code")),
    ("busy", "503: no channel for the model", Fault.http(503, "no available channel")),
    ("html", "502: a proxy's HTML page", Fault.html()),
    ("reset", "connection reset before any work", Fault.reset()),
    ("reset-unread", "connection reset before the request was read", Fault.reset_unread()),
    ("hang", "no answer, nothing done", Fault.hang()),
    ("redirect", "redirected to the same address", Fault.redirect()),
)
_SPOILED = (
    ("done-reset", "done, then connection reset", Fault.charged_then_reset()),
    ("done-hang", "done, then no answer", Fault.charged_then_hang()),
    ("done-html", "done, then a proxy's HTML page", Fault.charged_then_html()),
    ("done-timeout", "done, then 408", Fault.charged_then_http(408)),
    ("truncated", "done, answer cut short", Fault.truncated()),
    ("cut", "connection closed half way", Fault.cut_off()),
    ("drip", "done, answer drips for 2 s", Fault.drip(2.0)),
    ("inflating", "done, answer unpacks to 256 MB", Fault.inflating()),
    *(
        (f"types-{number}", f"done, wrong types: {body.decode()[:40]}", Fault.wrong_types(number))
        for number, body in enumerate(payloads.WRONG_TYPES)
    ),
)
_WORK = (
    ("finished", "answers with the finished picture", Fault.finished()),
    ("task-fails", "the task will fail", Fault.task_fails("upstream error")),
    ("task-fails-mutely", "the task will fail without a reason", Fault.task_fails()),
    ("task-refused", "the task will be refused for content safety", Fault.task_fails("no", "content_filter")),
    ("never-ends", "the task never ends", Fault.never_ends()),
    ("expired", "the picture's first address has expired", Fault.expired()),
)
_LOOKS = (
    ("unknown", "404: task not found", Fault.http(404, "task not found", code="task_not_exist")),
    ("task-fails", "the task has failed", Fault.task_fails()),
    ("word", "a status that nobody knows", Fault.word("pondering")),
)
_PICTURES = (
    ("gone", "404: the address has expired", Fault.http(404, "not found")),
    ("forbidden", "403: signature expired", Fault.http(403, "expired")),
    ("empty", "no bytes at all", Fault.bytes(b"")),
    ("not-a-picture", "bytes that are no picture", Fault.bytes(b"this is no picture", "image/png")),
    ("svg", "an SVG", Fault.bytes(b"<svg/>", "image/svg+xml")),
    ("zeros", "64 MB of zeros", Fault.oversized(64 * _MIB)),
    ("oversized", "more than 64 MB", Fault.oversized()),
    ("bomb", "a decompression bomb", Fault.bomb()),
    ("private", "redirected to a private address", Fault.redirect("http://169.254.169.254/latest/meta-data/")),
)


def troubles() -> Iterator[NamedFault]:
    """All faults of the provider."""
    for name, label, fault in (*_REFUSALS, *_OUTAGES, *_SPOILED, *_WORK):
        yield _of(Place.SUBMIT, f"submit/{name}", label, fault)
    for name, label, fault in (*_OUTAGES, *_SPOILED, *_LOOKS):
        yield _of(Place.POLL, f"poll/{name}", label, fault)
    for name, label, fault in (*_OUTAGES, *_SPOILED, *_PICTURES):
        if not name.startswith("types-"):
            yield _of(Place.RESULT, f"result/{name}", label, fault)
    for name, label, fault in (*_OUTAGES, *_SPOILED):
        if not name.startswith("types-"):
            yield _of(Place.UPLOAD, f"upload/{name}", label, fault)


def _of(place: Place, name: str, label: str, fault: Fault) -> NamedFault:
    def strike(box: Sandbox, _: random.Random) -> None:
        match place:
            case Place.SUBMIT:
                box.apimaster.script(fault)
            case Place.POLL:
                box.apimaster.script_poll(fault)
            case Place.UPLOAD:
                box.apimaster.script_upload(fault)
            case _:
                box.apimaster.script_result(fault)

    return NamedFault(name=name, place=place, label=label, strike=strike)
