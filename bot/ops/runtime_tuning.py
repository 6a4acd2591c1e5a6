"""Python's own machinery, set for a process that has three seconds to answer, and works on pictures beside that."""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import Final

_SWITCH_INTERVAL_S: Final = 0.0005
_COLLECT_EVERY: Final = (10_000, 20, 50)
_MMAP_THRESHOLD: Final = -3
"""M_MMAP_THRESHOLD of mallopt(3)."""
_LARGE_BLOCK_BYTES: Final = 1024 * 1024


def quicken() -> None:
    """Let the event loop have its turns in time, and memory go back; called once, when everything is imported."""
    # The database's threads take the interpreter for microseconds at a time; with the usual 5 ms each wait for it would
    # cost a busy event loop's whole turn.
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    # What was imported lives as long as the process, and is never looked through again. In a crowd the default
    # thresholds would have all that is under way looked through several times a second, 0.1 to 0.3 s each.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_EVERY)
    # Left to itself, glibc keeps the blocks of the last decoded pictures, once for each thread: some 130 MB.
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_MMAP_THRESHOLD, _LARGE_BLOCK_BYTES)
