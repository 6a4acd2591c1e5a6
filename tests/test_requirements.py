"""The lock files support every supported Python, have a hash for each requirement and name no index."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.txt"))
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
MACHINES = ["x86_64", "aarch64"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def entries(lock: str) -> dict[str, str]:
    """Each requirement of a lock file by its name, with its hashes, with pip's line continuations joined."""
    text = re.sub(r"^ *#.*\n", "", (ROOT / lock).read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return {canonicalize_name(re.split(r"[=\s]", line, maxsplit=1)[0]): line for line in lines}


def pinned(line: str) -> Requirement:
    """The requirement without its hashes."""
    return Requirement(line.partition(" --hash")[0].strip())


def environment(python: str, machine: str) -> dict[str, str]:
    """The markers' values for CPython on Linux."""
    return {"python_version": python, "python_full_version": f"{python}.0", "platform_machine": machine}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_has_hashes(lock: str) -> None:
    """Pip refuses a whole file with --require-hashes if one requirement has none."""
    found = entries(lock)
    assert found
    for name, line in found.items():
        assert re.fullmatch(r"==[^,*]+", str(pinned(line).specifier)), f"{name} is not pinned"
        assert re.search(r" --hash=sha256:[0-9a-f]{64}\b", line), f"{name} has no hash"


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_index(lock: str) -> None:
    """The package index is configured on the machine."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert [line for line in text.splitlines() if line.startswith("-")] == []


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.txt", PROJECT["project"]["dependencies"]),
        (
            "requirements-dev.txt",
            [
                *PROJECT["project"]["dependencies"],
                *(extra for extras in PROJECT["project"]["optional-dependencies"].values() for extra in extras),
            ],
        ),
        ("requirements-pip.txt", PROJECT["dependency-groups"]["pip"]),
        ("requirements-tools.txt", PROJECT["dependency-groups"]["tools"]),
    ],
    ids=["runtime", "dev", "pip", "tools"],
)
def test_lock_has_the_projects_dependencies(lock: str, wanted: list[str], python: str, machine: str) -> None:
    """A dependency added or raised without `make lock` is detected, for each Python and machine."""
    found = {name: pinned(line) for name, line in entries(lock).items()}
    where = environment(python, machine)
    for text in wanted:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate(where):
            continue
        locked = found.get(canonicalize_name(requirement.name))
        assert locked is not None, f"{requirement.name} is not locked: make lock"
        assert locked.marker is None or locked.marker.evaluate(where), f"{locked} is left out"
        (version,) = locked.specifier
        assert requirement.specifier.contains(version.version, prereleases=True), f"{locked}: make lock"


def test_python_3_13_gets_the_removed_audioop_module() -> None:
    """discord.py imports audioop, which Python 3.13 no longer has."""
    for lock in ("requirements.txt", "requirements-dev.txt"):
        marker = pinned(entries(lock)["audioop-lts"]).marker
        assert marker is not None
        assert [marker.evaluate(environment(python, "x86_64")) for python in PYTHONS] == [False, False, True, True]


def test_tests_use_the_bots_locked_versions() -> None:
    """The same pins and hashes in both locks."""
    runtime, dev = entries("requirements.txt"), entries("requirements-dev.txt")
    assert {name: dev.get(name) for name in runtime} == runtime
