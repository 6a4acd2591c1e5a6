"""`make audit`: are weaknesses known of the pinned dependencies? Run by the Python of a venv that has pip-audit.

Exit code 0: each was looked up, and none is known. 1: some are, and are printed. 2: not all could be looked up, for
want of a network as a rule; nothing is said to be safe then.
"""

import json
import subprocess
import sys
from pathlib import Path

NONE, SOME, UNKNOWN = 0, 1, 2


def main(requirements: str) -> int:
    """Look up every dependency of a requirements file, in one sentence or one line for each weakness."""
    auditor = Path(sys.executable).with_name("pip-audit")
    options = ["--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json"]
    try:
        done = subprocess.run([auditor, *options, "-r", requirements], capture_output=True, text=True, timeout=300)  # noqa: S603, PLW1510 - our own program; its exit code does not tell failure from findings
        looked_up = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError):
        return tell(
            UNKNOWN, f"Nothing could be looked up for {requirements}: pip-audit needs a network. Try again later."
        )
    skipped = [found["name"] for found in looked_up if "skip_reason" in found]
    weak = [(found, weakness) for found in looked_up for weakness in found.get("vulns", [])]
    for found, weakness in weak:
        fixed = ", ".join(weakness["fix_versions"]) or "no version yet"
        tell(SOME, f"{found['name']} {found['version']}: {weakness['id']}, fixed in {fixed}")
    if weak:
        return tell(SOME, f"Known weaknesses: {len(weak)}. Pin fixed versions with `make upgrade`.")
    if skipped or not looked_up:
        return tell(
            UNKNOWN,
            f"{len(skipped)} of {len(looked_up)} dependencies could not be looked up. Try again with a network.",
        )
    return tell(NONE, f"No weakness is known of the {len(looked_up)} dependencies in {requirements}.")


def tell(code: int, sentence: str) -> int:
    """Print a sentence; gives the code back."""
    print(sentence)  # noqa: T201 - this is what the command is for
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
