"""Run a command that dies with its parent: ``python parent_watch.py PARENT_PID COMMAND ...``.

A child outlives a parent that is killed, and a leftover bot would keep connecting to servers that are gone. Linux can
bind the two (``PR_SET_PDEATHSIG``), but the call must be made in the child: a ``preexec_fn`` runs Python between fork
and exec, which is unsafe with threads, so this small program makes the call and then *becomes* the command; the process
id and the effect of signals are unchanged. On other systems the command runs unbound: a sandbox that exits normally
stops its bot itself.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def bind(parent_pid: int) -> None:
    """Bind this process to its parent, so that it is killed with it; exit if the parent is dead already."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
            sys.exit(f"leash: prctl: {os.strerror(ctypes.get_errno())}")
        if os.getppid() != parent_pid:  # the parent died before the call, so no signal will come
            sys.exit("leash: the parent is gone")


def main() -> None:
    """Bind this process to its parent, then become the command."""
    parent_pid, command = int(sys.argv[1]), sys.argv[2:]
    bind(parent_pid)
    os.execvp(command[0], command)  # noqa: S606 - no shell; the caller's own arguments


if __name__ == "__main__":
    main()
