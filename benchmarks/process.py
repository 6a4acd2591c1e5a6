"""What the operating system reports about a running process, and a free port."""

from __future__ import annotations

import socket
from pathlib import Path


def status(pid: int | None, name: str) -> int:
    """A number of `/proc/PID/status`, such as `VmRSS` in kB; raises RuntimeError if it is missing."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise RuntimeError(f"this system does not tell the {name} of a process")


def free_port() -> int:
    """A free port on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
