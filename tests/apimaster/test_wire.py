"""The provider's JSON: requests exactly as in the guide, replies in every known variant."""

import base64
from typing import Any

import pytest

from bot.apimaster import wire
from bot.domain.errors import (
    BadRequestError,
    BalanceError,
    ContentRefusedError,
    OutcomeUnknownError,
    ProviderError,
    TaskFailedError,
    TaskUnknownError,
)
from bot.domain.picture import PictureSpec, Resolution
from bot.ports import PictureSource, TaskState

URL = "https://cache.example/1.png?sig=abc"
BARE = base64.b64encode(b"\xff\xd8\xff" + bytes(400)).decode()
SHORT = base64.b64encode(b"\xff\xd8\xff" + bytes(60)).decode()
DATA_URI = f"data:image/png;base64,{BARE}"


def test_plain_request_has_exactly_the_guides_fields() -> None:
    """Search flags and references that were not ordered are left out; n is the number 1."""
    body = wire.request_body("m", PictureSpec(prompt="a cat"), ())
    assert body == {"model": "m", "prompt": "a cat", "size": "1:1", "resolution": "1K", "n": 1}
    assert type(body["n"]) is int


def test_full_request_has_references_and_search_flags() -> None:
    """All ordered options are in the body."""
    spec = PictureSpec(
        prompt="x", size="16:9", resolution=Resolution.TWO_K, google_search=True, google_image_search=True
    )
    body = wire.request_body("m", spec, ["https://a/1.png"])
    assert body["image_urls"] == ["https://a/1.png"]
    assert body["google_search"] is True
    assert body["google_image_search"] is True
    assert (body["size"], body["resolution"]) == ("16:9", "2K")


def test_style_follows_the_prompt() -> None:
    """The model gets one prompt; the style's name is not sent."""
    body = wire.request_body("m", PictureSpec(prompt="a cat", style="noir", style_text="black and white"), ())
    assert body["prompt"] == "a cat\n\nblack and white"
    assert "noir" not in str(body)


@pytest.mark.parametrize(
    "payload",
    [
        {"code": 200, "data": [{"status": "submitted", "task_id": "task_1"}]},
        {"data": [{"status": "submitted", "task_id": "task_1"}]},
        {"code": 200, "data": {"task_id": "task_1", "status": "SUBMITTED"}},
        {"task_id": "task_1"},
        {"id": "task_1", "status": "queued"},
        {"data": {"id": "task_1", "status": "pending", "url": "https://api.example/v1/tasks/task_1"}},
        {"data": [{"task_id": "task_1", "status": "failed"}]},
        {"code": 200, "message": "success", "data": [{"task_id": "task_1"}], "error": None},
    ],
)
def test_task_is_found_in_every_form_of_a_submit_answer(payload: object) -> None:
    """`code` may be missing, `data` may be a list or an object, the task may be at the top level."""
    submission = wire.parse_submission(payload)
    assert submission.task_id == "task_1"
    assert submission.source is None


@pytest.mark.parametrize(
    ("payload", "source"),
    [
        ({"created": 1, "data": [{"url": URL}]}, PictureSource(url=URL)),
        ({"created": 1, "data": [{"url": [URL]}]}, PictureSource(url=URL)),
        ({"data": {"url": URL}}, PictureSource(url=URL)),
        ({"data": [{"b64_json": BARE}]}, PictureSource(base64=BARE)),
        ({"data": [{"b64_json": SHORT}]}, PictureSource(base64=SHORT)),
        ({"data": [{"b64_json": [SHORT]}]}, PictureSource(base64=SHORT)),
        ({"data": [{"b64_json": DATA_URI}]}, PictureSource(url=DATA_URI)),
        ({"data": [{"url": DATA_URI}]}, PictureSource(url=DATA_URI)),
        ({"data": [{"url": BARE}]}, PictureSource(base64=BARE)),
        ({"data": [{"url": "/results/1.png?e=1"}]}, PictureSource(url="/results/1.png?e=1")),
        ({"data": [{"status": "completed", "task_id": "t", "url": URL}]}, PictureSource(url=URL)),
    ],
)
def test_finished_picture_in_a_submit_answer_is_accepted(payload: object, source: PictureSource) -> None:
    """Submit may answer with the picture, as a URL, a data URI or base64 (a JPEG's starts like a path)."""
    submission = wire.parse_submission(payload)
    assert submission.source == source
    assert submission.task_id is None


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        {},
        "text",
        7,
        {"data": []},
        {"data": {}},
        {"code": 200, "data": None},
        {"task_id": ""},
        {"id": "x"},
        {"task_id": True},
        {"error": {"message": "odd"}},
        {"data": [{"url": ""}]},
        {"data": [{"url": "iVBORw0KGgo="}]},
        {"data": [{"b64_json": ""}]},
        {"data": [{"b64_json": " \n"}]},
        {"data": "queued"},
    ],
)
def test_an_answer_without_task_or_picture_leaves_the_outcome_unknown(payload: object) -> None:
    """The request was accepted with a 2xx, so it may have been charged."""
    with pytest.raises(OutcomeUnknownError):
        wire.parse_submission(payload)


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ({"code": 402, "message": "insufficient balance"}, BalanceError),
        ({"code": 400, "message": "bad ratio", "data": None}, BadRequestError),
        ({"error": {"code": "content_filter_prompt", "message": "no"}}, ContentRefusedError),
        ({"data": {"status": "failed", "error": "upstream"}}, TaskFailedError),
        ({"data": {"status": "failed", "error": {"code": "prompt_blocked"}}}, ContentRefusedError),
    ],
)
def test_refusal_with_http_200_is_still_a_refusal(payload: object, kind: type[ProviderError]) -> None:
    """Some servers answer 200 with the real status in the body."""
    with pytest.raises(kind) as raised:
        wire.parse_submission(payload)
    assert type(raised.value) is kind


@pytest.mark.parametrize("word", ["succeeded", "completed", "success", "SUCCESS", "Completed", " succeeded "])
@pytest.mark.parametrize(
    "result",
    [
        {"result": {"images": [{"url": URL}]}},
        {"result": {"images": [{"url": [URL]}]}},
        {"result": {"images": {"url": URL}}},
        {"result": {"data": [{"url": URL}]}},
        {"result": [{"url": URL}]},
        {"results": [URL]},
        {"images": [{"image_url": URL}]},
        {"output": {"images": [URL]}},
        {"url": URL},
        {"image_urls": ["https://a/reference.png"], "image": "https://a/reference.png", "result": {"images": [URL]}},
    ],
)
@pytest.mark.parametrize("wrap", ["object", "list", "top"])
def test_every_form_of_success_gives_the_picture(word: str, result: dict[str, Any], wrap: str) -> None:
    """Any case of the three words, any place of the URL; references that are echoed are not a result."""
    data = {"status": word, **result}
    payload = {"object": {"code": 200, "data": data}, "list": {"data": [data]}, "top": data}[wrap]
    status = wire.parse_task(payload)
    assert status.state is TaskState.SUCCEEDED
    assert status.source == PictureSource(url=URL)


def test_finished_task_may_have_a_small_picture() -> None:
    """Under `b64_json` a short value is base64 too; a task without a picture would be polled forever."""
    status = wire.parse_task({"data": {"status": "completed", "result": {"images": [{"b64_json": SHORT}]}}})
    assert (status.state, status.source) == (TaskState.SUCCEEDED, PictureSource(base64=SHORT))


@pytest.mark.parametrize("word", ["failed", "failure", "fail", "error", "cancelled", "canceled", "FAILED", "Failure"])
def test_every_failure_status_ends_the_task(word: str) -> None:
    """A failure without any reason is normal, and the envelope's own message is not taken for one."""
    status = wire.parse_task({"code": 200, "message": "success", "data": {"status": word}})
    assert (status.state, status.error, status.error_code) == (TaskState.FAILED, "", "")
    assert not status.content_refused


@pytest.mark.parametrize("word", ["submitted", "queued", "in_progress", "PROCESSING", "not_start", "unheard_of"])
def test_unknown_status_means_still_running(word: str) -> None:
    """Even with a URL beside it."""
    status = wire.parse_task({"data": {"status": word, "progress": "45%", "url": URL}})
    assert (status.state, status.progress, status.source) == (TaskState.RUNNING, 45.0, None)


@pytest.mark.parametrize(
    ("failure", "message", "code", "refused"),
    [
        ({"error": {"message": "boom", "code": "E1"}}, "boom", "E1", False),
        ({"error": {"message": "no", "code": "content_policy_violation"}}, "no", "content_policy_violation", True),
        ({"error": {"message": "no", "type": "Moderation_Blocked"}}, "no", "Moderation_Blocked", True),
        ({"error": {"message": "no", "code": "risk_control_image"}}, "no", "risk_control_image", True),
        ({"error": "upstream said: image_safety_error"}, "upstream said: image_safety_error", "", True),
        ({"error": "boom", "error_code": 7}, "boom", "7", False),
        ({"fail_reason": "boom"}, "boom", "", False),
        ({"message": "boom"}, "boom", "", False),
        ({"error": {}}, "", "", False),
        ({"error": None, "failure_reason": None}, "", "", False),
    ],
)
def test_reason_of_a_failure_is_read_if_present(
    failure: dict[str, object], message: str, code: str, refused: bool
) -> None:
    """A content-safety code is recognised in the code, the type or the message."""
    status = wire.parse_task({"code": 200, "data": {"status": "failed", **failure}})
    assert (status.error, status.error_code, status.content_refused) == (message, code, refused)


def test_top_level_error_explains_a_failed_task() -> None:
    """The reason may be beside `data` instead of in it."""
    status = wire.parse_task({"data": {"status": "failed"}, "error": {"message": "boom", "code": "E1"}})
    assert (status.error, status.error_code) == ("boom", "E1")


@pytest.mark.parametrize("payload", [None, [], "x", {}, {"data": None}, {"data": {"status": "succeeded"}}, {"data": 1}])
def test_empty_poll_answer_can_be_retried(payload: object) -> None:
    """No status, or a success without a picture: the job was charged, so this never ends it."""
    with pytest.raises(OutcomeUnknownError):
        wire.parse_task(payload)


def test_an_unknown_task_in_a_successful_answer_is_unknown() -> None:
    """`{"code": "task_not_exist"}` may come as HTTP 400, and `code: 404` as HTTP 200."""
    with pytest.raises(TaskUnknownError):
        wire.parse_task({"code": 404, "message": "task not found"})


@pytest.mark.parametrize(
    ("fields", "cost"),
    [
        ({"cost": 1.5}, 1.5),
        ({"credits_cost": "2"}, 2.0),
        ({"cost": None}, None),
        ({"cost": "free"}, None),
        ({"cost": -1}, None),
        ({"cost": True}, None),
        ({"cost": "nan"}, None),
        ({"cost": 10**400}, None),
        ({"cost": 1e12}, None),
    ],
)
def test_the_reported_cost_is_a_number_or_nothing(fields: dict[str, object], cost: float | None) -> None:
    """The provider's own figure is recorded beside ours; an invalid one is dropped."""
    payload = {"data": {"status": "succeeded", "url": URL, **fields}}
    assert wire.parse_task(payload).reported_cost == cost


@pytest.mark.parametrize(
    ("fields", "resolution"),
    [
        ({"effective_resolution": "2k"}, "2K"),
        ({"request_data": {"effective_resolution": "0.5K"}}, "0.5K"),
        ({"request_data": "2K"}, ""),
        ({"effective_resolution": "2048x2048 or so"}, ""),
        ({"effective_resolution": 2}, ""),
        ({}, ""),
    ],
)
def test_effective_resolution_is_valid_or_none(fields: dict[str, object], resolution: str) -> None:
    """The provider may make less than ordered; its value is stored, from poll and submit alike."""
    payload = {"data": {"status": "succeeded", "url": URL, **fields}}
    assert wire.parse_task(payload).effective_resolution == resolution
    assert wire.parse_submission(payload).effective_resolution == resolution
    assert wire.parse_submission({"data": {"task_id": "t", **fields}}).effective_resolution == resolution


def test_balance_is_the_limit_minus_the_usage() -> None:
    """The limit is in dollars, the usage in cents."""
    assert wire.parse_balance({"hard_limit_usd": 20}, {"total_usage": 150}) == 18.5
    assert wire.parse_balance({"hard_limit_usd": 20}, None) is None


def test_upload_answer_without_a_url_is_refused() -> None:
    """A URL is http(s), at the top level or in data."""
    assert wire.parse_upload({"url": URL}) == URL
    assert wire.parse_upload({"data": {"url": URL}}) == URL
    with pytest.raises(OutcomeUnknownError):
        wire.parse_upload({"url": "file:///etc/passwd"})
    for unusable in ("http://a..b/x.png", "https://h:99999/x", "https://h\\@evil/x", "https://h/" + "x" * 9_000):
        with pytest.raises(OutcomeUnknownError):
            wire.parse_upload({"url": unusable})


def _nested(depth: int) -> object:
    value: object = URL
    for _ in range(depth):
        value = {"data": [value]}
    return value


def test_too_deeply_nested_reply_is_not_followed() -> None:
    """A hostile or broken answer cannot exhaust the stack."""
    with pytest.raises(OutcomeUnknownError):
        wire.parse_submission(_nested(500))
