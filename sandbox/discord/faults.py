"""Faults of the Discord stand-in that a test or the page orders."""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from sandbox.breakpoints import Breakpoints
from sandbox.discord.errors import DiscordError, cloudflare_page, rate_limited
from sandbox.discord.gateway_faults import GatewayFaults
from sandbox.discord.permissions import Overwrite, Permission
from sandbox.discord.world import World

CUT: Final = 0
"""Instead of a status: close the connection without a response."""


class GatewayControl(Protocol):
    """The gateway's part in faults that take effect at once."""

    async def drop(self, code: int) -> None:
        """Close all connections."""
        ...

    def inject(self, frame: str | bytes) -> None:
        """Send raw data to all connections."""
        ...

    def invalidate(self, *, resumable: bool) -> None:
        """Send all connections op 9: their session is invalid."""
        ...

    def ask_reconnect(self) -> None:
        """Send all connections op 7: reconnect."""
        ...


@dataclass(slots=True)
class _Planned:
    pattern: str
    error: DiscordError
    times: int
    after: bool
    with_files: bool = False


@dataclass(slots=True)
class _Delay:
    pattern: str
    seconds: float
    times: int | None


@dataclass(slots=True)
class DiscordFaults:
    """The faults to apply next. Route patterns look like `PATCH /webhooks/*` and match method and route template."""

    refuse_resume: bool = False
    upload_limit: int | None = None
    locked_out: set[str] = field(default_factory=set)
    """Ids of the channels and threads in which the bot has lacked permissions at some time."""
    stops: Breakpoints = field(default_factory=Breakpoints)
    gateway: GatewayFaults = field(default_factory=GatewayFaults)
    _planned: list[_Planned] = field(default_factory=list)
    _delays: list[_Delay] = field(default_factory=list)
    _world: World | None = None
    _control: GatewayControl | None = None
    _good_token: str = ""

    def attach(self, world: World, control: GatewayControl) -> None:
        """Called by the server that these faults apply to."""
        self._world, self._control = world, control

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
        with_files: bool = False,
    ) -> None:
        """Make the next `times` requests to a route fail (`CUT`: without a response); with `after`, once carried out.

        `with_files` limits this to requests that upload files.
        """
        error = DiscordError(status, code, message, headers=headers)
        self._planned.append(_Planned(route, error, times, after, with_files))

    def limit_next(
        self, route: str, retry_after_s: float, *, times: int = 1, scope: str = "user", everywhere: bool = False
    ) -> None:
        """Answer the next requests to a route with Discord's own 429, as if a bucket (or the global one) were empty."""
        self._planned.append(_Planned(route, rate_limited(retry_after_s, scope, everywhere=everywhere), times, False))

    def block_next(
        self, route: str, status: int = 429, *, retry_after_s: int = 1, times: int = 1, via: str = ""
    ) -> None:
        """Answer the next requests to a route as Cloudflare does in front of Discord: HTML, no limits, no `Via`.

        `via` names another proxy in that header.
        """
        page = cloudflare_page(status, retry_after_s)
        if via:
            page.headers["Via"] = via
        self._planned.append(_Planned(route, page, times, False))

    def delay(self, route: str, seconds: float, *, times: int | None = None) -> None:
        """Delay the responses of a route, always or the next `times` times."""
        self._delays.append(_Delay(route, seconds, times))

    def clear(self) -> None:
        """Remove all faults (revoked permissions remain revoked)."""
        self._planned.clear()
        self._delays.clear()
        self.refuse_resume = False
        self.upload_limit = None
        self.gateway.clear()
        self.restore_token()

    def expire_token(self, interaction_id: str) -> None:
        """Invalidate an interaction's token as if its 15 minutes were over."""
        self._the_world.interactions.expire(interaction_id)

    def expire_all_tokens(self) -> None:
        """Invalidate the tokens of all interactions so far."""
        self._the_world.interactions.expire_all()

    async def drop_gateway(self, code: int = 1011) -> None:
        """Close the bot's gateway connections with a close code; it may resume unless `refuse_resume`."""
        if self._control is not None:
            await self._control.drop(code)

    def inject(self, frame: str | bytes) -> None:
        """Send raw data to the bot's gateway connections; bytes are not even compressed."""
        if self._control is not None:
            self._control.inject(frame)

    def invalidate_session(self, *, resumable: bool) -> None:
        """Send the bot op 9: its session is invalid."""
        if self._control is not None:
            self._control.invalidate(resumable=resumable)

    def ask_reconnect(self) -> None:
        """Ask the bot to reconnect (op 7), as Discord does before it restarts a gateway."""
        if self._control is not None:
            self._control.ask_reconnect()

    async def revoke_token(self) -> None:
        """Reset the bot's token as its owner can: 401 from now on, and the gateway closes with 4004."""
        world = self._the_world
        self._good_token = self._good_token or world.token
        world.token = f"{self._good_token}-reset"
        await self.drop_gateway(4004)

    def restore_token(self) -> None:
        """Accept the bot's token again."""
        if self._good_token:
            self._the_world.token, self._good_token = self._good_token, ""

    def revoke_permission(self, channel: str, *permissions: Permission) -> None:
        """Revoke permissions of the bot in one channel, by its name."""
        place, world = self._the_world.channel(channel), self._the_world
        # A thread has its parent's permissions.
        self.locked_out |= {c.id for c in world.channels.values() if place.id in (c.id, c.parent_id)}
        overwrite = place.overwrites.setdefault(world.bot.id, Overwrite(is_member=True))
        for permission in permissions:
            overwrite.deny |= permission
        world.announce_channel(place)

    def restore_permissions(self, channel: str) -> None:
        """Restore the bot's permissions in a channel."""
        place = self._the_world.channel(channel)
        place.overwrites.pop(self._the_world.bot.id, None)
        self._the_world.announce_channel(place)

    @property
    def planned(self) -> int:
        """How many planned failures have not been applied yet."""
        return sum(planned.times for planned in self._planned)

    def take_delay(self, route: str) -> float:
        """Seconds by which to delay this request to the route."""
        total = 0.0
        for delay in tuple(self._delays):
            if fnmatch.fnmatchcase(route, delay.pattern):
                total += delay.seconds
                if delay.times is not None:
                    delay.times -= 1
                    if delay.times <= 0:
                        self._delays.remove(delay)
        return total

    def take_failure(self, route: str, *, after: bool, with_files: bool = False) -> DiscordError | None:
        """The error for this request to the route, if one is planned; `with_files`: the request uploads files."""
        for planned in self._planned:
            fits = planned.after is after and (with_files or not planned.with_files)
            if fits and fnmatch.fnmatchcase(route, planned.pattern):
                planned.times -= 1
                if planned.times <= 0:
                    self._planned.remove(planned)
                return planned.error
        return None

    @property
    def _the_world(self) -> World:
        if self._world is None:
            raise RuntimeError("these faults belong to no running server yet")
        return self._world
