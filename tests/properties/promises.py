"""Properties of any input: asserted by the property tests here, and by the fuzzer of tests/fuzzing.

Each function takes raw input and raises AssertionError, or an unexpected error of the code under test.
"""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Final

from bot.apimaster import wire
from bot.apimaster.errors import Answer, Call, error_from, read_complaint, request_id
from bot.apimaster.spooled import AnswerFile
from bot.apimaster.structure import JsonReader
from bot.domain.errors import PictureError, ProviderError, Refusal
from bot.domain.permutation import MAX_PROMPTS, as_typed, permutations
from bot.domain.picture import MAX_PROMPT_CHARACTERS
from bot.domain.word_matching import folded, has_words
from bot.media.metadata import cleaned
from bot.media.sniff import GIF, JPEG, KINDS, PNG, WEBP
from bot.media.verify import verify_now
from bot.ports import Submission, TaskState, TaskStatus
from tests.properties.parts import all_parts, pattern_of

_STATUSES: Final = (200, 202, 307, 400, 401, 402, 403, 404, 408, 413, 429, 500, 502, 503, 599)
_CLEANED: Final = frozenset((PNG, JPEG, WEBP, GIF))
_LONGEST_SENTENCE: Final = 400
_LONGEST_CUSTOM_ID: Final = 100


def reply_is_understood(body: bytes) -> None:
    """Any bytes parse to valid values or to a ProviderError, and every text in them can be stored and logged."""
    try:
        payload = read_json(body)
    except ValueError:
        return
    _read(_submission_is_sane, lambda: wire.parse_submission(payload))
    _read(_status_is_sane, lambda: wire.parse_task(payload))
    _read(_address_is_sane, lambda: wire.parse_upload(payload))
    balance = wire.parse_balance(payload, payload)
    assert balance is None or math.isfinite(balance)
    for status in _STATUSES:
        for call in Call:
            _error_is_sane(error_from(Answer(status=status, headers={}, call=call), read_complaint(payload)))


def read_json(body: bytes, piece_bytes: int = 1_000) -> object:
    """Parse a body that arrives in chunks, as the client does; raises ValueError if it is invalid JSON or too large."""
    reader = JsonReader(lambda: AnswerFile(None, at_any_cost=False))
    for start in range(0, len(body), piece_bytes):
        reader.feed(body[start : start + piece_bytes])
    return reader.value()


def headers_are_understood(headers: dict[str, str]) -> None:
    """For any headers of a refusal there is a ProviderError with a valid retry time, or none."""
    error = error_from(Answer(status=429, headers=headers, call=Call.PAID), None)
    _error_is_sane(error)
    assert error.retry_after_s is None or 0 <= error.retry_after_s < math.inf
    _error_is_sane(error_from(Answer(status=302, headers=headers, call=Call.PAID), None))
    assert_storable(request_id(headers))


def assert_storable(value: object) -> None:
    """Every text in a value can be stored in a database: no half of a surrogate pair."""
    if isinstance(value, str):
        value.encode()
    elif is_dataclass(value):
        for field in fields(value):
            assert_storable(getattr(value, field.name))


def _read(sane: Callable[[object], None], parse: Callable[[], object]) -> None:
    try:
        value = parse()
    except ProviderError as error:
        _error_is_sane(error)
    else:
        assert_storable(value)
        sane(value)


def _submission_is_sane(value: object) -> None:
    assert isinstance(value, Submission)
    assert (value.task_id is None) != (value.source is None)
    assert value.task_id is None or value.task_id.strip() == value.task_id != ""
    _source_is_sane(value)
    _cost_is_sane(value.reported_cost)


def _status_is_sane(value: object) -> None:
    assert isinstance(value, TaskStatus)
    assert (value.source is not None) == (value.state is TaskState.SUCCEEDED)
    assert value.progress is None or math.isfinite(value.progress)
    assert len(value.error) <= _LONGEST_SENTENCE
    assert len(value.error_code) <= _LONGEST_SENTENCE
    _source_is_sane(value)
    _cost_is_sane(value.reported_cost)


def _source_is_sane(value: Submission | TaskStatus) -> None:
    source = value.source
    if source is None:
        return
    assert [source.url, source.base64, source.text].count(None) == 2
    inline = source.url is None or (source.url or "")[:5].lower() == "data:"
    assert source.remote != inline


def _address_is_sane(value: object) -> None:
    assert isinstance(value, str)
    assert value.startswith(("http://", "https://"))


def _cost_is_sane(cost: float | None) -> None:
    assert cost is None or 0 <= cost <= 1e9


def _error_is_sane(error: ProviderError) -> None:
    for text in (str(error), error.provider_code, error.request_id):
        assert_storable(text)
    assert len(str(error)) <= _LONGEST_SENTENCE
    assert len(error.provider_code) <= _LONGEST_SENTENCE
    assert len(error.request_id) <= _LONGEST_SENTENCE


def custom_id_is_safe(custom_id: str) -> None:
    """At most one kind of component matches a custom id; rebuilt, it has the same id within Discord's limit."""
    matching = [(part, match) for part in all_parts() if (match := pattern_of(part).fullmatch(custom_id))]
    assert len(matching) <= 1
    for part, match in matching:
        again = part.rebuilt(match).item.custom_id
        assert len(again) <= _LONGEST_CUSTOM_ID
        twice = pattern_of(part).fullmatch(again)
        assert twice is not None
        assert part.rebuilt(twice).item.custom_id == again


def words_are_found(rule: str, text: str) -> None:
    """A rule is compared in its folded form only, and matches where it is a whole word, in any context."""
    words, plain = folded(rule), folded(text)
    assert folded(plain) == plain
    assert has_words(words, words) == bool(words)
    if words:
        assert has_words(folded(f"{text} {rule} {text}"), words)
        assert not has_words(f"x{words}x", words) or not (words[0].isascii() and words[0].isalnum())


def prompt_stands_for_few(prompt: str) -> None:
    """A prompt expands to one to eight prompts or is refused, quickly; escaped as proposed, it expands to itself."""
    prompts, refused = _permutations(prompt)
    assert refused in {"", "too_many_prompts", "far_too_many_prompts", "empty_prompt_of_several"}
    assert 1 <= len(prompts) <= MAX_PROMPTS if not refused else "{" in prompt
    assert all(len(one) <= len(prompt) for one in prompts)
    whole = prompt.strip()
    typed = as_typed(whole)
    assert len(typed) <= max(len(whole), MAX_PROMPT_CHARACTERS)
    if whole and (typed != whole or "{" not in whole):
        assert permutations(typed) == (whole,)


def _permutations(prompt: str) -> tuple[tuple[str, ...], str]:
    """The prompts, or the refusal."""
    try:
        return permutations(prompt), ""
    except Refusal as refusal:
        return (), refusal.code


def picture_is_known(data: bytes) -> list[bytes]:
    """Any bytes are a picture or a PictureError; a cleaned picture has the same number of pixels.

    Returns the cleaned picture, or None.
    """
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # Pillow's warnings about malformed files
        path = Path(folder) / "picture"
        path.write_bytes(data)
        try:
            known = verify_now(path)
            kind = next(kind for kind in KINDS if kind.format == known.format)
            if kind not in _CLEANED:
                return []
            clean = cleaned(data, kind)
        except PictureError:
            return []
        path.write_bytes(clean.data)
        again = verify_now(path)
    assert again.format == clean.kind.format
    assert sorted((again.width, again.height)) == sorted((known.width, known.height))
    return [clean.data]
