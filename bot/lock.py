"""One process a data directory: a second one would deliver twice and confuse the queue."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bot.domain.errors import StartupError

LOCK_NAME: Final = "bot.lock"


@contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the directory's lock; the kernel frees it however the process ends.

    Raises StartupError where it is taken, or cannot be.
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
