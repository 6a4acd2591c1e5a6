"""Linux namespaces for a small disk: created by one process, joined by others of the same user."""

import ctypes
import os
from pathlib import Path

_NEW_USER = 0x10000000
_NEW_MOUNTS = 0x00020000
_NO_DEVICES_NO_SETUID = 0x2 | 0x4
_PRIVATE = 1 << 18
_RECURSIVE = 1 << 14


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def leave() -> None:
    """Enter new user and mount namespaces, as root in them; only while single-threaded. Raises OSError.

    Without user namespaces, a process of root enters only a mount namespace.
    """
    user, group = os.getuid(), os.getgid()
    try:
        _checked(_libc().unshare(_NEW_USER | _NEW_MOUNTS))
    except OSError:
        if user != 0:
            raise
        _checked(_libc().unshare(_NEW_MOUNTS))
    else:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    _checked(_libc().mount(b"none", b"/", None, _PRIVATE | _RECURSIVE, None))


def mount_in_memory(directory: Path, size_bytes: int) -> None:
    """Mount a tmpfs of this size over a directory, visible only in this namespace. Raises OSError."""
    options = f"size={size_bytes},mode=700".encode()
    _checked(_libc().mount(b"tmpfs", os.fsencode(directory), b"tmpfs", _NO_DEVICES_NO_SETUID, options))


def join(pid: int) -> None:
    """Join the namespaces of another process; only while single-threaded. Raises OSError."""
    for kind, flag in (("user", _NEW_USER), ("mnt", _NEW_MOUNTS)):
        theirs = Path(f"/proc/{pid}/ns/{kind}")
        if theirs.samefile(f"/proc/self/ns/{kind}"):
            continue
        descriptor = os.open(theirs, os.O_RDONLY)
        try:
            _checked(_libc().setns(descriptor, flag))
        finally:
            os.close(descriptor)
