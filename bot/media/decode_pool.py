"""Decodes and encodes pictures in a pool of two threads, one large picture at a time.

A decoded 4K picture takes 66 MB: fifty concurrent ones would take gigabytes. The pool is separate, so that other work
in threads doesn't wait for pictures.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from bot.media.verify import pixels_of

P = ParamSpec("P")
T = TypeVar("T")

LARGE_PIXELS: Final = 8_000_000
"""Pictures from this size on are large: of the model's, those in 4K."""

# Module-level because they bound the memory of the whole process.
_THREADS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pictures")
_ONE_LARGE: Final = threading.Lock()


async def in_studio(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that processes pictures in the pool."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, lambda: function(*args, **kwargs))


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Wait, in a pool thread, until the picture in a file may be decoded. Not reentrant."""
    if pixels_of(path) < LARGE_PIXELS:
        yield
        return
    with _ONE_LARGE:
        yield
