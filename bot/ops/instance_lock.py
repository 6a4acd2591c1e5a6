"""One process per data directory: a second one would deliver twice and corrupt the queue's state."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bot.clock import Clock
from bot.domain.errors import StartupError

LOCK_NAME: Final = "bot.lock"
LINGERS_S: Final = 30.0
"""How long a process may take to exit after its supervisor died; a slow disk may delay it."""
_LOOK_EVERY_S: Final = 0.5


async def wait_for_lock(data_dir: Path, clock: Clock, *, patience_s: float) -> ExitStack:
    """Wait for the directory's lock and hold it until the returned object is closed.

    Raises StartupError if the lock is not free in time.
    """
    until_s = clock.monotonic() + patience_s
    stack = ExitStack()
    while True:
        try:
            stack.enter_context(exclusive(data_dir))
        except StartupError:
            if clock.monotonic() >= until_s:
                raise
            await clock.sleep(_LOOK_EVERY_S)
        else:
            return stack


@contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the directory's lock; the kernel releases it however the process ends.

    Raises StartupError if it is taken or can't be created.
    """
    path = data_dir / LOCK_NAME
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StartupError(
            f"The lock {str(path)!r} cannot be opened: {error.strerror}. Give this user write access to it."
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartupError(
                f"Another bot runs on DATA_DIR {str(data_dir)!r} already. Stop it, or set DATA_DIR to another folder."
            ) from None
        yield
    finally:
        os.close(descriptor)
