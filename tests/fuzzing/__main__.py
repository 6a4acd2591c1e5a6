"""`python -m tests.fuzzing TARGET [SECONDS]`: coverage-guided search for input that violates a property.

It needs atheris, which `make fuzz` installs into a separate venv. Failing input is stored in `.fuzz/`; `python -m
tests.fuzzing TARGET .fuzz/crash-…` runs it again.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

_FINDINGS = Path(".fuzz")
_LONGEST_INPUT = 4_096


def main(arguments: list[str]) -> None:
    """Fuzz for some seconds, or run one file; exits the process, with 0 if nothing was found."""
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        sys.exit("atheris is not here. `make fuzz TARGET=wire SECONDS=60` puts it into a venv of its own.")
    # Only the bot's own code is instrumented: libraries would dominate the coverage.
    with atheris.instrument_imports(include=["bot"]):
        targets = importlib.import_module("tests.fuzzing.targets")
    target = targets.TARGETS.get(arguments[0] if arguments else "")
    if target is None:
        sys.exit(f"Name a target: {', '.join(targets.TARGETS)}.")
    after = arguments[1] if len(arguments) > 1 else "60"
    _FINDINGS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(target.seeds()):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)
        limits = [f"-max_total_time={after}", corpus] if after.isdecimal() else [after]
        options = [
            f"-max_len={_LONGEST_INPUT}",
            f"-artifact_prefix={_FINDINGS}/",
            "-timeout=10",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], *options, *limits], target.check)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
