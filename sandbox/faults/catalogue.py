"""All faults, and lookup by name."""

from sandbox.faults import discord, machine, provider
from sandbox.faults.fault import NamedFault, Place

TROUBLES: tuple[NamedFault, ...] = (*provider.troubles(), *discord.troubles(), *machine.troubles())
PLACES: dict[Place, tuple[NamedFault, ...]] = {
    place: tuple(trouble for trouble in TROUBLES if trouble.place is place) for place in Place
}
_BY_NAME = {trouble.name: trouble for trouble in TROUBLES}


def named(name: str) -> NamedFault | None:
    """The fault with this name, if there is one."""
    return _BY_NAME.get(name)
