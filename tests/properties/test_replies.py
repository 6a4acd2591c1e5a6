"""The client parses any provider answer or raises ProviderError."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from tests.properties.promises import headers_are_understood, reply_is_understood
from tests.properties.replies import bodies

_DATES = st.builds(
    "Mon, {} Jan {} {}:00:00 {}".format,
    st.integers(0, 40),
    st.integers(0, 10**20),
    st.integers(0, 99),
    st.sampled_from(["GMT", "-0000", "+2359", "+99999999999999999999", ""]),
)
_HEADER = st.one_of(st.text(st.characters(exclude_categories=()), max_size=30), _DATES, st.integers(0, 10**12).map(str))


@given(bodies())
@example(rb'{"data": [{"status": "submitted", "task_id": "\ud83d"}]}')
@example(rb'{"data": {"status": "failed", "error": {"message": "sorry \udc00"}}}')
@example(b'{"data": {"status": "success", "url": "DATA:image/png;base64,iVBORw0KGgo="}}')
@example(b'{"hard_limit_usd": 1.7e308, "total_usage": -1.7e308}')
def test_any_answer_is_a_value_or_a_provider_error(body: bytes) -> None:
    """Only ProviderError is raised, prices and states are valid, and every text can be stored."""
    reply_is_understood(body)


@given(st.dictionaries(st.sampled_from(["Retry-After", "Date", "x-request-id", "Location"]), _HEADER))
@example({"Retry-After": "Mon, 01 Jan 2026 00:00:00 +99999999999999999999"})
@example({"Retry-After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"})
@example({"x-request-id": "\udcff"})
@example({"Location": "https://elsewhere.test/\udcff"})
def test_any_headers_of_a_refusal_are_parsed(headers: dict[str, str]) -> None:
    """Any date gives a valid wait, and a request id of undecodable bytes can be stored."""
    headers_are_understood(headers)
