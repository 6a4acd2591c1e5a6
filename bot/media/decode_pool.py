"""Where pictures are decoded and written: in two threads of their own, one large picture at a time.

Decoded, a 4K picture takes 66 MB: fifty that are finished at once would take gigabytes. The threads are their own, so
that nobody else who leaves the event loop waits behind pictures.
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
"""From here on a picture is large: of the model's, those in 4K."""

# What they bound is the memory of this process, whoever's pictures it works on.
_THREADS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pictures")
_ONE_LARGE: Final = threading.Lock()


async def in_studio(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that works on pictures, off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, lambda: function(*args, **kwargs))


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Wait, in such a thread, until the picture in a file may be decoded. Not to be entered twice at once."""
    if pixels_of(path) < LARGE_PIXELS:
        yield
        return
    with _ONE_LARGE:
        yield
