"""Machine faults: a process on the machine sees its own disk and clock, other processes do not."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.bot_process import clean_environment
from sandbox.machine import Machine
from tests.support.machine import machine_with_small_disk

MB = 1_000_000
TOLD = """
import sys, time
from pathlib import Path
from sandbox.machine.inside import prepare
prepare()
for line in sys.stdin:
    try:
        print(eval(line), flush=True)
    except OSError as error:
        print(error.strerror, flush=True)
"""


class Program:
    """A small program on a machine that evaluates expressions there."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    async def told(self, expression: str) -> str:
        """Evaluate an expression."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(expression.encode() + b"\n")
        return (await self._process.stdout.readline()).decode().strip()


async def program_on(machine: Machine) -> AsyncIterator[Program]:
    """A program that ends with the test."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", TOLD),
        env=clean_environment(machine.env),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Program(process)
    finally:
        process.kill()
        await process.wait()


async def test_clock_is_set_for_a_running_program_and_before_it_starts(tmp_path: Path) -> None:
    """Forward by an hour and back again; the monotonic clock is unaffected."""
    with Machine().begin(tmp_path) as machine:
        machine.set_clock(3_600)
        async for program in program_on(machine):
            assert float(await program.told("time.time()")) - time.time() == pytest.approx(3_600, abs=60)
            before = float(await program.told("time.monotonic()"))
            machine.set_clock(-3_600)
            async with asyncio.timeout(10):
                while float(await program.told("time.time()")) > time.time():  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.01)
            assert 0 <= float(await program.told("time.monotonic()")) - before < 60
    assert machine.farthest_s == 3_600


async def test_file_writes_of_a_running_program_are_limited_and_released(tmp_path: Path) -> None:
    """Nothing can be written, then a limited amount, then anything."""
    with Machine().begin(tmp_path) as machine:
        async for program in program_on(machine):
            write = f"Path({str(tmp_path / 'file')!r}).write_bytes(bytes(1000))"
            Machine.limit_files(program.pid, 0)
            assert await program.told(write) == "File too large"
            Machine.limit_files(program.pid, 100)
            assert await program.told(write) == "File too large"
            assert (tmp_path / "file").stat().st_size == 100
            Machine.limit_files(program.pid, None)
            assert await program.told(write) == "1000"


async def test_small_disk_is_visible_inside_and_filled_from_outside(tmp_path: Path) -> None:
    """Its directory is unchanged for other processes; its database is read through the holder process."""
    data = tmp_path / "data"
    with machine_with_small_disk(8 * MB).begin(data) as machine:
        disk = machine.disk
        assert disk is not None
        with sqlite3.connect(tmp_path / "bot.db") as database:
            database.execute("CREATE TABLE t (n)")
            database.execute("INSERT INTO t VALUES (7)")
        database.close()
        (disk.outside / "bot.db").write_bytes((tmp_path / "bot.db").read_bytes())
        assert disk.rows("bot.db", "SELECT n FROM t WHERE n > ?", 1) == [(7,)]
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            disk.rows("bot.db", "SELECT n FROM u")
        async for program in program_on(machine):
            write = f"Path({str(data / 'file')!r}).write_bytes(bytes(2_000_000))"
            disk.fill(leave_bytes=1 * MB)
            assert await program.told(write) == "No space left on device"
            disk.clear()
            assert await program.told(write) == "2000000"
        assert (disk.outside / "file").stat().st_size == 2 * MB
        assert list(data.iterdir()) == []
