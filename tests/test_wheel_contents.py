"""A wheel that lacks a file of its packages fails `.ci/wheel`."""

from __future__ import annotations

import runpy
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CHECK = ROOT / ".ci" / "wheel_contents.py"


@pytest.fixture
def tracked() -> list[str]:
    """The files of the wheel's packages that git tracks."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout of git")
    packages = runpy.run_path(str(CHECK))["PACKAGES"]
    command = ["git", "ls-files", *packages]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def checked(wheel: Path, names: list[str]) -> tuple[int, str]:
    """The exit code and the output of the check of a wheel with these files."""
    with zipfile.ZipFile(wheel, "w") as packed:
        for name in names:
            packed.writestr(name, "")
    done = subprocess.run([sys.executable, CHECK, wheel], capture_output=True, text=True)
    return done.returncode, done.stdout


def test_a_complete_wheel_passes(tracked: list[str], tmp_path: Path) -> None:
    """Files that git does not track, such as the wheel's own metadata, are allowed."""
    code, output = checked(tmp_path / "bot.whl", [*tracked, "imagine_bot-1.dist-info/METADATA"])
    assert (code, f"all {len(tracked)} files" in output) == (0, True)


@pytest.mark.parametrize(
    "lost", ["bot/localization/catalogue/ja.toml", "sandbox/page/static/js/app.js", "cogs/__init__.py"]
)
def test_a_wheel_without_a_file_fails_and_names_it(tracked: list[str], tmp_path: Path, lost: str) -> None:
    """Data files are easily lost: setuptools packs only those that pyproject.toml names."""
    assert lost in tracked
    code, output = checked(tmp_path / "bot.whl", [name for name in tracked if name != lost])
    assert code == 1
    assert output.startswith(f"{lost} is not in the wheel")
    assert len(output.splitlines()) == 1
