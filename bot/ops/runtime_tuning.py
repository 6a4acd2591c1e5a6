"""Tunes Python's runtime for a process that must answer within three seconds while it processes pictures."""

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
    """Reduce event loop latency and return memory to the system; called once, after all imports."""
    # The database's threads take the interpreter for microseconds at a time; with the default 5 ms switch interval each
    # wait for it would delay a busy event loop by that much.
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    # Imported objects live as long as the process and are never collected. Under high load the default thresholds would
    # scan all live objects several times a second, 0.1 to 0.3 s each.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_EVERY)
    # By default glibc keeps the blocks of the last decoded pictures, once for each thread: some 130 MB.
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_MMAP_THRESHOLD, _LARGE_BLOCK_BYTES)
