"""Faults that a test or the page orders from the Discord stand-in."""

import fnmatch
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from sandbox.discord.errors import DiscordError
from sandbox.discord.permissions import Overwrite, Permission
from sandbox.discord.world import World
from sandbox.stops import Stops


@dataclass(slots=True)
class _Planned:
    pattern: str
    status: int
    code: int
    message: str
    times: int
    headers: Mapping[str, str]
    after: bool


@dataclass(slots=True)
class _Delay:
    pattern: str
    seconds: float
    times: int | None


@dataclass(slots=True)
class DiscordFaults:
    """What goes wrong next. Route patterns look like `PATCH /webhooks/*` and match method and route template."""

    refuse_resume: bool = False
    upload_limit: int | None = None
    stops: Stops = field(default_factory=Stops)
    _planned: list[_Planned] = field(default_factory=list)
    _delays: list[_Delay] = field(default_factory=list)
    _world: World | None = None
    _drop: Callable[[int], Awaitable[None]] | None = None

    def attach(self, world: World, drop_gateway: Callable[[int], Awaitable[None]]) -> None:
        """Called by the server that these faults belong to."""
        self._world, self._drop = world, drop_gateway

    def fail_next(
        self,
        route: str,
        status: int,
        code: int = 0,
        *,
        times: int = 1,
        message: str = "Planned fault",
        headers: Mapping[str, str] | None = None,
        after: bool = False,
    ) -> None:
        """Let the next `times` requests to a route fail; with `after`, once their effect has happened."""
        self._planned.append(_Planned(route, status, code, message, times, headers or {}, after))

    def delay(self, route: str, seconds: float, *, times: int | None = None) -> None:
        """Answer a route later, each time or the next `times` times."""
        self._delays.append(_Delay(route, seconds, times))

    def clear(self) -> None:
        """Nothing goes wrong any more (revoked permissions stay revoked)."""
        self._planned.clear()
        self._delays.clear()
        self.refuse_resume = False
        self.upload_limit = None

    def expire_token(self, interaction_id: str) -> None:
        """Void an interaction's token as if its 15 minutes were over."""
        self._the_world.interactions.expire(interaction_id)

    def expire_all_tokens(self) -> None:
        """Void the tokens of all interactions so far."""
        self._the_world.interactions.expire_all()

    async def drop_gateway(self, code: int = 1011) -> None:
        """Close the bot's gateway connections with a close code; it may resume unless `refuse_resume`."""
        if self._drop is not None:
            await self._drop(code)

    def revoke_permission(self, channel: str, *permissions: Permission) -> None:
        """Take permissions from the bot in one channel, by its name."""
        place, world = self._the_world.channel(channel), self._the_world
        overwrite = place.overwrites.setdefault(world.bot.id, Overwrite(is_member=True))
        for permission in permissions:
            overwrite.deny |= permission
        world.announce_channel(place)

    def restore_permissions(self, channel: str) -> None:
        """Give the bot back what it may do in a channel."""
        place = self._the_world.channel(channel)
        place.overwrites.pop(self._the_world.bot.id, None)
        self._the_world.announce_channel(place)

    def take_delay(self, route: str) -> float:
        """Seconds by which to delay a request to this route."""
        total = 0.0
        for delay in tuple(self._delays):
            if fnmatch.fnmatchcase(route, delay.pattern):
                total += delay.seconds
                if delay.times is not None:
                    delay.times -= 1
                    if delay.times <= 0:
                        self._delays.remove(delay)
        return total

    def take_failure(self, route: str, *, after: bool) -> DiscordError | None:
        """The error that a request to this route shall get, if one is planned."""
        for planned in self._planned:
            if planned.after is after and fnmatch.fnmatchcase(route, planned.pattern):
                planned.times -= 1
                if planned.times <= 0:
                    self._planned.remove(planned)
                return DiscordError(planned.status, planned.code, planned.message, headers=planned.headers)
        return None

    @property
    def _the_world(self) -> World:
        if self._world is None:
            raise RuntimeError("these faults belong to no running server yet")
        return self._world
