"""HTTP answers become domain errors with stable codes."""

from time import process_time

import pytest

from bot.apimaster.errors import Answer, Call, Complaint, clean, error_from, read_complaint, request_id, retry_after_s
from bot.domain import errors
from bot.domain.errors import ProviderError

ENVELOPE = {"error": {"message": "why (request id: R1)", "type": "t", "param": "", "code": "c"}}


def _error(status: int, payload: object, call: Call = Call.PAID) -> ProviderError:
    return error_from(Answer(status=status, headers={}, call=call), read_complaint(payload))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_request"),
        (401, "invalid_key"),
        (402, "balance"),
        (403, "forbidden"),
        (404, "bad_request"),
        (408, "sync_timeout"),
        (413, "bad_request"),
        (422, "bad_request"),
        (429, "rate_limited"),
        (451, "bad_request"),
        (500, "platform_error"),
        (502, "platform_error"),
        (503, "unavailable"),
        (504, "platform_error"),
    ],
)
def test_every_status_with_the_providers_envelope_has_its_code(status: int, code: str) -> None:
    """The guide's table, and what its public clients have observed."""
    error = _error(status, ENVELOPE)
    assert (error.code, error.http_status, error.provider_code, error.request_id) == (code, status, "c", "R1")


@pytest.mark.parametrize(
    "code", ["insufficient_user_quota", "pre_consume_token_quota_failed", "Insufficient_User_Quota"]
)
@pytest.mark.parametrize("field", ["code", "type"])
def test_403_for_lack_of_quota_is_a_balance_error(code: str, field: str) -> None:
    """It is equivalent to 402."""
    error = _error(403, {"error": {"message": "m", field: code}})
    assert isinstance(error, errors.BalanceError)


@pytest.mark.parametrize(
    "code",
    [
        "content_policy_violation",
        "content_filter",
        "content_filter_output",
        "safety_violation",
        "safety_rejection",
        "moderation_blocked",
        "moderation_rejected",
        "image_safety_error",
        "content_moderation",
        "prompt_blocked",
        "sensitive_words_detected",
        "risk_control",
        "risk_control_42",
    ],
)
@pytest.mark.parametrize("status", [400, 403, 422, 500])
def test_content_safety_codes_are_final_with_any_status(code: str, status: int) -> None:
    """They are never treated as an outage to retry, or as a missing permission."""
    assert isinstance(_error(status, {"error": {"message": "", "code": code}}), errors.ContentRefusedError)


@pytest.mark.parametrize("payload", [None, "text", [], {}, {"message": "Bad gateway"}, {"detail": "timeout"}])
@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 524])
def test_5xx_without_the_providers_envelope_leaves_a_paid_outcome_unknown(status: int, payload: object) -> None:
    """A proxy answered; the request behind it may have been processed."""
    error = _error(status, payload)
    assert isinstance(error, errors.OutcomeUnknownError)
    assert error.cost is errors.Cost.POSSIBLY


@pytest.mark.parametrize("status", [301, 302, 307, 308, 408, 500, 502, 503, 504, 524])
@pytest.mark.parametrize("payload", [None, ENVELOPE])
def test_a_failed_poll_is_only_unavailable(status: int, payload: object) -> None:
    """Polling again is free, whichever server failed."""
    assert isinstance(_error(status, payload, Call.POLL), errors.UnavailableError)


@pytest.mark.parametrize(("status", "payload"), [(404, None), (404, ENVELOPE), (400, {"code": "task_not_exist"})])
def test_poll_for_an_unknown_task_says_so(status: int, payload: object) -> None:
    """By status or by code."""
    assert isinstance(_error(status, payload, Call.POLL), errors.TaskUnknownError)


def test_408_says_what_the_guide_says() -> None:
    """It may still be charged; use async mode or a lower resolution."""
    error = _error(408, ENVELOPE)
    assert isinstance(error, errors.SyncTimeoutError)
    assert "async" in str(error)
    assert "lower resolution" in str(error)
    assert error.cost is errors.Cost.POSSIBLY


def test_a_redirect_of_a_post_names_the_new_address_without_its_query() -> None:
    """A wrong base URL is reported in a sentence."""
    answer = Answer(status=302, headers={"Location": "https://b.example/v1?token=s3cret"}, call=Call.PAID)
    error = error_from(answer, None)
    assert isinstance(error, errors.BadRequestError)
    assert "https://b.example/v1;" in str(error)
    assert "s3cret" not in str(error)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"error": {"code": 17, "message": "m"}}, "17"),
        ({"error": {"code": "", "type": "t"}}, "t"),
        ({"error": {"message": "m"}}, ""),
        ({"error": "m", "code": "c"}, "c"),
        ({"error": {"code": None}}, ""),
    ],
)
def test_the_providers_code_may_be_a_number_empty_or_missing(payload: object, code: str) -> None:
    """`param` may be missing too."""
    assert _error(400, payload).provider_code == code


def test_request_id_comes_from_the_message_or_the_headers() -> None:
    """The message's own is the provider's; a header is the fallback."""
    assert request_id({"x-request-id": "H"}, "no (request id: M)") == "M"
    assert request_id({"x-request-id": "H"}, "no") == "H"
    assert request_id({}, "no") == ""


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT", "Date": "Fri, 31 Dec 1999 23:59:29 GMT"}, 30.0),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT", "Date": "Sat, 01 Jan 2000 00:00:09 GMT"}, 0.0),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    """A date is compared with the response's own Date, independent of our clock."""
    assert retry_after_s(headers) == seconds


@pytest.mark.parametrize("part", ["http://", "data:a/b;base64,A", "(request id: ", "content_filter", "sk-1234567", " "])
def test_no_message_blocks_the_bot(part: str) -> None:
    """Megabytes that look like the start of a pattern take no longer than their first words."""
    words = part * 200_000
    complaint = read_complaint({"error": {"message": words, "code": words, "type": words}})
    began = process_time()
    error = error_from(Answer(status=400, headers={}, call=Call.PAID), complaint, secrets=("sk-12345678",))
    assert process_time() - began < 5
    assert len(str(error)) < 400


def test_log_message_has_no_secret_and_no_picture() -> None:
    """Keys, prompts, signatures and inline pictures are redacted, and the rest is short."""
    said = "key sk-12345678 prompt my secret castle at https://h/p.png?sig=abc data:image/png;base64,AAAA== "
    complaint = Complaint(message=said + "x" * 500, code="sk-12345678", kind="no sk-12345678")
    hidden = complaint.without(("sk-12345678", "my secret castle"))
    text = clean(hidden.message)
    assert "sk-12345678" not in text + hidden.code + hidden.kind
    assert "castle" not in text
    assert "sig=" not in text
    assert "AAAA" not in text
    assert len(text) <= 301
