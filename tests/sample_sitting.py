"""A sitting at a desk: an exam of three short parts, a clock that stands still, a folder."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

from grader.sitting import ManualClock, Sitting, log
from grader.sitting.exam import Accommodation, Exam

KEY = bytes(range(32))
EXAM = Exam.model_validate(
    {
        "exam": "short",
        "parts": [
            {
                "name": "build",
                "form": "exercise",
                "seconds": 7200,
                "files": ["build.py"],
                "points": 40,
            },
            {
                "name": "diagnose",
                "form": "diagnosis",
                "seconds": 2700,
                "files": ["diagnose/*.py"],
                "points": 40,
            },
            {
                "name": "articulate",
                "form": "essay",
                "seconds": 900,
                "files": ["essay.md"],
                "points": 20,
            },
        ],
        "pass": {"total": 60},
        "sha256": "5" * 64,
    }
)
FILE = {"build": "build.py", "diagnose": "diagnose/a.py", "articulate": "essay.md"}
WHY = {"by": "Dr Hill", "reason": "fire alarm"}


class Desk:
    """One learner's folder, the sitting in it, and the machine's clock."""

    def __init__(self, folder: Path, exam: Exam = EXAM, **given: int | float) -> None:
        self.folder, self.clock = folder, ManualClock()
        self.path, self.work = folder / "sitting.sqlite3", folder / "work"
        (self.work / "diagnose").mkdir(parents=True)
        more = Accommodation.model_validate(given)
        machine = {"work": self.work, "clock": self.clock}
        with mock.patch.object(log, "BALLAST", 1 << 16):
            self.sitting = Sitting.create(
                self.path, exam, "ada", KEY, seed=7, accommodation=more, **machine
            )

    def write(self, content: str, part: str = "build") -> None:
        (self.work / FILE[part]).write_text(content)

    def saved(self, part: str = "build") -> str | None:
        """What would be graded."""
        snapshot = self.sitting.state.part(part).submitted
        if snapshot is None:
            return None
        (sha,) = snapshot.manifest.values()
        return self.sitting.log.blob(sha).decode()

    def again(self) -> Sitting:
        """The same sitting as a new process opens it."""
        return Sitting(self.path, self.work, self.clock)

    def restart(self) -> None:
        self.sitting.close()
        self.sitting = self.again()
