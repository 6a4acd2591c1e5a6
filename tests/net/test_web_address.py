"""URLs from outside: valid ones are unchanged, everything else is an AddressError."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from bot.net.web_address import MAX_ADDRESS_CHARACTERS, AddressError, web_address

UNUSABLE = [
    "", " ", "x", "/p.png", "//h/p.png", "ftp://h/p.png", "file:///etc/passwd", "javascript:alert(1)", "data:,x",
    "http://", "http:///x", "http:x", "http://@/x", "http://:80/x", "http://u:p@/x",
    "http://a..b/x.png", "http://.a/x", "http://a../x", "http://-a/x", "http://a-/x", f"http://{'a' * 64}.com/x",
    f"http://{'.'.join(['a' * 60] * 5)}/x", "http://ä..b/x", f"http://{'ä' * 64}.com/x", "http://\u00ad/x",
    "http://xn--a\u0300..b/", "http://h:99999/x", "http://h:0/x", "http://h:x/x", "http://h:-1/x",
    "http://[::1", "http://[h/x", "http://::1/x", "http://[fe80::1%25eth0]/x", "http://[::1]x/", "http://[zz]/x",
    "http://%31%32%37.0.0.1/x", "http://h%00/x", "http://a b/x", "http://a,b/x", "http://h\\@evil/x", "http:\\\\h\\x",
    "http://h/\x00", "http://h:1\r\nX: 1/x", "http://h/\nx", "http://h/\ud800", "http://h/" + "x" * 9_000,
    "http://*/x", "http://$(id)/x", "http://h<script>/x",
]  # fmt: skip


@pytest.mark.parametrize("text", UNUSABLE, ids=range(len(UNUSABLE)))
def test_invalid_url_is_an_address_error(text: str) -> None:
    """Names that are invalid in DNS, unparsable ports, other schemes, control characters, and overlong URLs."""
    with pytest.raises(AddressError):
        web_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://cdn.test/a%20b%7Ec/p.png?sig=a%2Bb%2F%3D&x=1;2&y=%C3%A9", "http://h/", "http://h:8080/x",
        "http://h./x", "http://u:p@h/x", "http://[::1]:81/x", "http://127.0.0.1/x", "http://a_b.test/x",
        "https://xn--mnchen-3ya.de/x", f"https://{'a' * 63}.test/x",
    ],
)  # fmt: skip
def test_valid_url_is_unchanged(text: str) -> None:
    """Not one character changes: it may be signed."""
    assert str(web_address(text)) == text


def test_relative_url_is_resolved_against_its_base() -> None:
    """And checked afterwards."""
    base = URL("https://h/a/b")
    assert str(web_address("/c?d=1", base=base)) == "https://h/c?d=1"
    for text in ("//a..b/x", "", "\\x", "//[::1"):
        with pytest.raises(AddressError):
            web_address(text, base=base)


@given(
    st.one_of(
        st.text(st.characters(exclude_categories=()), max_size=60),
        st.text(st.characters(exclude_categories=()), max_size=60).map("http://{}".format),
        st.text("aä.:/@[]%\\?#-_0 \u0300ß。", max_size=40).map("http://{}".format),
    )
)
@example("http://a..b/x.png")
def test_any_text_is_a_url_or_an_address_error(text: str) -> None:
    """Nothing else is raised, and the host of an accepted URL can be encoded as a resolver does it."""
    for base in (None, URL("https://h/a")):
        try:
            url = web_address(text, base=base)
        except AddressError:
            continue
        assert url.scheme in {"http", "https"}
        assert len(text) <= MAX_ADDRESS_CHARACTERS
        assert (url.raw_host or "").encode("idna")
        assert str(url.with_user(None)).isascii()
