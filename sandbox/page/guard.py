"""Restricts access to the page to a browser on this machine that shows this very page.

The page listens on loopback only, but any web site that is open in the same browser can send requests there. Two checks
prevent this: the Host must be a loopback name (which stops DNS rebinding: a foreign name that resolves to 127.0.0.1),
and if the browser sends an Origin, it must be the page's own.
"""

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests that don't come from the page itself; see the module's docstring."""
    host = request.headers.get("Host", "")
    if _name_of(host) not in _LOOPBACK:
        raise web.HTTPForbidden(text="This page answers only to 127.0.0.1 and localhost.")
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        raise web.HTTPForbidden(text="Another web site may not use this page.")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"} and request.path != "/":
        raise web.HTTPForbidden(text="Another web site may not use this page.")
    return await handler(request)


def _name_of(host: str) -> str | None:
    """The host name without its port; None for an invalid host."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Set headers that allow only the page's own files to run, and forbid framing and embedding."""
    response.headers.update(_HEADERS)
    # The files change with the repository: a browser must revalidate its cached copies.
    response.headers.setdefault("Cache-Control", "no-cache")
