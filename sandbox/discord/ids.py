"""Snowflakes: ids that contain their creation time, as strings because JSON carries them so."""

from sandbox.discord.clock import Clock

DISCORD_EPOCH_MS = 1_420_070_400_000

# Users and channels have fixed ids, so that a data directory from an earlier run still matches.
_FIXED = 1_100_000_000_000_000_000


def fixed_id(number: int) -> str:
    """A fixed id for one of the stand-in's own objects (guild, channels, members)."""
    return str(_FIXED + number)


def snowflake_time(snowflake: str) -> float:
    """When an id was created, in seconds since the Unix epoch."""
    return ((int(snowflake) >> 22) + DISCORD_EPOCH_MS) / 1000


class Snowflakes:
    """Generates increasing ids; two of the same millisecond differ in the low 22 bits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """A new id, greater than all before it."""
        candidate = (int(self._clock.now() * 1000) - DISCORD_EPOCH_MS) << 22
        self._last = max(candidate, self._last + 1)
        return str(self._last)
