"""Process limits: no core files, and as many open files as the hard limit allows."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from tests.e2e.harness import Harness

READ = """
import resource, subprocess, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
from bot.ops.process_limits import limit_process
limit_process()
child = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_NOFILE))"
subprocess.run([sys.executable, "-c", child], check=True)
"""


def test_limits_apply_to_children_too() -> None:
    """Core files are off, and the soft limit of open files is the hard one."""
    said = subprocess.run([sys.executable, "-c", READ], check=True, capture_output=True, text=True).stdout
    core, _, files = said.partition(") (")
    assert core == "(0, 0"
    soft, hard = files.strip(")\n").split(", ")
    assert int(soft) == min(int(hard) if int(hard) > 0 else 65_536, 65_536)


async def test_a_running_bot_leaves_no_core_file(tmp_path: Path) -> None:
    """As reported by the kernel."""
    async with Harness(tmp_path / "data") as harness:
        await harness.start()
        assert resource.prlimit(harness.bot.pid or 0, resource.RLIMIT_CORE) == (0, 0)
