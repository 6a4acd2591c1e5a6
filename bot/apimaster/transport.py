"""Translates aiohttp's failures by whether the request was ever sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import aiohttp

from bot.domain.errors import OutcomeUnknownError, UnreachableError

# DNS, connection or TLS handshake failed: nothing was sent. InvalidURL is raised before any of them.
_NEVER_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


@contextmanager
def network_errors() -> Iterator[None]:
    """Translate failures below HTTP into UnreachableError (never sent) or OutcomeUnknownError."""
    try:
        yield
    except _NEVER_SENT as error:
        raise UnreachableError(f"No connection to the provider: {_reason(error)}") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:  # ValueError: a name or header that can't be encoded
        raise OutcomeUnknownError(f"The connection broke off: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    # The text of these errors contains host names and system messages; a payload error may also quote received data.
    return str(error) if isinstance(error, aiohttp.ClientConnectorError) else type(error).__name__
