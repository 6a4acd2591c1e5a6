"""Does a wheel have all files of its packages that git knows? Exit code 1: no, and what is missing is printed."""

import subprocess
import sys
import zipfile
from pathlib import Path

PACKAGES = ("bot", "cogs", "sandbox")
ROOT = Path(__file__).resolve().parents[1]


def missing(wheel: Path, tracked: list[str]) -> list[str]:
    """The files that the wheel lacks."""
    with zipfile.ZipFile(wheel) as packed:
        return sorted(set(tracked) - set(packed.namelist()))


def main(wheel: str) -> int:
    """Print what is missing, or how many files were compared."""
    listed = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603, S607 - git of this machine
    tracked = listed.stdout.splitlines()
    lost = missing(Path(wheel), tracked)
    for name in lost:
        print(f"{name} is not in the wheel: name it in pyproject.toml, [tool.setuptools.package-data]")  # noqa: T201 - this is what the command is for
    if not lost:
        print(f"The wheel has all {len(tracked)} files of {', '.join(PACKAGES)}.")  # noqa: T201 - this is what the command is for
    return 1 if lost or not tracked else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
