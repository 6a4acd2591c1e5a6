"""`make audit` says what is known of the dependencies, and never calls safe what it could not look up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

AUDIT = Path(__file__).resolve().parents[1] / ".ci" / "audit.py"
FINE = {"name": "aiohttp", "version": "3.14.5", "vulns": []}
WEAK = {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-2020-77", "fix_versions": ["6.2.2"]}]}
SKIPPED = {"name": "click", "skip_reason": "Dependency not found on PyPI and could not be audited"}


def audited(folder: Path, said: str, *, code: int = 0) -> tuple[int, str]:
    """The exit code and the words of an audit whose pip-audit says this."""
    (folder / "python").symlink_to(sys.executable)
    auditor = folder / "pip-audit"
    auditor.write_text(
        f"#!/bin/sh\ncat <<'END'\n{said}\nEND\necho 'Found something' >&2\nexit {code}\n", encoding="utf-8"
    )
    auditor.chmod(0o700)
    done = subprocess.run([folder / "python", AUDIT, "requirements.txt"], capture_output=True, text=True)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("dependencies", "exit_code", "words"),
    [
        ([FINE, FINE], 0, "No weakness is known of the 2 dependencies"),
        ([FINE, WEAK], 1, "pillow 1.0: PYSEC-2020-77, fixed in 6.2.2"),
        ([FINE, SKIPPED], 2, "1 of 2 dependencies could not be looked up"),
        ([WEAK, SKIPPED], 1, "Known weaknesses: 1."),
        ([], 2, "could not be looked up"),
    ],
    ids=["none", "weak", "skipped", "both", "nothing"],
)
def test_what_is_known_is_told_and_what_is_not_is_not_called_safe(
    tmp_path: Path, dependencies: list[object], exit_code: int, words: str
) -> None:
    """pip-audit itself ends well where it skipped what it could not find."""
    code, told = audited(tmp_path, json.dumps({"dependencies": dependencies}), code=min(1, exit_code))
    assert (code, words in told) == (exit_code, True)


@pytest.mark.parametrize("said", ["", "ConnectionError", '{"other": 1}'])
def test_without_a_network_one_sentence_says_so(tmp_path: Path, said: str) -> None:
    """No traceback of a program that was never asked for one."""
    code, told = audited(tmp_path, said, code=1)
    assert (code, told.count("\n")) == (2, 1)
    assert "needs a network" in told
