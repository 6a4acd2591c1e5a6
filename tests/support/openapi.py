"""Discord's OpenAPI description, if its file is available."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from sandbox.discord.errors import FormErrors
from sandbox.discord.openapi import OpenApi, find_description


class SentJson(OpenApi):
    """The OpenAPI description for Python bodies: each is validated as the JSON that is sent."""

    def request_errors(self, method: str, template: str, body: Any) -> FormErrors:
        """The validation errors of a request's body."""
        return super().request_errors(method, template, json.loads(json.dumps(body)))


def discords_description() -> SentJson:
    """The OpenAPI description; without its file the test is skipped, or fails if REQUIRE_ALL_TESTS=1."""
    path = find_description()
    if path is not None:
        return SentJson(path)
    reason = "Discord's OpenAPI description is not here; name its file with DISCORD_OPENAPI"
    if os.environ.get("REQUIRE_ALL_TESTS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
