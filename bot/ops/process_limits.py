"""Process limits set at start-up: open files, and no core files."""

from __future__ import annotations

import logging
import resource
from typing import Final

log = logging.getLogger(__name__)

_MOST_FILES: Final = 65_536
"""More is never needed; some systems report a maximum that they then refuse."""
_SHARE: Final = 8


def limit_process() -> None:
    """Disable core files for this process and its children, and raise the limit of open files.

    A core file would contain the token, the key and members' pictures.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:
        log.warning("open_files_not_raised", extra={"limit": soft, "error": str(error)})


def share_of_files(most: int) -> int:
    """How many of this process's file descriptors one port may use: `most`, or an eighth if that is less."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if soft == resource.RLIM_INFINITY else max(1, min(most, soft // _SHARE))
