"""All troubles, and how one is found by its name."""

from sandbox.faults import discord, machine, provider
from sandbox.faults.fault import Place, Trouble

TROUBLES: tuple[Trouble, ...] = (*provider.troubles(), *discord.troubles(), *machine.troubles())
PLACES: dict[Place, tuple[Trouble, ...]] = {
    place: tuple(trouble for trouble in TROUBLES if trouble.place is place) for place in Place
}
_BY_NAME = {trouble.name: trouble for trouble in TROUBLES}


def named(name: str) -> Trouble | None:
    """The trouble of this name, if there is one."""
    return _BY_NAME.get(name)
