"""Interactions that discord.py cannot build are answered with one private sentence, once."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.interactions.dedupe import SeenInteractions
from bot.interactions.unreadable import UnreadableInteractions

PAYLOAD = {"id": "77", "token": "a.token", "type": 2, "locale": "de", "data": None}


class Requests:
    """The client's HTTP: records requests; a scripted error is raised first."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.error = error

    async def request(self, route: discord.http.Route, *, json: Any) -> None:
        """Record one request."""
        if self.error is not None:
            raise self.error
        self.sent.append((route.url.partition("/interactions/")[2], json))


def answering(requests: Requests) -> UnreadableInteractions:
    """The class under test on a client with this HTTP."""
    client: Any = SimpleNamespace(http=requests)
    return UnreadableInteractions(client, SeenInteractions())


async def test_a_payload_with_id_and_token_is_answered_once_in_its_language() -> None:
    """The answer is private and mentions no one; a repeated event is ignored."""
    requests = Requests()
    unreadable = answering(requests)
    unreadable.answer(PAYLOAD)
    unreadable.answer(PAYLOAD)
    await asyncio.sleep(0.01)
    [(path, body)] = requests.sent
    assert path == "77/a.token/callback"
    assert body["type"] == 4
    assert body["data"]["flags"] == 64
    assert body["data"]["allowed_mentions"] == {"parse": []}
    assert body["data"]["content"].startswith("Ich konnte diesen Befehl")
    await unreadable.close()


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": 77},
        {"id": "7/../8"},
        {"id": "9" * 30},
        {"token": None},
        {"token": "a/b"},
        {"token": ""},
        {"type": 4},
        {"type": 1},
        {"type": "2"},
        {"type": []},
    ],
)
async def test_without_a_usable_id_token_and_type_nothing_is_sent(change: dict[str, Any]) -> None:
    """An autocomplete can't show a sentence; an invalid id or token can't inject a path into the URL."""
    requests = Requests()
    unreadable = answering(requests)
    unreadable.answer(PAYLOAD | change)
    unreadable.answer([])
    await asyncio.sleep(0.01)
    assert requests.sent == []
    await unreadable.close()


async def test_a_failed_answer_is_logged_without_its_token(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing was ordered, so there is nothing else to do."""
    unreadable = answering(Requests(error=OSError("no route to a.token")))
    with caplog.at_level("INFO"):
        unreadable.answer(PAYLOAD | {"locale": 5})
        await asyncio.sleep(0.01)
    assert [record.message for record in caplog.records] == ["unreadable_interaction_not_answered"]
    assert "a.token" not in str(vars(caplog.records[0]))
    await unreadable.close()
