"""Faults of the machine that the bot runs on: a full, slow or read-only disk, a clock that jumps.

All are caused from outside the bot: a small in-memory disk that only the bot sees, a resource limit on its process, and
a launcher that sets up another clock and slow commits before it runs the bot.
"""

from sandbox.machine.machine import Machine
from sandbox.machine.small_disk import SmallDisk, why_no_small_disk

__all__ = ["Machine", "SmallDisk", "why_no_small_disk"]
