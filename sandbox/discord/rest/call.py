"""A parsed REST call, and reading bodies with files."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.discord.errors import DiscordError, invalid_form, too_large
from sandbox.discord.messages import Upload
from sandbox.discord.model import Json
from sandbox.discord.world import REQUEST_LIMIT, World

_CHUNK = 256 * 1024
_FILE_FIELD = re.compile(r"^files?\[?(\d*)\]?$")


@dataclass(slots=True, kw_only=True)
class Call:
    """A parsed request; `body` is its JSON, `uploads` are its files on disk."""

    world: World
    gateway_url: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    uploads: list[Upload] = field(default_factory=list)

    @property
    def json(self) -> Json:
        """The body as an object (empty if there is none)."""
        return self.body if isinstance(self.body, dict) else {}

    def integer(self, name: str, otherwise: int) -> int:
        """A number of the query string. Raises 50035 for anything else."""
        try:
            return int(self.query.get(name, otherwise))
        except ValueError:
            raise invalid_form({name: ("NUMBER_TYPE_COERCE", "Value is not an int.")}) from None

    def discard_uploads(self) -> None:
        """Delete the uploaded files that no message owns."""
        for upload in self.uploads:
            if not upload.adopted:
                upload.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Reply:
    """A handler's response; a body of None is sent as 204 without content."""

    body: Any = None
    status: int = 200


Handler = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A route by its OpenAPI template; `authorised` means that it requires the bot's token."""

    method: str
    template: str
    handler: Handler
    authorised: bool = True


async def read_body(request: web.Request, call: Call, *, file_limit: int) -> None:
    """Read JSON or multipart into the call, files straight to disk. Raises 40005 (too large) and 50109 (bad JSON)."""
    if not request.can_read_body:
        return
    if request.content_type.startswith("multipart/"):
        await _read_multipart(request, call, file_limit)
        return
    if request.content_type == "application/x-www-form-urlencoded":
        # py-cord sends its payload_json like this when there is no file.
        form = await request.post()
        call.body = _parsed(str(form["payload_json"]).encode()) if "payload_json" in form else dict(form)
        return
    call.body = _parsed(await request.read())


async def _read_multipart(request: web.Request, call: Call, file_limit: int) -> None:
    """Read part by part. Parts over a limit are read to the end too: closing the socket would hide the response."""
    total = 0
    oversized = False
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "payload_json":
            call.body = _parsed(await part.read(decode=True))
            continue
        upload = _new_upload(part, call)
        with upload.path.open("wb") as file:
            while chunk := await part.read_chunk(_CHUNK):
                upload.size += len(chunk)
                total += len(chunk)
                if upload.size > file_limit or total > REQUEST_LIMIT:
                    oversized = True
                else:
                    file.write(chunk)
    if oversized:
        raise too_large()


def _new_upload(part: BodyPartReader, call: Call) -> Upload:
    match = _FILE_FIELD.match(part.name or "")
    index = int(match[1]) if match and match[1] else len(call.uploads)
    upload = Upload(index=index, filename=part.filename or "file", path=call.world.files.new_path(), size=0)
    call.uploads.append(upload)
    return upload


def _parsed(data: bytes | bytearray) -> Any:
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError as error:
        raise DiscordError(400, 50109, "The request body contains invalid JSON.") from error
