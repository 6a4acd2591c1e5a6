"""Run a command that dies with its parent: ``python parent_watch.py PARENT_PID COMMAND ...``.

A child outlives a parent that is killed outright, and a bot left running would go on talking to servers that are gone.
Linux can bind the two (``PR_SET_PDEATHSIG``), but the call must be made in the child: a ``preexec_fn`` runs Python
between fork and exec, which is unsafe beside threads, so this small program makes the call and then *becomes* the
command; the process id stays the same, and so does what a kill means. Elsewhere the command runs without the leash:
a sandbox that ends in an orderly way stops its bot by itself.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def bind(parent_pid: int) -> None:
    """Let this process die with its parent; one whose parent is gone already ends."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
            sys.exit(f"leash: prctl: {os.strerror(ctypes.get_errno())}")
        if os.getppid() != parent_pid:  # the parent died before the call: nothing will signal us any more
            sys.exit("leash: the parent is gone")


def main() -> None:
    """Bind this process to its parent, then become the command."""
    parent_pid, command = int(sys.argv[1]), sys.argv[2:]
    bind(parent_pid)
    os.execvp(command[0], command)  # noqa: S606 - the very purpose; no shell, the caller's own arguments


if __name__ == "__main__":
    main()
