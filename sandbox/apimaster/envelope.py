"""The provider's error envelope: `{"error": {"message": "… (request id: X)", "type", "param", "code"}}`."""

import secrets
from collections.abc import Mapping

from aiohttp import web

REQUEST_ID_HEADER = "X-Oneapi-Request-Id"


class ApiError(Exception):
    """An error response; `code` and `kind` are the provider's terms."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | int = "",
        kind: str = "invalid_request_error",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.kind = kind
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """The HTTP response, with a new request id."""
        request_id = new_request_id()
        error = {
            "message": f"{self.message} (request id: {request_id})",
            "type": self.kind,
            "param": "",
            "code": self.code,
        }
        return web.json_response(
            {"error": error}, status=self.status, headers={REQUEST_ID_HEADER: request_id, **self.headers}
        )


def new_request_id() -> str:
    """An id in the provider's format."""
    return f"2026{secrets.token_hex(12)}"
