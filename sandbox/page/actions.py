"""The page's requests that act as a member: each becomes a call of the driver."""

import json
from collections import defaultdict
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.driver import Driver, DriverError, Interaction

Json = dict[str, Any]
File = tuple[str, bytes]

# Discord gives a bot 3 seconds; slightly more here, so that the driver is the one that reports the failure.
_ACKNOWLEDGE_TIMEOUT_S = 3.5
_FILE_PREFIX = "file:"
_NO_ANSWER = "The application did not respond"


class Actions:
    """The page's requests that act as a member."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def routes(self) -> list[web.RouteDef]:
        """The routes of this class."""
        return [
            web.get("/api/commands", self.commands),
            web.post("/api/slash", self.slash),
            web.post("/api/autocomplete", self.autocomplete),
            web.post("/api/click", self.click),
            web.post("/api/select", self.select),
            web.post("/api/modal", self.modal),
            web.post("/api/context", self.context_menu),
            web.post("/api/say", self.say),
            web.post("/api/forward", self.forward),
        ]

    async def commands(self, request: web.Request) -> web.Response:
        """The commands that Discord's client would offer this member in this channel."""
        member, channel = request.query.get("member", ""), request.query.get("channel", "")
        return web.json_response({"commands": self._driver.commands(member, channel)})

    async def slash(self, request: web.Request) -> web.Response:
        """Send a slash command."""
        body, files = await self._read_form(request)
        attachments = {name: list_[0] for name, list_ in files.items()}
        interaction = await self._driver.slash(
            body["member"], body["command"], body["options"], channel=body["channel"], files=attachments
        )
        return await _outcome(interaction)

    async def autocomplete(self, request: web.Request) -> web.Response:
        """Request autocomplete choices from the bot; none if it does not answer in time."""
        body = await self._read(request)
        choices = await self._driver.autocomplete(
            body["member"], body["command"], body["option"], body["text"], body["options"], channel=body["channel"]
        )
        return web.json_response({"choices": choices})

    async def click(self, request: web.Request) -> web.Response:
        """Press a button."""
        body = await self._read(request)
        interaction = await self._driver.click(
            body["member"], body["message"], body["custom_id"], channel=body["channel"]
        )
        return await _outcome(interaction)

    async def select(self, request: web.Request) -> web.Response:
        """Choose in a select menu."""
        body = await self._read(request)
        interaction = await self._driver.select(
            body["member"], body["message"], body["custom_id"], body["values"], channel=body["channel"]
        )
        return await _outcome(interaction)

    async def modal(self, request: web.Request) -> web.Response:
        """Submit the modal that an earlier interaction opened."""
        body, files = await self._read_form(request)
        opened_by = self._driver.interaction(body["interaction"])
        return await _outcome(await self._driver.submit_modal(opened_by, {**body["values"], **files}))

    async def context_menu(self, request: web.Request) -> web.Response:
        """Run a command of a message's or user's menu."""
        body = await self._read(request)
        interaction = await self._driver.context_menu(
            body["member"],
            body["command"],
            target_message_id=body.get("message"),
            target_user=body.get("user"),
            channel=body["channel"],
        )
        return await _outcome(interaction)

    async def say(self, request: web.Request) -> web.Response:
        """Post a plain message."""
        body, files = await self._read_form(request)
        message = self._driver.send(
            body["member"], body["content"], channel=body["channel"], files=files.get("message", ())
        )
        return web.json_response({"message": message.id})

    async def forward(self, request: web.Request) -> web.Response:
        """Forward a message to a channel."""
        body = await self._read(request)
        message = self._driver.forward(body["member"], body["message"], channel=body["channel"])
        return web.json_response({"message": message.id})

    async def _read(self, request: web.Request) -> Json:
        body = await read_json(request)
        self._speak(body)
        return body

    async def _read_form(self, request: web.Request) -> tuple[Json, dict[str, list[File]]]:
        body, files = await read_form(request)
        self._speak(body)
        return body, files

    def _speak(self, body: Json) -> None:
        """Set the member's client to the language that the page uses."""
        if "locale" in body:
            self._driver.set_locale(body["member"], body["locale"])


async def _outcome(interaction: Interaction) -> web.Response:
    """The result of an action, once the bot has acknowledged it or missed the deadline."""
    error = None
    try:
        await interaction.acknowledged(_ACKNOWLEDGE_TIMEOUT_S)
    except DriverError:
        error = _NO_ANSWER
    return web.json_response({"interaction": {"id": interaction.id, "modal": interaction.modal, "error": error}})


async def read_json(request: web.Request) -> Json:
    """A JSON object from the page. Raises TypeError or ValueError for anything else."""
    body = await request.json()
    if not isinstance(body, dict):
        raise TypeError("not a JSON object")
    return body


async def read_form(request: web.Request) -> tuple[Json, dict[str, list[File]]]:
    """A multipart body's `payload` as JSON, and its files by field."""
    if request.content_type != "multipart/form-data":
        raise ValueError("not a multipart form")
    payload: Json = {}
    files: defaultdict[str, list[File]] = defaultdict(list)
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        if part.name == "payload":
            payload = json.loads(await part.text())
        elif part.name.startswith(_FILE_PREFIX):
            data = bytes(await part.read())
            files[part.name.removeprefix(_FILE_PREFIX)].append((part.filename or "file", data))
    return payload, dict(files)
