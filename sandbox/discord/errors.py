"""Discord's error responses: a status and a JSON body with a code, a message and, for invalid forms, nested errors."""

import math
from collections.abc import Mapping
from typing import Any

FormErrors = Mapping[str, tuple[str, str]]


class DiscordError(Exception):
    """An error response of the API; `body()` is its JSON."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        errors: FormErrors | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = dict(errors or {})
        self.headers = dict(headers or {})
        self.extra: dict[str, Any] = {}
        self.page = ""
        """HTML instead of the body: the response of a proxy in front of Discord, not of Discord."""

    def body(self) -> dict[str, Any]:
        """The JSON body; dotted paths of form errors become nested objects, as Discord nests them."""
        body: dict[str, Any] = {"message": self.message, "code": self.code, **self.extra}
        if self.errors:
            body["errors"] = nested(self.errors)
        return body


def nested(errors: FormErrors) -> dict[str, Any]:
    """Turn `{"components.0.custom_id": (code, message)}` into Discord's tree with `_errors` leaves."""
    tree: dict[str, Any] = {}
    for path, (code, message) in errors.items():
        node = tree
        for step in filter(None, path.split(".")):
            node = node.setdefault(step, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})
    return tree


def invalid_form(errors: FormErrors) -> DiscordError:
    """50035: the body is wrong; `errors` maps dotted paths to (code, message)."""
    return DiscordError(400, 50035, "Invalid Form Body", errors=errors)


def unauthorized() -> DiscordError:
    """401: the token is missing or wrong."""
    return DiscordError(401, 0, "401: Unauthorized")


def not_found() -> DiscordError:
    """404: no such route."""
    return DiscordError(404, 0, "404: Not Found")


def unknown_channel() -> DiscordError:
    """10003: unknown channel."""
    return DiscordError(404, 10003, "Unknown Channel")


def unknown_guild() -> DiscordError:
    """10004: unknown guild."""
    return DiscordError(404, 10004, "Unknown Guild")


def unknown_member() -> DiscordError:
    """10007: unknown member."""
    return DiscordError(404, 10007, "Unknown Member")


def unknown_message() -> DiscordError:
    """10008: also the response for an ephemeral message that is requested by channel and id."""
    return DiscordError(404, 10008, "Unknown Message")


def unknown_user() -> DiscordError:
    """10013: unknown user."""
    return DiscordError(404, 10013, "Unknown User")


def unknown_webhook() -> DiscordError:
    """10015: no such token, or nothing was acknowledged with it yet."""
    return DiscordError(404, 10015, "Unknown Webhook")


def unknown_sticker() -> DiscordError:
    """10060: unknown sticker."""
    return DiscordError(404, 10060, "Unknown sticker")


def unknown_interaction() -> DiscordError:
    """10062: it never existed, or was not acknowledged within 3 seconds."""
    return DiscordError(404, 10062, "Unknown interaction")


def unknown_command() -> DiscordError:
    """10063: unknown command."""
    return DiscordError(404, 10063, "Unknown application command")


def already_acknowledged() -> DiscordError:
    """40060: acknowledged twice."""
    return DiscordError(400, 40060, "Interaction has already been acknowledged.")


def too_many_followups() -> DiscordError:
    """40094: an application that is present only through a member's installation has sent its five follow-ups."""
    return DiscordError(400, 40094, "This interaction has reached the maximum number of follow-up messages")


def too_large() -> DiscordError:
    """40005: a file over the limit, or a request over 25 MiB."""
    return DiscordError(413, 40005, "Request entity too large")


def missing_access() -> DiscordError:
    """50001: the bot cannot see the place."""
    return DiscordError(403, 50001, "Missing Access")


def empty_message() -> DiscordError:
    """50006: a message without content."""
    return DiscordError(400, 50006, "Cannot send an empty message")


def not_own_message() -> DiscordError:
    """50005: not one of the bot's own messages."""
    return DiscordError(403, 50005, "Cannot edit a message authored by another user")


def cannot_dm() -> DiscordError:
    """50007: the user takes no direct messages."""
    return DiscordError(403, 50007, "Cannot send messages to this user")


def missing_permissions() -> DiscordError:
    """50013: the bot sees the channel but lacks the permission."""
    return DiscordError(403, 50013, "Missing Permissions")


def invalid_webhook_token() -> DiscordError:
    """50027: an interaction's token after its 15 minutes."""
    return DiscordError(401, 50027, "Invalid Webhook Token")


def rate_limited(retry_after_s: float, scope: str, *, everywhere: bool) -> DiscordError:
    """429 from Discord itself: the body and, rounded up, the headers say how many seconds to wait."""
    headers = {
        "Retry-After": str(math.ceil(retry_after_s)),
        "X-RateLimit-Scope": scope,
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset-After": f"{retry_after_s:.3f}",
    }
    if everywhere:
        headers["X-RateLimit-Global"] = "true"
    error = DiscordError(429, 0, "You are being rate limited.", headers=headers)
    error.extra = {"retry_after": retry_after_s, "global": everywhere}
    return error


def cloudflare_page(status: int, retry_after_s: int) -> DiscordError:
    """The response of Cloudflare in front of Discord: an HTML page without Discord's headers."""
    error = DiscordError(status, 0, "Cloudflare", headers={"Retry-After": str(retry_after_s), "Server": "cloudflare"})
    error.page = f"<!DOCTYPE html><html><head><title>{status}</title></head><body>error code: 1015</body></html>"
    return error
