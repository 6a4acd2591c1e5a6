"""The process that owns a small disk: ``python -m sandbox.machine.namespace_holder DIRECTORY BYTES``.

It mounts a tmpfs over the directory in new namespaces; processes that join them see it too. It answers queries of
databases there, one JSON request a line on standard input. It exits at end of input; the disk is freed with the last
process that joined.
"""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from sandbox.machine import namespaces

_PATIENCE_S = 5


def main() -> None:
    """Mount the disk, report it, and answer queries."""
    directory, size_bytes = Path(sys.argv[1]), int(sys.argv[2])
    try:
        namespaces.leave()
        namespaces.mount_in_memory(directory, size_bytes)
    except OSError as error:
        sys.exit(f"no namespaces of its own: {error.strerror}")
    _say("ready")
    for line in sys.stdin:
        _say(_answer(json.loads(line)))


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        with closing(sqlite3.connect(request["database"], timeout=_PATIENCE_S)) as connection:
            return {"rows": connection.execute(request["sql"], request["parameters"]).fetchall()}
    except sqlite3.Error as error:
        return {"error": str(error)}


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
