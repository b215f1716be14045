"""Run all attacks at every level, as root and as an ordinary user, and say what they came to.

    python tests/redteam/campaign.py          write the table into docs/security.md

The level `basic` isolates nothing, so its attacks run on a machine that may be lost: inside a
bubblewrap of its own, with a read-only disk, its own processes and no network. There "root" is
root of that machine only. A raid that an attack ends is resumed behind that attack.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from conftest import as_ordinary_user  # noqa: E402

from grader import bubblewrap  # noqa: E402

ROOT = HERE.parent.parent
BEGIN, END = "<!-- attacks -->", "<!-- end of attacks -->"
MINUTES = 10


class Side(NamedTuple):
    """Who grades, at which level."""

    level: str
    user: str

    @property
    def name(self) -> str:
        return f"{self.level}, {self.user}"


SIDES = [Side(level, user) for level in ("strict", "basic") for user in ("root", "user")]


@cache
def attacks() -> dict[str, dict[str, Any]]:
    """expect.yaml of every attack, by family/name."""
    files = sorted((HERE / "attacks").glob("*/*/expect.yaml"))
    return {
        f"{path.parent.parent.name}/{path.parent.name}": yaml.safe_load(path.read_text("utf-8"))
        for path in files
    }


def families() -> list[str]:
    return sorted({name.partition("/")[0] for name in attacks()})


def offered(side: Side) -> str:
    """Why this side cannot be tried here; empty if it can."""
    if side.user == "root" and os.geteuid() != 0:
        return "this is an ordinary user"
    return bubblewrap.refusal()  # the machine that may be lost needs it too


def raid(side: Side, names: list[str]) -> dict[str, dict[str, Any]]:
    """What each attack came to; one that ended the grader has the status `ended the grader`."""
    came_to: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="raid-") as place:
        Path(place).chmod(0o777)
        left = list(names)
        while left:
            for row in _lines(side, left, Path(place)):
                came_to[row.pop("attack")] = row
            lost = [name for name in left if came_to.get(name, {}).pop("begun", False)]
            done = [name for name in left if name in came_to]
            if not done:
                raise RuntimeError(f"the raid as {side.name} did not begin")
            for name in lost:
                came_to[name] = {"status": "ended the grader", "message": "", "harm": [], "exit": 3}
            left = [name for name in left if name not in came_to]
        remains = list(Path(place).iterdir())
    assert side.level == "basic" or not remains, remains
    return came_to


def _lines(side: Side, names: list[str], place: Path) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-P", str(HERE / "raid.py"), side.level, *names]
    if side.level == "basic":
        command = _lost_machine(side, command)
    elif side.user == "user" and os.geteuid() == 0:
        command = as_ordinary_user(command)
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(place), "HOME": str(place)},
        timeout=MINUTES * 60,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if not rows:
        raise RuntimeError(done.stderr[-2000:])
    if done.returncode and "AssertionError" in done.stderr:
        raise AssertionError(done.stderr[-1000:])
    yield from rows


def _lost_machine(side: Side, command: list[str]) -> list[str]:
    """A machine of its own for a raid that nothing holds back."""
    number = "0" if side.user == "root" else "1000"
    inner = ["prlimit", "--nproc=300", "--data=8589934592", "bwrap", "--ro-bind", "/", "/"]
    inner += ["--unshare-user", "--uid", number, "--gid", number, "--unshare-pid", "--unshare-net"]
    inner += ["--unshare-ipc", "--die-with-parent", "--dev", "/dev", "--proc", "/proc"]
    inner += ["--perms", "1777", "--size", str(1 << 28), "--tmpfs", "/dev/shm"]
    inner += ["--setenv", "TMPDIR", "/dev/shm", "--setenv", "HOME", "/dev/shm", "--", *command]
    return as_ordinary_user(inner) if os.geteuid() == 0 else inner


def says(row: dict[str, Any]) -> str:
    """The result in a few words: what broke in, or how the attack was refused."""
    if row["status"] == "passed":
        return "**answered right**"
    if row["status"] == "ended the grader":
        return "**ended the grader**"
    return f"**{', '.join(row['harm'])}**" if row["harm"] else row["status"]


def table(results: dict[Side, dict[str, dict[str, Any]]]) -> str:
    """Markdown: one row per attack, one column per side."""
    sides = [side for side in SIDES if side in results]
    lines = ["| attack | what it tries | " + " | ".join(side.name for side in sides) + " |"]
    lines.append("|---" * (len(sides) + 2) + "|")
    for name, expect in attacks().items():
        cells = " | ".join(says(results[side][name]) for side in sides)
        lines.append(f"| {name} | {expect['why']} | {cells} |")
    return "\n".join(lines)


def main() -> None:
    names = list(attacks())
    results = {side: raid(side, names) for side in SIDES if not offered(side)}
    page = ROOT / "docs" / "security.md"
    head, _, rest = page.read_text("utf-8").partition(BEGIN)
    tail = rest.partition(END)[2]
    page.write_text(f"{head}{BEGIN}\n\n{table(results)}\n\n{END}{tail}", "utf-8")


if __name__ == "__main__":
    main()
