"""Charts are drawn by a child process; on failure there is no chart."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from PIL import Image

from bot.domain.chart import Chart
from bot.media.chart_process import ChartProcess

CHART = Chart(title="Credits by day", labels=["1 Mar", "2 Mar"], series={"1K": [3.0, 0.0], "4K": [2.0, -1.0]})


async def test_a_chart_is_a_wide_dark_png_with_a_colour_for_each_series(tmp_path: Path) -> None:
    """Drawn by the real child: the background is Discord's dark one, and both resolutions are visible."""
    painted = await ChartProcess(tmp_path / "fonts").paint(CHART)
    assert painted is not None
    image = Image.open(io.BytesIO(painted)).convert("RGB")
    assert image.size == (960, 660)
    colours = {colour for _, colour in image.getcolors(1 << 20) or []}
    assert image.getpixel((0, 0)) == (0x1A, 0x1A, 0x1E)
    assert {(0x5B, 0x8D, 0xEF), (0xE8, 0x61, 0x8C)} <= colours


@pytest.mark.parametrize(
    "program",
    ["raise SystemExit(3)", "print('no picture')", "import time; time.sleep(600)", "import does_not_exist"],
)
async def test_failing_child_gives_no_chart(program: str, tmp_path: Path) -> None:
    """It fails, returns garbage, hangs, or lacks its library: None, and nothing is raised."""
    painter = ChartProcess(tmp_path, command=(sys.executable, "-S", "-c", program), timeout_s=1)
    assert await painter.paint(CHART) is None


async def test_missing_program_gives_no_chart(tmp_path: Path) -> None:
    """The child process cannot be started."""
    assert await ChartProcess(tmp_path, command=(str(tmp_path / "gone"),)).paint(CHART) is None


async def test_child_gets_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment has what a Python program needs, and no key."""
    monkeypatch.setenv("APIMASTER_API_KEY", "secret")
    seen = tmp_path / "seen"
    program = f"import os, pathlib; pathlib.Path({str(seen)!r}).write_text(' '.join(os.environ))"
    await ChartProcess(tmp_path, command=(sys.executable, "-S", "-c", program)).paint(CHART)
    assert "APIMASTER_API_KEY" not in seen.read_text()
    assert "MPLCONFIGDIR" in seen.read_text()
