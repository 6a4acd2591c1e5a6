"""Discord's own description of its API, where its file is at hand."""

from __future__ import annotations

import os

import pytest

from sandbox.discord.openapi import OpenApi, find_description


def discords_description() -> OpenApi:
    """The description; without its file the test is skipped, or fails where REQUIRE_ALL_TESTS=1 allows no skips."""
    path = find_description()
    if path is not None:
        return OpenApi(path)
    reason = "Discord's OpenAPI description is not here; name its file with DISCORD_OPENAPI"
    if os.environ.get("REQUIRE_ALL_TESTS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
