"""Malformed gateway frames, by name."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.discord.world import World


def _event(name: str, data: Any) -> str:
    return json.dumps({"op": 0, "t": name, "s": None, "d": data})


def _half_an_interaction(world: World) -> str:
    member = {"user": {"id": world.user("alice").id}}
    body = {"id": world.ids.next(), "application_id": world.application_id, "type": 2, "token": "x", "version": 1}
    return _event("INTERACTION_CREATE", {**body, "guild_id": world.guild.id, "member": member})


MALFORMED: Mapping[str, Callable[[World], str | bytes]] = {
    "no json": lambda _: "{no json",
    "no zlib": lambda _: b"\x00\x01\x02\x03\x00\x00\xff\xff",
    "a list": lambda _: "[]",
    "an unknown op": lambda _: json.dumps({"op": 99, "d": {}, "s": None, "t": None}),
    "an unknown event": lambda _: _event("SOMETHING_NEW", {"id": 1}),
    "a hello without its interval": lambda _: json.dumps({"op": 10, "d": None, "s": None, "t": None}),
    "an interaction without its data": _half_an_interaction,
    "an interaction of wrong types": lambda _: _event("INTERACTION_CREATE", {"id": [], "type": "two", "data": 7}),
    "a server of wrong types": lambda _: _event("GUILD_CREATE", {"id": "no number", "roles": 3, "channels": None}),
    "an empty event": lambda _: _event("GUILD_UPDATE", None),
}
