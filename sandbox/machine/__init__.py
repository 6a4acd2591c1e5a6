"""The machine that the bot runs on, in trouble: a disk that is full, slow or refuses writes, a clock that jumps.

All of it comes from outside of the bot: a small disk in memory that only the bot sees, a limit set on its process, a
launcher that arranges for another clock and slow commits before it becomes the bot.
"""

from sandbox.machine.machine import Machine
from sandbox.machine.small_disk import SmallDisk, why_no_small_disk

__all__ = ["Machine", "SmallDisk", "why_no_small_disk"]
