"""The child process that matches word rules, `python -m bot.services.word_worker [NICE]`.

It reads and writes one JSON object a line. It ends with its parent, also with one that was killed: its input ends then.
It ends by itself where a question takes more than its limit allows, whatever the library is doing at that moment.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bot.domain.errors import Refusal
from bot.domain.rules import WordRule
from bot.services.word_matcher import MatchResult, checked_rule, first_match, matches

MEMORY_BYTES: Final = 512 * 1024 * 1024
"""Of address space. A pattern that takes more to be compiled or matched is too slow."""
_RETIRES_AT_KB: Final = 160 * 1024
"""Ends after an answer that leaves it with so much memory: the parent starts another one."""
GRACE_S: Final = 1.0
"""Of processor time beyond the limit of a question, before this process ends itself."""
_OF_A_NEW_RULE_S: Final = 5.0


def answer(question: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out a question: `new` checks one rule, else `rules` are matched against `texts`."""
    if "new" in question:
        pattern, regex = question["new"]
        try:
            return {"pattern": checked_rule(WordRule(pattern=pattern, regex=regex)).pattern}
        except Refusal as refusal:
            return {"refused": refusal.code, "values": refusal.values}
    rules = [WordRule(pattern=pattern, regex=regex, id=at) for at, (pattern, regex) in enumerate(question["rules"])]
    match = matches if question["every"] else first_match
    return _as_numbers(match(rules, question["texts"], limit_s=question["limit_s"]))


def _as_numbers(found: MatchResult) -> dict[str, Any]:
    """What was found, with each rule as its place in the question."""
    return {
        "matching": [rule.id for rule in found.matching],
        "too_slow": [rule.id for rule in found.too_slow],
        "out_of_time": found.out_of_time,
        "unfoldable": found.unfoldable,
    }


def found_in(reply: Mapping[str, Any], rules: Sequence[WordRule]) -> MatchResult:
    """The same the other way round, for the parent."""
    return MatchResult(
        matching=tuple(rules[at] for at in reply["matching"]),
        too_slow=tuple(rules[at] for at in reply["too_slow"]),
        out_of_time=reply["out_of_time"],
        unfoldable=reply["unfoldable"],
    )


def main() -> None:
    """Answer until the input ends."""
    for name in (signal.SIGINT, signal.SIGTERM):  # meant for the parent, which may still have orders to accept
        signal.signal(name, signal.SIG_IGN)
    _limit_memory()
    if hasattr(os, "nice") and len(sys.argv) > 1:
        os.nice(int(sys.argv[1]))
    for line in sys.stdin.buffer:
        question = json.loads(line)
        began_s = time.process_time()
        _end_after(question.get("limit_s", _OF_A_NEW_RULE_S) + GRACE_S)
        reply = answer(question)
        _end_after(0)
        retires = _used_kb() > _RETIRES_AT_KB
        reply |= {"took_s": time.process_time() - began_s, "retires": retires}
        sys.stdout.buffer.write(json.dumps(reply).encode() + b"\n")
        sys.stdout.buffer.flush()
        if retires:
            return


def _end_after(seconds: float) -> None:
    """Have the system end this process after so much processor time; 0 calls it off.

    Unlike a handler, that also ends C code.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_BYTES if most == resource.RLIM_INFINITY else min(MEMORY_BYTES, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _used_kb() -> int:
    """Memory of this process now; 0 where the system does not say.

    Not the peak that `getrusage` reports: a child inherits it from the process that started it.
    """
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


if __name__ == "__main__":
    main()
