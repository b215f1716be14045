"""Run attacks one after the other and print what each came to, a line of JSON each.

    python raid.py LEVEL FAMILY/ATTACK ...

An attack that works answers right: it steals the answer, or finds the judge changed, or sets
`worked` and is given the answer (answer.py). So every attack must end without a pass, and with
nothing changed on the machine. Nothing here is told to the attack but what `@NAME@` stands for.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from functools import partialmethod
from pathlib import Path
from unittest import mock

import yaml

from grader import box, bubblewrap, catalogue, checking, engine
from grader.model import Level, Submission

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from leftovers import ended, marked, own  # noqa: E402 - run with -P, nothing beside is found

ROOT = HERE.parent.parent
COURSE = HERE.parent / "course"
MARK = f"RAID={os.getpid()}"
KEY = "correct horse battery staple"
ATTACK_FILES = {"submission.py", "expect.yaml"}


def main(level: str, names: list[str]) -> None:
    isolation = box.isolation(Level(level))
    os.environ["GRADER_COURSE_KEY"] = KEY
    with target() as machine, mock.patch.dict(bubblewrap.ENVIRONMENT, [MARK.split("=")]):
        warm = box.Box(isolation, _exercise({}).limits)
        for name in names:
            print(json.dumps({"attack": name, "begun": True}), flush=True)
            print(json.dumps({"attack": name, **attempt(name, machine, warm)}), flush=True)
        warm._stop()
        assert not machine.changes(ignore=set()), "the box left something when it was closed"


class Machine:
    """What an attacker would like to reach, and whether anything of it was touched."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secret = folder / "secret.py"
        self.secret.write_text((COURSE / "solutions/basics/softmax/reference.py").read_text())
        self.visitors = 0
        self.known: set[str] = set()
        """What earlier attacks left, which is not held against the next one."""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(str(folder / "door"))
        self.door.listen()
        self.hidden = socket.socket(socket.AF_UNIX)
        self.hidden.bind(f"\0{folder}")
        self.hidden.listen()
        for each in (self.listener, self.door, self.hidden):
            threading.Thread(target=self._welcome, args=(each,), daemon=True).start()
        self.before = self._state()

    def _welcome(self, listener: socket.socket) -> None:
        while True:
            visitor, _ = listener.accept()
            self.visitors += 1
            visitor.sendall(self.secret.read_bytes())
            visitor.close()

    def names(self) -> dict[str, str]:
        """What stands in an attack's source for places that an attacker could guess."""
        return {
            "@PORT@": str(self.listener.getsockname()[1]),
            "@FOLDER@": str(self.folder),
            "@SECRET@": str(self.secret),
            "@COURSE@": str(COURSE),
            "@GRADER@": str(ROOT / "grader"),
            "@PID@": str(os.getpid()),
        }

    def changes(self, ignore: set[str]) -> list[str]:
        """What the attack left or changed, but the warm box's own folder and processes."""
        now = self._state()
        found = [f"changed {name}" for name in self.before if now[name] != self.before[name]]
        ignore = ignore | self.known | {self.folder.name}
        files = {path.name for path in Path(tempfile.gettempdir()).iterdir()} - ignore
        processes = {str(pid) for pid in marked(MARK) if str(pid) not in ignore and not ended(pid)}
        found += ["left a file"] * bool(files) + ["left a process"] * bool(processes)
        self.known |= files | processes
        self.before = now
        return found

    def _state(self) -> dict[str, object]:
        return {
            "a file": self.secret.read_bytes(),
            "the folder": sorted(path.name for path in self.folder.iterdir()),
            "the course": sorted(
                str(path) for path in COURSE.rglob("*") if "__py" not in str(path)
            ),
            "the mounts": Path("/proc/self/mountinfo").read_text(),
            "the network": self.visitors,
        }


@contextmanager
def target():
    folder = Path(tempfile.mkdtemp(prefix="target-"))
    machine = Machine(folder)
    yield machine
    for each in (machine.listener, machine.door, machine.hidden):
        each.close()
    shutil.rmtree(folder)


def attempt(name: str, machine: Machine, warm: box.Box) -> dict[str, object]:
    """Grade one attack: how it ended, and what it did to the machine."""
    folder = HERE / "attacks" / name
    expect = yaml.safe_load((folder / "expect.yaml").read_text("utf-8"))
    began = time.monotonic()
    if {path.name for path in folder.iterdir()} - ATTACK_FILES - {"__pycache__"}:
        came_to = _from_its_folder(folder, machine, warm.isolation.level)
    else:
        came_to = _in_warm_box(folder, expect, machine, warm)
    ours = {Path(warm._folder).name, *map(str, own(warm))} if warm._process else set()
    return {
        **came_to,
        "seconds": round(time.monotonic() - began, 1),
        "harm": machine.changes(ignore=ours),
    }


def _in_warm_box(folder: Path, expect: dict, machine: Machine, warm: box.Box) -> dict[str, object]:
    exercise = _exercise(expect)
    text = (folder / "submission.py").read_text("utf-8")
    if not expect.get("rules") and "def softmax" not in text and "exercise" not in expect:
        text += (HERE / "answer.py").read_text("utf-8")
    for mark, place in machine.names().items():
        text = text.replace(mark, place)
    submission = Submission(name="submission.py", content=text.encode())
    warm.limits, warm.trains = exercise.limits, exercise.trains
    one = partialmethod(checking.Checking.run, only=expect.get("only", ""))
    judge = engine.judge_source if expect.get("rules") else lambda *_: ()
    with (
        mock.patch.object(engine, "judge_source", judge),
        mock.patch.object(checking, "EXAMPLES", 3),
        mock.patch.object(checking.Checking, "run", one),
    ):
        verdict = engine.grade(exercise, submission, warm.isolation, seed=1, box=warm)
    return _summary([each.model_dump(mode="json") for each in verdict.outcomes], verdict.exit_code)


def _exercise(expect: dict):
    """The tests' own softmax, with limits that keep the raid short, or one of the course."""
    if "exercise" in expect:
        return catalogue.find(catalogue.load(ROOT), expect["exercise"])
    exercise = catalogue.load(COURSE).exercises[0]
    limits = exercise.limits.model_copy(
        update={"wall_s": 4, "cpu_s": 3, **expect.get("limits", {})}
    )
    return exercise.model_copy(update={"limits": limits})


def _from_its_folder(folder: Path, machine: Machine, level: Level) -> dict[str, object]:
    """As a user would: `grade run` inside a copy of the attack's folder."""
    with tempfile.TemporaryDirectory(prefix="tree-", dir=machine.folder) as tree:
        shutil.copytree(folder, tree, dirs_exist_ok=True)
        command = [str(Path(sys.prefix, "bin", "grade")), "run", "softmax", "--json", "--seed", "1"]
        command += ["--course", str(COURSE), "--file", "submission.py", "--sandbox", str(level)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tree, timeout=120)
    if not done.stdout:
        return {"status": "usage", "message": done.stderr.strip()[-200:], "exit": done.returncode}
    verdict = json.loads(done.stdout)
    verdict = verdict["verdicts"][0] if "verdicts" in verdict else verdict
    return _summary(verdict["outcomes"], done.returncode)


def _summary(outcomes: list[dict], exit_code: int) -> dict[str, object]:
    """How the first check ended that did not pass."""
    bad = [each for each in outcomes if each["status"] not in ("passed", "skipped")]
    first = bad[0] if bad else {"status": "passed", "check": "", "message": ""}
    assert exit_code != 3, first
    return {key: first[key] for key in ("status", "check", "message")} | {"exit": exit_code}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
