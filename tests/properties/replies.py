"""Strategies for provider replies: every known shape, with arbitrary values in the relevant fields."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from bot.apimaster.errors import MESSAGE_KEYS

_ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
"""With control characters and halves of surrogate pairs, which JSON can spell and no database takes."""
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), _ANY_TEXT, st.sampled_from(["", "ok", "https://a/b?c#d"])
)
_ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
_STATUS = st.sampled_from(["submitted", "running", "SUCCEEDED", "completed", "failed", " Error ", "cancelled", "?"])
_ADDRESS = st.sampled_from(["https://cdn.test/1.png", "data:image/png;base64,iVBORw0KGgo=", "/results/1.png", "no"])
_PICTURE = st.one_of(
    _ADDRESS,
    _ADDRESS.map(lambda url: {"images": [{"url": [url]}]}),
    st.text("AZaz09+/=", min_size=250, max_size=260).map(lambda data: {"b64_json": data}),
)
_NUMBER = st.one_of(
    st.floats(), st.integers(), st.just(10**400), st.sampled_from(["0.5", "50%", "1e999", "nan", " 7 ", "-3"])
)
_WORD = st.one_of(_ANY_TEXT, st.integers(), st.sampled_from(["402", "content_filter_x", "task_not_exist", "success"]))
_COMPLAINT = st.fixed_dictionaries({}, optional={"code": _WORD, "type": _WORD} | dict.fromkeys(MESSAGE_KEYS, _WORD))

_KNOWN = {
    "status": _STATUS,
    "task_status": _STATUS,
    "state": _STATUS,
    "task_id": st.one_of(_ANY_TEXT, st.integers(), st.just("task_1")),
    "id": _SCALARS,
    "progress": _NUMBER,
    "cost": _NUMBER,
    "credits_cost": _NUMBER,
    "result": _PICTURE,
    "url": _PICTURE,
    "images": _PICTURE.map(lambda picture: [picture]),
    "request_data": st.fixed_dictionaries({"effective_resolution": st.one_of(_ANY_TEXT, st.sampled_from(["2k", "."]))}),
    "error": st.one_of(_COMPLAINT, _ANY_TEXT),
    "message": _WORD,
    "code": _WORD,
    "hard_limit_usd": _NUMBER,
    "total_usage": _NUMBER,
}
_TASK = st.fixed_dictionaries({}, optional={name: value | _ANYTHING for name, value in _KNOWN.items()})


@st.composite
def payloads(draw: st.DrawFn) -> object:
    """A parsed reply: an envelope of a task, in one of its shapes, or anything else."""
    task = draw(_TASK)
    data = draw(st.sampled_from([None, task, [task], [], [[task]], {"data": task}]))
    return draw(st.one_of(st.just({**draw(_TASK), "data": data}), st.just(task), _ANYTHING))


def bodies() -> st.SearchStrategy[bytes]:
    """A reply body: JSON, complete or truncated, or any bytes."""
    whole = payloads().map(lambda payload: json.dumps(payload).encode())
    cut = st.tuples(whole, st.integers(0, 200)).map(lambda pair: pair[0][: pair[1]])
    return st.one_of(whole, whole, cut, st.binary(max_size=60), st.just(b"[" * 100_000))
